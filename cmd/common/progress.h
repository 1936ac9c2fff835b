/* common/progress.h - how far long work has come, on stderr */
#ifndef MQ_CMD_COMMON_PROGRESS_H
#define MQ_CMD_COMMON_PROGRESS_H

#include <stdint.h>

#include "common/tool.h"

/* The option's id and its row in a tool's table. */
#define OPT_PROGRESS	(TOOL_LONG + 100)
#define PROGRESS_OPTION	{ OPT_PROGRESS, "progress", NULL, \
	"show on stderr how far it has come, also where that is no terminal" }

/*
 * Called before the spool is opened.  asked: --progress was given.  Without it, a terminal
 * shows progress if `alone' (nothing else is typed or shown there) unless -q was given.
 * The library then tells its steps.
 */
void	progress_start(int asked, int alone);

/*
 * How much of something is done, of how much, as far as that is known: 1, or 0.  A signal
 * handler may call it.
 */
typedef int	progress_part_fn(uint64_t *part, uint64_t *whole);
/*
 * Begins a step of a tool that counts itself: "orders", "message".  *count and *unit are
 * borrowed until progress_done.  Whether it is shown or not, SIGUSR1 tells it.
 */
void	progress_step(const char *what, const char *unit, const uint64_t *count,
	    progress_part_fn *);
/* Shows it again if that is due; cheap enough for each batch. */
void	progress_tick(void);
/* How often somebody who waits for something calls it meanwhile; -1: never. */
int	progress_tick_ms(void);
/* The step is done: it is told a last time where stderr is no terminal. */
void	progress_done(void);
/* Removes the line from the terminal, so that something else can be written. */
void	progress_end(void);

#endif
