/* blob_file.h - the file of a finished large body: opening, verifying, removing */
#ifndef MQS_EMBEDDED_STORE_BLOB_FILE_H
#define MQS_EMBEDDED_STORE_BLOB_FILE_H

#include <stdint.h>

#include "embedded/store/queue_dir.h"
#include "mqspool.h"

/* A finished blob, as a record stores it. */
struct mqs_blob_ref {
	uint64_t	name;
	uint64_t	size;
	uint64_t	hash;	/* XXH3-64 of the body */
};

/*
 * Opens a blob for reading, after checking its size: *fd, or MQS_NOTHING if it is
 * gone, MQS_EDAMAGED if the size is another.  verify: and its hash.
 */
int	mqs_blob_open(const struct mqs_dir *, const struct mqs_blob_ref *, int verify, int *fd, struct mqs_error *err);
/* Removes a blob that no record names any more; a missing one is let be. */
int	mqs_blob_unlink(const struct mqs_dir *, uint64_t name, struct mqs_error *err);

#endif
