/*
 * wake_line.h - the line of a group's idle consumers, of whom one waits for the queue
 *
 * If every idle consumer watched the queue, each message would wake all of them, and all
 * but one in vain.  So they stand in a line.  The first in line watches.  It leaves the line
 * when it has taken messages, and before it begins to work on them, so that the next one
 * looks whether there are more.
 *
 * The next one is the standby, if there is one.  A consumer that becomes idle becomes the
 * standby, if that place is free.  So where messages come one at a time, two consumers do
 * all the work by turns; their memory is still in the processor's caches, and the others
 * sleep.  All others stand behind.  One of them comes forward only when there is neither a
 * first nor a standby, because both are at work or have died.
 *
 * The places are locks of single bytes of the file `turn', which belong to the group:
 *
 *	FIRST	exclusive: its holder is the first.  The standby waits for it in fcntl(2).
 *	STANDBY	exclusive: its holder is the standby.  Nobody waits for it.
 *	PAIR	shared: the first and the standby hold it.
 *	HEAD	exclusive: its holder is the head of those behind.  The others of them wait
 *		for it, and the head waits to have PAIR exclusively, which it gets when
 *		neither a first nor a standby is left.  Then it takes one of these places,
 *		keeps PAIR as a shared lock, and gives HEAD to the next.  If other consumers
 *		took both places in that moment, it gives PAIR back and stays the head.
 *
 * Why those behind do not all wait for PAIR: whenever one of its holders gives it up, the
 * kernel wakes whoever waits for it, and if that one has to wait on, also whoever waits
 * behind that one, and so on.
 *
 * The kernel drops the locks of a process that dies, however that happens, so the next one
 * comes forward at once.  The waiting is done by a thread, because a consumer also waits for
 * other things; an eventfd says when the locks have come.  The locks belong to the open file,
 * not to the thread.  Between two turns the thread sleeps until it is needed again.
 *
 * A line is a means to save work and never to be relied on: each consumer looks for itself
 * once a second, so a first one or a standby that is stopped (SIGSTOP) or slow delays
 * messages for no longer than that.  Where locks can't be had (no permission to write to
 * `turn', no thread), the consumer watches as if it were alone.  Two consumers that share
 * one open file are both the first.
 *
 * Where the first or the standby can't get PAIR, because the head has it in that moment, it
 * tries again once a second (mqs_line_second).  A head that found both places taken waits for
 * PAIR again a second later, too; it would get it at once as long as they don't have it.
 */
#ifndef MQS_EMBEDDED_STORE_WAKE_LINE_H
#define MQS_EMBEDDED_STORE_WAKE_LINE_H

#include <pthread.h>
#include <semaphore.h>
#include <stdint.h>

#define MQS_LINE_BYTES	8	/* of `turn' for each line */

enum mqs_line_place {
	MQS_LINE_OUT,		/* not in it */
	MQS_LINE_FIRST,
	MQS_LINE_STANDBY,	/* the thread waits for FIRST */
	MQS_LINE_BEHIND		/* the thread waits for HEAD, and then for PAIR */
};

struct mqs_line {
	int		 turn;		/* the file's descriptor; borrowed */
	int64_t		 byte;		/* the first of the line's */
	int		 come;		/* eventfd: readable when the locks have come */
	enum mqs_line_place place;
	int		 has_thread;
	pthread_t	 thread;
	enum mqs_line_place awaits;	/* what the thread waits for is of that place */
	int		 overtaken;	/* the head: it waits for PAIR again with the next second */
	sem_t		 go;		/* the thread is needed again */
	int		 quit;		/* or is to end */
};

/* Makes the eventfd, line->come: 0, or -1 with errno. */
int	mqs_line_init(struct mqs_line *);
/*
 * Stands in the line that begins at that byte: the place that this gives.  MQS_LINE_OUT if
 * there can be no line.
 */
enum mqs_line_place mqs_line_join(struct mqs_line *, int turn, int64_t byte);
/* Whose locks have come goes forward: 1 if the consumer is to watch now. */
int	mqs_line_advance(struct mqs_line *);
/* Called once a second. */
void	mqs_line_second(struct mqs_line *);
/* Leaves the line, from any place in it. */
void	mqs_line_leave(struct mqs_line *);
void	mqs_line_done(struct mqs_line *);

#endif
