/* open_tables.h - the named tables of an LMDB file */
#ifndef MQS_EMBEDDED_STORE_LMDB_OPEN_TABLES_H
#define MQS_EMBEDDED_STORE_LMDB_OPEN_TABLES_H

#include "embedded/store/lmdb/handle.h"

/* Opens the tables of a handle; make: in a new file, which is durable from then on. */
int	mqs_env_open_tables(struct mqs_db *, int make, struct mqs_error *err);

#endif
