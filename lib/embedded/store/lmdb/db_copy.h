/* db_copy.h - a copy of an LMDB file without its free pages */
#ifndef MQS_EMBEDDED_STORE_LMDB_DB_COPY_H
#define MQS_EMBEDDED_STORE_LMDB_DB_COPY_H

#include "base/bytes.h"
#include "embedded/store/lmdb/transaction.h"
#include "mqspool.h"

/*
 * Called with each entry before it is copied; a negative number ends the copying and is
 * returned.
 */
typedef int	mqs_db_copied_fn(void *arg, unsigned table, const struct mqs_slice *key,
	    const struct mqs_slice *value, struct mqs_error *err);

/*
 * Copies all entries that a read transaction sees into a new file (MQS_DB_PRIVATE) of the
 * same tables, cuts the file to what it needs, and syncs it.
 */
int	mqs_db_copy(struct mqs_tx *from, struct mqs_db *to, mqs_db_copied_fn *, void *arg,
	    struct mqs_error *err);
/* Bytes of the file that are in use: all but the free pages. */
int	mqs_db_used_bytes(struct mqs_tx *, uint64_t *bytes, struct mqs_error *err);

#endif
