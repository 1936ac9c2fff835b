/*
 * wake.h - one descriptor that says "look again"
 *
 * An epoll descriptor over inotify (IN_MODIFY of the status pages that are watched,
 * IN_CLOSE_WRITE in owner/ for consumers that end, IN_DELETE_SELF and IN_MOVE_SELF of
 * the queue's directory) and a timerfd.  The timer runs at least once a second, at the
 * time set with mqs_wake_at, and 1, 10 and 100 ms after an event from owner/, because
 * that event can come just before the lock is free.  Where inotify can't be had (its
 * instances run out), the timer runs every 20 ms instead.
 */
#ifndef MQS_EMBEDDED_STORE_WAKE_H
#define MQS_EMBEDDED_STORE_WAKE_H

#include "embedded/store/queue_dir.h"
#include "embedded/store/wake_line.h"
#include "embedded/store/wake_watch.h"
#include "mqspool.h"

struct mqs_wake;

#define MQS_WAKE_ALL	""	/* in place of a group: the pages of all, also of new ones */

/* group NULL: only the log.  owners: watch owner/ too. */
int	mqs_wake_new(struct mqs_wake **out, const struct mqs_dir *, const char *group, int owners, struct mqs_error *err);
int	mqs_wake_fd(const struct mqs_wake *);
/* Sets when to wake next at the latest (mqs_boottime clock; 0: nothing due). */
int	mqs_wake_at(struct mqs_wake *, int64_t when, struct mqs_error *err);
/*
 * Stands in the line that begins at that byte of `turn' (wake_line.h), until _step_out.
 * Behind the first, nothing is watched; beside MQS_WAKE_FIRST, each second is the only wake.
 */
void	mqs_wake_line_up(struct mqs_wake *, int turn, int64_t byte);
void	mqs_wake_step_out(struct mqs_wake *);
enum mqs_line_place mqs_wake_place(const struct mqs_wake *);
/* Empties it without blocking and says what happened (a set of MQS_WAKE_..., maybe 0). */
int	mqs_wake_drain(struct mqs_wake *, unsigned *what, struct mqs_error *err);
void	mqs_wake_free(struct mqs_wake *);

#endif
