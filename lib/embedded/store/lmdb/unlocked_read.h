/* unlocked_read.h - looking up entries of an LMDB file without LMDB's lock file */
#ifndef MQS_EMBEDDED_STORE_LMDB_UNLOCKED_READ_H
#define MQS_EMBEDDED_STORE_LMDB_UNLOCKED_READ_H

#include "embedded/store/lmdb/handle.h"

/* Opens the data file of a handle, which becomes one that can only be read. */
int	mqs_unlocked_open(struct mqs_db *, struct mqs_error *err);
void	mqs_unlocked_close(struct mqs_db *);

/* Which entry is looked for. */
enum mqs_unlocked_place {
	MQS_UNLOCKED_FROM,	/* the first with the key given, or a greater one */
	MQS_UNLOCKED_AFTER,	/* the first with a greater key */
	MQS_UNLOCKED_BEFORE,	/* the last with a lesser key; no key (p NULL): the last of all */
};

/* The newest snapshot. */
int	mqs_unlocked_begin(struct mqs_db *, struct mqs_unlocked **out, struct mqs_error *err);
void	mqs_unlocked_end(struct mqs_unlocked *);
/* Number of the commit that the snapshot is of. */
uint64_t mqs_unlocked_number(const struct mqs_unlocked *);
/*
 * Finds an entry.  Key and value are copies, good until a few more entries were found.
 * MQS_NOTHING: there is none.  MQS_EBUSY: others have written over the snapshot; it can't be
 * used any more.
 */
int	mqs_unlocked_find(struct mqs_unlocked *, unsigned table, enum mqs_unlocked_place,
	    struct mqs_slice *key, struct mqs_slice *value, struct mqs_error *err);
/* Entries of a table.  Errors as above. */
int	mqs_unlocked_count(struct mqs_unlocked *, unsigned table, uint64_t *entries,
	    struct mqs_error *err);

#endif
