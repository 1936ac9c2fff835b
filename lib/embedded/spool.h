/*
 * spool.h - an open spool, with the queues and groups that are open in it
 *
 * A process must not open an LMDB file twice (closing one would drop the locks of both).  So
 * the spool keeps the list of all open files, and publishers, consumers, readers and settlers
 * borrow from it.  Files stay open until the spool is freed, or until one of the functions at
 * the end of this file closes them.  `handles' counts the publishers, consumers, readers and
 * calls, which borrow for as long as they live; everything else borrows during one call.
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
	char			*path, *helpers;
	struct mqs_options	 options;
	struct mqs_spool_queue	*queues;
	unsigned		 handles;
	int			 left_over_told;	/* by a check: what is left over in the spool */
	int			 no_wait;	/* opening a queue that is under maintenance: MQS_EBUSY */
};

/* The wall clock, shifted by MQ_NOW, by which delay, expiry, backoff and retention are judged. */
int64_t	mqs_judged_now(const struct mqs_spool *);
/* Passes a notice to the caller's function: nothing failed, but a person should know. */
void	mqs_notice(const struct mqs_spool *, const char *fmt, ...)
	    __attribute__((format(printf, 2, 3)));

/* Tells the caller how far long work has come: done of total, of what the text names. */
void	mqs_progress(const struct mqs_spool *, uint64_t done, uint64_t total, const char *fmt, ...)
	    __attribute__((format(printf, 4, 5)));

/*
 * Finds or opens the log of a queue; the spool owns it.  make: make the queue if it is not
 * there and the spool has MQS_AUTOCREATE.
 */
int	mqs_spool_log(struct mqs_spool *, const char *queue, int make, struct mqs_log **out, struct mqs_error *err);
/* The same for reading only, which needs no permission to write. */
int	mqs_spool_log_readonly(struct mqs_spool *, const char *queue, struct mqs_log **out, struct mqs_error *err);
/* The same for consuming, for which permission to read the log is enough. */
int	mqs_spool_log_to_consume(struct mqs_spool *, const char *queue, int make, struct mqs_log **out, struct mqs_error *err);
/*
 * Finds or opens a group; the spool owns it.  make: make it if it is not there.  new (may be
 * NULL) says what a new group gets; an existing one must agree with that, and a temporary
 * group must not exist.
 */
int	mqs_spool_group(struct mqs_spool *, const char *queue, const char *group, int make,
	    const struct mqs_group_new *new, struct mqs_group **out, struct mqs_error *err);
/* Finds a group that is open already, or NULL. */
struct mqs_group *mqs_spool_find_group(struct mqs_spool *, const struct mqs_log *, const char *group);
/* Checks the name of a queue or group: 0, or MQS_EINVAL and what is wrong. */
int	mqs_spool_check_name(const char *name, struct mqs_error *err);
/* Tells the caller once, of a queue that was just made, what will not work with its name. */
void	mqs_spool_note_name(const struct mqs_spool *, const char *queue);
/* 1 if the queue is open in this spool. */
int	mqs_spool_is_open(struct mqs_spool *, const char *queue);
/* Closes the files of a queue.  Nobody may be using them. */
void	mqs_spool_forget(struct mqs_spool *, const char *queue);
/* Closes the file of a group, which nobody may be using. */
void	mqs_spool_forget_group(struct mqs_spool *, const struct mqs_log *, const char *group);
/* How many logs and groups are open. */
unsigned mqs_spool_count_open(const struct mqs_spool *);

#endif
