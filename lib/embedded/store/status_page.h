/*
 * status_page.h - status pages: log.stat and GROUP.group.stat
 *
 * One page of 4,096 bytes: magic, format version, boot number, transaction
 * number, the values, and a checksum over all of it.  Written after each commit
 * with one pwrite under a byte lock, from that commit's state, and only if the
 * page there is of an earlier transaction or of another boot: an older page never
 * replaces a newer.  A write is also what wakes waiters (embedded/store/wake.h).
 *
 * A crash leaves an old page or a torn one; a torn, missing or foreign (another
 * boot's) page reads as MQS_NOTHING, and whoever reads it supposes the worst
 * (floor 0).
 */
#ifndef MQS_EMBEDDED_STORE_STATUS_PAGE_H
#define MQS_EMBEDDED_STORE_STATUS_PAGE_H

#include "embedded/store/queue_dir.h"
#include "mqspool.h"

#define MQS_PAGE_SIZE	4096
#define MQS_PAGE_VALUES	64

struct mqs_page {
	uint64_t	tx;			/* of which transaction */
	uint64_t	v[MQS_PAGE_VALUES];	/* meaning: embedded/queue/log.h, embedded/queue/group.h */
};

/* Opens (creating if `make') a page file of a queue's directory: a descriptor, or an error. */
int	mqs_page_open(const struct mqs_dir *, const char *name, int make, int *fd, struct mqs_error *err);
/* Reads it, trying again while it is being written.  MQS_NOTHING as above. */
int	mqs_page_read(int fd, struct mqs_page *, struct mqs_error *err);
/* The same by name, without keeping it open; MQS_NOTHING if there is no file. */
int	mqs_page_peek(const struct mqs_dir *, const char *name, struct mqs_page *, struct mqs_error *err);
/*
 * The same for a page of any boot, which tells what was so once: *this_boot (may be NULL) is 1
 * if it is of this one.
 */
int	mqs_page_peek_any(const struct mqs_dir *, const char *name, struct mqs_page *, int *this_boot);
/*
 * Empties it: it is of another life of the file (a restored one counts transactions
 * from an earlier number), and would never give way.
 */
int	mqs_page_reset(int fd, struct mqs_error *err);
/* Writes it (see above); sync: on stable storage before it returns. */
int	mqs_page_write(int fd, const struct mqs_page *, int sync, struct mqs_error *err);
/*
 * Writes one of the transaction that committed last, with a lower floor than that
 * has, whatever is there, and syncs it.  For whoever holds the file's write lock, and
 * so knows that there is none newer; a refresh (of the same number) leaves it alone.
 */
int	mqs_page_lower(int fd, const struct mqs_page *, struct mqs_error *err);

#endif
