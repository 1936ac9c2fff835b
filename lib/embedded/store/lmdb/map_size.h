/* map_size.h - how much address space a file's map takes */
#ifndef MQS_EMBEDDED_STORE_LMDB_MAP_SIZE_H
#define MQS_EMBEDDED_STORE_LMDB_MAP_SIZE_H

#include "embedded/store/lmdb/handle.h"

/*
 * Makes the handle's environment and opens it with the largest map that can be had.
 * 0, or an errno or error of LMDB's; then there is no environment.
 */
int	mqs_map_open(struct mqs_db *, unsigned flags);

#endif
