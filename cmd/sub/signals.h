/* sub/signals.h - what signals tell mq-sub, and waiting so that none is missed */
#ifndef MQ_CMD_SUB_SIGNALS_H
#define MQ_CMD_SUB_SIGNALS_H

#include <poll.h>
#include <signal.h>
#include <stdint.h>

/* Set when a child may have ended; who looks clears it first. */
extern volatile sig_atomic_t sub_child_ended;
/* How often it was asked to stop, those within a second counted once. */
extern volatile sig_atomic_t sub_asked;

/* Catches SIGCHLD too, and counts the signals that ask to stop. */
void	sub_catch_children(void);
/*
 * ppoll(2) for at most `timeout' ns (-1: for ever) that ends at once if a signal came
 * since it was called last.  0 when there is something to look at (fds[].revents are
 * valid) or time is up; -1 with errno.
 */
int	sub_poll(struct pollfd *fds, nfds_t n, int64_t timeout);

#endif
