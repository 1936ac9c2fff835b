/*
 * spool.h - an open spool, and the queues that are open in it
 *
 * A file must be open only once in a process (POSIX locks and LMDB's own rules), so
 * the spool keeps the one list of what is open; publishers, consumers, readers and
 * settlers borrow from it.  Everything stays open until the spool is freed, except
 * what mqs_spool_forget closes.
 */
#ifndef MQS_EMBEDDED_SPOOL_H
#define MQS_EMBEDDED_SPOOL_H

#include "embedded/embedded.h"
#include "embedded/queue/group.h"
#include "embedded/queue/group_create.h"
#include "embedded/queue/log.h"

struct mqs_spool_queue;

struct mqs_spool {
	struct mqs_handle	 handle;	/* the seam's; first */
	char			*path;
	struct mqs_options	 options;
	struct mqs_spool_queue	*queues;
};

/* The wall clock by which delay, expiry, backoff and retention are judged. */
int64_t	mqs_judged_now(const struct mqs_spool *);
/* Says something that went right but should be known. */
void	mqs_notice(const struct mqs_spool *, const char *fmt, ...)
	    __attribute__((format(printf, 2, 3)));

/*
 * The log of a queue, borrowed from the spool.  make: if the spool has
 * MQS_AUTOCREATE and there is none, it is made.
 */
int	mqs_spool_log(struct mqs_spool *, const char *queue, int make, struct mqs_log **out, struct mqs_error *err);
/* The same for reading only, by somebody who may lack permission to write. */
int	mqs_spool_log_readonly(struct mqs_spool *, const char *queue, struct mqs_log **out, struct mqs_error *err);
/* The same for consuming: it may be that it can only be read. */
int	mqs_spool_log_to_consume(struct mqs_spool *, const char *queue, int make, struct mqs_log **out, struct mqs_error *err);
/*
 * A group, borrowed.  new (may be NULL): what it gets if it is made, and must agree with
 * if it is there; a temporary one must not be there.
 */
int	mqs_spool_group(struct mqs_spool *, const char *queue, const char *group, int make,
	    const struct mqs_group_new *new, struct mqs_group **out, struct mqs_error *err);
/* A group that is open already, or NULL. */
struct mqs_group *mqs_spool_find_group(struct mqs_spool *, const struct mqs_log *, const char *group);
/* 0, or MQS_EINVAL and what is wrong with a queue's or group's name. */
int	mqs_spool_check_name(const char *name, struct mqs_error *err);
int	mqs_spool_is_open(struct mqs_spool *, const char *queue);
/* Closes what is open of a queue.  Nothing may be borrowed from it. */
void	mqs_spool_forget(struct mqs_spool *, const char *queue);

#endif
