/* transaction_read.h - snapshots; private to this folder */
#ifndef MQS_EMBEDDED_STORE_LMDB_TRANSACTION_READ_H
#define MQS_EMBEDDED_STORE_LMDB_TRANSACTION_READ_H

#include "embedded/store/lmdb/handle.h"

/* Ends a read transaction: it rests, and is kept for the next one or freed. */
void	mqs_read_end(struct mqs_tx *);

#endif
