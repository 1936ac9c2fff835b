/* lmdb_error.h - what an error of LMDB means for a queue */
#ifndef MQS_EMBEDDED_STORE_LMDB_LMDB_ERROR_H
#define MQS_EMBEDDED_STORE_LMDB_LMDB_ERROR_H

#include "embedded/store/lmdb/handle.h"

/*
 * Reports an error of LMDB's or an errno about a file; `doing' ("not stored: ", or empty)
 * begins the reason.  Returns the MQS_E... that stands for it.
 */
int	mqs_lmdb_fail(struct mqs_db *, int error, const char *doing, struct mqs_error *err);
/* The same of a commit that failed. */
int	mqs_lmdb_fail_commit(struct mqs_db *, int error, struct mqs_error *err);
/*
 * Reports what an operation on a table returned.  A write transaction remembers it, and
 * fails from then on, unless the operation was refused before it began.
 */
int	mqs_lmdb_fail_entry(struct mqs_tx *, int error, struct mqs_error *err);
/* Reports damage: which file, what is wrong, and which command helps. */
int	mqs_lmdb_fail_damaged(const struct mqs_db *, const char *what, struct mqs_error *err);
/* Adds the command to a text about damage, if rc is MQS_EDAMAGED; returns rc. */
int	mqs_lmdb_advise(const struct mqs_db *, int rc, struct mqs_error *err);
/* In place of LMDB's assert: tells the program which file contradicts itself; aborts. */
void	mqs_lmdb_assert(MDB_env *, const char *assertion);

#endif
