/* blob_sweep.h - collecting large bodies that no record names */
#ifndef MQS_EMBEDDED_STORE_BLOB_SWEEP_H
#define MQS_EMBEDDED_STORE_BLOB_SWEEP_H

#include <stdint.h>

#include "embedded/store/queue_dir.h"
#include "mqspool.h"

/*
 * Removes orphans: files that no record names.  For each file that it could lock, it asks
 * `referenced', which takes a fresh snapshot of the log and returns 1 if a record names the
 * file, 0 if none does, or an error.  *removed is how many files were removed.
 */
int	mqs_blob_sweep(const struct mqs_dir *,
	    int (*referenced)(void *arg, uint64_t name, struct mqs_error *err),
	    void *arg, uint64_t *removed, struct mqs_error *err);

#endif
