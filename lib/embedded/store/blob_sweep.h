/* blob_sweep.h - collecting large bodies that no record names */
#ifndef MQS_EMBEDDED_STORE_BLOB_SWEEP_H
#define MQS_EMBEDDED_STORE_BLOB_SWEEP_H

#include <stdint.h>

#include "embedded/store/queue_dir.h"
#include "mqspool.h"

/*
 * Collects orphans, files that no record names: for each file that can be locked, begin() takes a fresh
 * snapshot and returns 1 if the blob is referenced in it, 0 if not, or an error.
 */
int	mqs_blob_sweep(const struct mqs_dir *,
	    int (*referenced)(void *arg, uint64_t name, struct mqs_error *err),
	    void *arg, uint64_t *removed, struct mqs_error *err);

#endif
