/* sub/signals.h - signals that mq-sub gets while commands run, and a wait that misses none */
#ifndef MQ_CMD_SUB_SIGNALS_H
#define MQ_CMD_SUB_SIGNALS_H

#include <poll.h>
#include <signal.h>
#include <stdint.h>

/* Set when a child may have ended.  Clear it before looking. */
extern volatile sig_atomic_t sub_child_ended;
/* How often signals asked to stop; signals within a second count once. */
extern volatile sig_atomic_t sub_asked;

/* Catches SIGCHLD too, and counts the signals that ask to stop. */
void	sub_catch_children(void);
/*
 * ppoll(2) for at most `timeout' ns (-1: for ever), which also ends at once if a signal
 * came since the last call.  0 when there is something to look at (fds[].revents are
 * valid) or time is up; -1 with errno.
 */
int	sub_poll(struct pollfd *fds, nfds_t n, int64_t timeout);

#endif
