/*
 * blob.h - large bodies as files of their own, SPOOL/QUEUE/blob/
 *
 * A blob is exactly the body.  Its name is 16 hex digits from the system's random
 * source, taken with O_EXCL.  It is written and synced, with its directory,
 * before the record that names it is committed; a crash between leaves an orphan.
 * A writer holds an exclusive flock on its blob until the commit is done; who links
 * one into another queue a shared one.  An
 * orphan is collected only so: lock the file, then begin a read transaction, then
 * find it unreferenced (mqs_blob_sweep).
 */
#ifndef MQS_EMBEDDED_STORE_BLOB_H
#define MQS_EMBEDDED_STORE_BLOB_H

#include "base/bytes.h"
#include "embedded/store/queue_dir.h"
#include "mqspool.h"

struct mqs_blob;

/* A finished blob, as a record stores it. */
struct mqs_blob_ref {
	uint64_t	name;
	uint64_t	size;
	uint64_t	hash;	/* XXH3-64 of the body */
};

int	mqs_blob_new(struct mqs_blob **out, const struct mqs_dir *, struct mqs_error *err);
int	mqs_blob_write(struct mqs_blob *, const void *p, size_t n, struct mqs_error *err);
/* Appends `size' bytes of a file from offset 0 (copy_file_range where it can be had). */
int	mqs_blob_copy(struct mqs_blob *, int fd, uint64_t size, struct mqs_error *err);
uint64_t mqs_blob_size(const struct mqs_blob *);
/*
 * A finished blob that is another one's file, of another queue perhaps, under a name of
 * its own: *ref becomes that of the link, which stays locked until freed.  MQS_NOTHING if
 * the two can't share a file (permissions, another filesystem, or it is locked just now):
 * copy it.
 */
int	mqs_blob_link(struct mqs_blob **out, const struct mqs_dir *, const struct mqs_dir *from,
	    struct mqs_blob_ref *ref, struct mqs_error *err);
/* Syncs the file and its directory; the blob stays locked until freed. */
int	mqs_blob_finish(struct mqs_blob *, struct mqs_blob_ref *, struct mqs_error *err);
/* Keeps the file if `keep' (its record is committed), else removes it. */
void	mqs_blob_free(struct mqs_blob *, int keep);

/*
 * Opens a blob for reading, after checking its size: *fd, or MQS_NOTHING if it is
 * gone, MQS_EDAMAGED if the size is another.  verify: and its hash.
 */
int	mqs_blob_open(const struct mqs_dir *, const struct mqs_blob_ref *, int verify, int *fd, struct mqs_error *err);
/* Removes a blob that no record names any more; a missing one is let be. */
int	mqs_blob_unlink(const struct mqs_dir *, uint64_t name, struct mqs_error *err);

/*
 * Collects orphans: for each file that can be locked, begin() takes a fresh
 * snapshot and returns 1 if the blob is referenced in it, 0 if not, or an error.
 */
int	mqs_blob_sweep(const struct mqs_dir *,
	    int (*referenced)(void *arg, uint64_t name, struct mqs_error *err),
	    void *arg, uint64_t *removed, struct mqs_error *err);

#endif
