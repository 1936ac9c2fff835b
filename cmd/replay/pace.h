/*
 * replay/pace.h - mq-replay --pace: messages in the rhythm in which they were published
 *
 * The first message is printed at once.  Each later one is printed when as much time has
 * passed since then as lies between the times of the two, divided by the pace.  So waits do
 * not add up their errors.  A message whose time is earlier than that of one before it does
 * not wait.
 */
#ifndef MQ_CMD_REPLAY_PACE_H
#define MQ_CMD_REPLAY_PACE_H

#include <stdint.h>

#define PACE_MIN	1e-6
#define PACE_MAX	1e9

struct pace {
	double	 times;		/* as fast as the original; 0: do not wait */
	int64_t	 first;		/* time of the first message */
	int64_t	 begun;		/* CLOCK_BOOTTIME when it was printed; 0: not yet */
};

/* Parses the argument of --pace, a decimal number: 0, or -1. */
int	pace_parse(struct pace *, const char *arg);
/*
 * How long a message of that time is to wait, in ns; now is CLOCK_BOOTTIME.  One whose time is
 * not known (0), which another client has published to a cluster, waits for nothing.
 */
int64_t	pace_wait(struct pace *, int64_t time, int64_t now);
/* Waits for so many ns: 0; 1 if who read the descriptor `out' has gone away; -1 and errno. */
int	pace_sleep(int64_t ns, int out);

#endif
