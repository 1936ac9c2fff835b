/*
 * common/progress_line.h - the line that tells how far work has come
 *
 * The handler of SIGUSR1 writes the line itself: the tool may be waiting for a reader or for
 * room for a long time.  So all that is declared here may be used by a signal handler, and uses
 * only what one may.  The handler does not wait: where stderr takes nothing (a full pipe), it
 * writes nothing.
 *
 * A rate needs some time to mean anything: it is told, and the time left with it, once a step has
 * taken a second.
 */
#ifndef MQ_CMD_COMMON_PROGRESS_LINE_H
#define MQ_CMD_COMMON_PROGRESS_LINE_H

#include <signal.h>
#include <stdatomic.h>
#include <stddef.h>
#include <stdint.h>

#include "common/progress.h"

#define PROGRESS_LINE	512	/* bytes */
#define PROGRESS_TEXT	300

struct progress_step {
	char		 what[PROGRESS_TEXT];
	const char	*unit;		/* NULL: the library's, which says no unit */
	const uint64_t	*count;
	progress_part_fn *part;
	int64_t		 since;		/* mqs_boottime */
	char		 waits[PROGRESS_TEXT];	/* for what, if the library does; else "" */
};

/* What a line tells. */
extern struct progress_told {
	struct progress_step steps[2];
	volatile sig_atomic_t now;	/* which of them; 0: none yet, else 1 + its index */
	_Atomic uint64_t done, total;	/* what the library said last */
	volatile sig_atomic_t line;	/* there is one on the terminal */
} progress_told;

struct progress_text {
	char		 p[PROGRESS_LINE];
	size_t		 n;
};

void	progress_add(struct progress_text *, const char *);
/* "orders: 12000 messages, 40 %, 5000/s, 3s left", or "orders: copying log.mdb: 40 %" */
void	progress_describe(struct progress_text *);
/* Once the tool has been asked to stop, it waits no longer for somebody to read. */
void	progress_write(const struct progress_text *);
/* Writes the line, if stderr takes it at once. */
void	progress_line_tell(const char *program);
/* Removes it from the terminal, likewise. */
void	progress_line_erase(void);

#endif
