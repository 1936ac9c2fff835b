/*
 * blob.h - large bodies as files of their own, SPOOL/QUEUE/blob/
 *
 * A blob is exactly the body.  Its name is 16 hex digits from the system's random
 * source, taken with O_EXCL.  It is written and synced, with its directory,
 * before the record that names it is committed; a crash between leaves an orphan.
 * A writer holds an exclusive flock on its blob until the commit is done; a process that
 * links a blob into another queue holds a shared one.  blob_sweep.h collects orphans.
 */
#ifndef MQS_EMBEDDED_STORE_BLOB_H
#define MQS_EMBEDDED_STORE_BLOB_H

#include "embedded/store/blob_file.h"
#include "embedded/store/queue_dir.h"
#include "mqspool.h"

struct mqs_blob;

int	mqs_blob_new(struct mqs_blob **out, const struct mqs_dir *, struct mqs_error *err);
int	mqs_blob_write(struct mqs_blob *, const void *p, size_t n, struct mqs_error *err);
/* Appends `size' bytes of a file from offset 0 (copy_file_range where it can be had). */
int	mqs_blob_copy(struct mqs_blob *, int fd, uint64_t size, struct mqs_error *err);
uint64_t mqs_blob_size(const struct mqs_blob *);
/* Its file, to be read with pread(2); the blob's own.  -1: it has failed, or can't be opened. */
int	mqs_blob_fd(struct mqs_blob *);
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
/*
 * Finishes a blob, and closes its file, so that many of them need no descriptors; or closes
 * it again.  mqs_blob_fd opens it, mqs_blob_finish yields what it is.  Nothing locks the file
 * any more: the caller has kept sweeps from the queue before (mqs_blob_hold_more), and does
 * until the blob is freed.
 */
int	mqs_blob_suspend(struct mqs_blob *, struct mqs_error *err);
/* Keeps the file if `keep' (its record is committed), else removes it. */
void	mqs_blob_free(struct mqs_blob *, int keep);

#endif
