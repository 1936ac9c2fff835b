/*
 * transaction.h - snapshots to read, and one commit at a time
 *
 * Any number of read transactions may be open on a handle, and one write transaction.
 */
#ifndef MQS_EMBEDDED_STORE_LMDB_TRANSACTION_H
#define MQS_EMBEDDED_STORE_LMDB_TRANSACTION_H

#include <stdint.h>

#include "embedded/store/lmdb/db.h"
#include "mqspool.h"

struct mqs_tx;

/*
 * Begins a transaction.  Writing: waits for its turn first, up to `deadline'
 * (mqs_boottime clock; 0: for ever; then MQS_EBUSY) and no longer than
 * options->interrupted allows (MQS_EINTR); then checks that the path still names
 * the file and that the transaction follows the last committed one.
 */
int	mqs_tx_read(struct mqs_db *, struct mqs_tx **out, struct mqs_error *err);
int	mqs_tx_write(struct mqs_db *, int64_t deadline, struct mqs_tx **out, struct mqs_error *err);
/*
 * Commits and frees it, in any case.  On return 0 it is durable (with
 * MQS_DB_NOMETASYNC: the one before is).  On error nothing of it will be seen.
 */
int	mqs_tx_commit(struct mqs_tx *, struct mqs_error *err);
/* Ends a transaction (NULL is let be), read or write, without effect. */
void	mqs_tx_abort(struct mqs_tx *);
/* A read transaction at rest pins nothing; renewing it takes a new snapshot. */
void	mqs_tx_rest(struct mqs_tx *);
int	mqs_tx_renew(struct mqs_tx *, struct mqs_error *err);
/* The transaction's number: of the snapshot, or of the commit to be. */
uint64_t mqs_tx_number(const struct mqs_tx *);
/* What messages about its file begin with; borrowed from the db. */
const char *mqs_tx_label(const struct mqs_tx *);
/* The folder of the file. */
const char *mqs_tx_folder(const struct mqs_tx *);
/* Reports damage that was found in a file: which one, what is wrong, and which command helps. */
int	mqs_tx_fail_damaged(const struct mqs_tx *, const char *what, struct mqs_error *err);

#endif
