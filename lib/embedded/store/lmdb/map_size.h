/* map_size.h - how much address space a file's map takes */
#ifndef MQS_EMBEDDED_STORE_LMDB_MAP_SIZE_H
#define MQS_EMBEDDED_STORE_LMDB_MAP_SIZE_H

#include "embedded/store/lmdb/handle.h"

/*
 * Makes the handle's environment and opens it with a map of the right size.
 * 0, or an errno or error of LMDB's; then there is no environment.
 */
int	mqs_map_open(struct mqs_db *, unsigned flags);
/*
 * Before a write transaction: where address space is short, lets the map grow if the
 * transaction might not fit.  The environment may be broken afterwards.
 */
void	mqs_map_prepare(struct mqs_db *);
/*
 * Another process made the file outgrow the map: 0 if now it fits, else -1; or the
 * environment is broken, and is to be reopened.  No transaction is active.
 */
int	mqs_map_follow(struct mqs_db *);

#endif
