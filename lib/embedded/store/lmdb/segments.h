/*
 * segments.h - a table that is made of several, so that its front can be removed at once
 *
 * To delete entries from the front of a table, one by one, costs about as much as it cost to
 * append them.  LMDB can empty a whole table instead, and then gives up its pages without
 * reading them.  So one table of a file may be segmented: it is made of a ring of LMDB tables.
 * New entries are appended to the newest of them.  Removed entries are at first only hidden,
 * and the oldest table is emptied when all of it is hidden.
 *
 * All of entry.h and cursor.h treats the ring as one table, in which the entries of the oldest
 * come first.  Only what is hidden is never found.  Keys are numbers of 8 bytes, big-endian,
 * and entries are only appended.
 *
 * The entry "segments" of the main table tells how the ring stands.  It is not there as long
 * as only the first table was ever used.  It has 16 numbers of 8 bytes, little-endian: tables
 * in use; number of the oldest (0 is the segmented table itself, the next number in the ring is
 * the next newer); `hidden', how many entries at the front of the oldest are hidden; `last', the
 * key of the last of them, or 0; `from', by which a key is told to be a hidden one's; for each
 * table in use, from the oldest, the key at which it began (0 for those not in use); the XXH3-64
 * of the 15 before.
 *
 * `last' and `from' save counting: the first entry that is not hidden is behind the one with the
 * key `last', and a look-up by a key below `from' finds nothing.  Both are taken from the tree
 * when entries are hidden, so they are right as long as no key is damaged.  If one was already,
 * `from' is chosen by the keys around it, and `last' is 0: then they are counted.  They are, too,
 * if one is damaged later, so that `last' does not lead to them.  `from' is still right then.
 *
 * Invariants, in every committed state:
 *
 *	- Tables that are not in use are empty.
 *	- Those in use have entries, but for those between oldest and newest, which deleting may
 *	  have emptied, and for the only one.
 *	- Of the oldest, exactly the first `hidden' entries are hidden, whatever their keys are,
 *	  and at least one is not, unless it has none at all.
 *	- The last hidden entry has the key `last' (if that is not 0), keys of hidden entries are
 *	  less than `from', and no key of others is, unless keys are damaged.  Then the number
 *	  decides.
 *	- `from' is never too high for an entry that is not hidden, unless two keys of four that
 *	  followed each other were damaged when entries were hidden.
 *	- Keys in a table are not less than the key at which it began, and less than the one at
 *	  which the next newer began.
 *
 * All of this changes with the entries, in one transaction, so a crash leaves the state before
 * it or after it.  A reader keeps the tables of its snapshot, also when they are emptied
 * meanwhile, since LMDB does not use pages again that a snapshot may read.
 */
#ifndef MQS_EMBEDDED_STORE_LMDB_SEGMENTS_H
#define MQS_EMBEDDED_STORE_LMDB_SEGMENTS_H

#include <stdint.h>

#include "base/bytes.h"
#include "embedded/store/lmdb/transaction.h"

#define MQS_SEGMENTS_KEY	"segments"	/* in the main table */

struct mqs_cur;

/* How a ring stands, as far as others than this folder need to know. */
struct mqs_segments_stat {
	unsigned	 tables;	/* in use */
	uint64_t	 oldest;	/* bytes of the pages of the oldest */
	uint64_t	 newest;
	uint64_t	 hidden;	/* entries */
	uint64_t	 from;		/* keys of others are not less */
};

int	mqs_segments_stat(struct mqs_tx *, struct mqs_segments_stat *, struct mqs_error *err);
/* The next entry that is appended begins another table, if one is not in use. */
int	mqs_segments_begin(struct mqs_tx *, struct mqs_error *err);
/*
 * Hides the first `count' entries that are not hidden yet.  The cursor stands at the first one
 * behind them, if there is one.  No cursor has a place afterwards.
 */
int	mqs_segments_hide(struct mqs_tx *, uint64_t count, struct mqs_cur *, struct mqs_error *err);
/* Reads the value of the entry: hidden and from are set.  -1: it is none. */
int	mqs_segments_decode(struct mqs_slice value, struct mqs_segments_stat *);

#endif
