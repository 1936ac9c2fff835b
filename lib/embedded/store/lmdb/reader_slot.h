/* reader_slot.h - beginning to read, where many processes read one file */
#ifndef MQS_EMBEDDED_STORE_LMDB_READER_SLOT_H
#define MQS_EMBEDDED_STORE_LMDB_READER_SLOT_H

#include "embedded/store/lmdb/handle.h"

/*
 * Begins a read transaction; where all reader slots are taken, waits for one.  Returns 0,
 * or an errno or error of LMDB: EINTR if a signal ended the wait, MDB_READERS_FULL if it
 * took too long.
 */
int	mqs_reader_begin(struct mqs_db *, MDB_txn **txn);

#endif
