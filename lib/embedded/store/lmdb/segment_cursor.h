/* segment_cursor.h - a cursor of the segmented table; private to this folder */
#ifndef MQS_EMBEDDED_STORE_LMDB_SEGMENT_CURSOR_H
#define MQS_EMBEDDED_STORE_LMDB_SEGMENT_CURSOR_H

#include <lmdb.h>

#include "embedded/store/lmdb/cursor.h"
#include "embedded/store/lmdb/handle.h"
#include "embedded/store/lmdb/unlocked_read.h"

/* Opens the LMDB cursor in the oldest table, without a place.  0 or LMDB's error. */
int	mqs_segment_cursor_open(struct mqs_cur *);
/* Moves it: 0, MDB_NOTFOUND or another error of LMDB. */
int	mqs_segment_cursor_move(struct mqs_cur *, enum mqs_move, MDB_val *key, MDB_val *value);
/* After MDB_NEXT has come to the end of a table: the first entry of the next one. */
int	mqs_segment_cursor_cross(struct mqs_cur *, int back, MDB_val *key, MDB_val *value);
/*
 * The value of the first entry that is not hidden, if it has that key, which is less than
 * `from': MDB_NOTFOUND if not.
 */
int	mqs_segment_get_below(struct mqs_tx *, uint64_t key, MDB_val *value);
/* The same as mqs_unlocked_find, in the segmented table. */
int	mqs_segment_find_unlocked(struct mqs_tx *, enum mqs_unlocked_place, struct mqs_slice *key,
	    struct mqs_slice *value, struct mqs_error *err);

#endif
