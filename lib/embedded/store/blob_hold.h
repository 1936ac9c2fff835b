/* blob_hold.h - keeping the large bodies of a queue while they are copied */
#ifndef MQS_EMBEDDED_STORE_BLOB_HOLD_H
#define MQS_EMBEDDED_STORE_BLOB_HOLD_H

#include "embedded/store/queue_dir.h"

/*
 * From now on nobody unlinks a large body of the queue; to be called before the snapshot is
 * taken whose bodies are wanted.  It ends with mqs_blob_release, and with the process.
 */
int	mqs_blob_hold(const struct mqs_dir *, struct mqs_error *err);
void	mqs_blob_release(const struct mqs_dir *);
/*
 * The same with an open file of its own, *hold, for as long as that is open.  This process
 * counts as somebody else then.
 */
int	mqs_blob_hold_more(const struct mqs_dir *, int *hold, struct mqs_error *err);
/*
 * 1 if somebody else holds the bodies: do not unlink.  To be asked after the commit that
 * removed the record, or after the snapshot in which no record names the body.
 */
int	mqs_blob_is_held(const struct mqs_dir *);
/*
 * Copies the body of that name and size to another queue's blob/, under the same name,
 * synced; MQS_NOTHING if it is not there.
 */
int	mqs_blob_duplicate(const struct mqs_dir *from, const struct mqs_dir *to,
	    uint64_t name, struct mqs_error *err);

#endif
