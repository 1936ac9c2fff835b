/*
 * wake_line.h - the line of a group's idle consumers, of whom one waits for the queue
 *
 * If every idle consumer watched the queue, each message would wake all of them, and all
 * but one in vain.  So they stand in a line.  The first in line watches; the others only
 * wait to become the first.  The first leaves the line when it has taken messages, and
 * before it begins to work on them, so that the next one looks whether there are more.
 *
 * The line is a lock of one byte of the file `turn', which belongs to the group: who holds
 * it is the first, and the others wait for it in fcntl(2).  The kernel wakes one of them
 * when it is given up, and also when its holder dies, however that happens.  The waiting is
 * done by a thread, because a consumer also waits for other things; an eventfd says when
 * the lock has come.  The lock belongs to the open file, not to the thread, so the thread
 * ends as soon as it has it.
 *
 * A line is a means to save work and never to be relied on: each consumer looks for itself
 * once a second, so a first one that is stopped (SIGSTOP) or slow delays messages for no
 * longer than that.  Where the lock can't be had (no permission to write to `turn', no
 * thread), the consumer watches as if it were alone.  Two consumers that share one open
 * file are both the first.
 */
#ifndef MQS_EMBEDDED_STORE_WAKE_LINE_H
#define MQS_EMBEDDED_STORE_WAKE_LINE_H

#include <pthread.h>
#include <stdint.h>

enum mqs_line_place {
	MQS_LINE_OUT,		/* not in it */
	MQS_LINE_FIRST,
	MQS_LINE_BEHIND		/* a thread waits for the lock */
};

struct mqs_line {
	int		 turn;		/* the file's descriptor; borrowed */
	int64_t		 byte;
	int		 come;		/* eventfd: readable when the lock has come */
	enum mqs_line_place place;
	pthread_t	 thread;	/* while MQS_LINE_BEHIND */
};

/* Makes the eventfd, line->come: 0, or -1 with errno. */
int	mqs_line_init(struct mqs_line *);
/*
 * Stands in the line of that byte: the place that this gives.  MQS_LINE_OUT if there can
 * be no line.
 */
enum mqs_line_place mqs_line_join(struct mqs_line *, int turn, int64_t byte);
/* Whose lock has come is the first now: 1 if that is so. */
int	mqs_line_advance(struct mqs_line *);
/* Leaves the line, from any place in it. */
void	mqs_line_leave(struct mqs_line *);
void	mqs_line_done(struct mqs_line *);

#endif
