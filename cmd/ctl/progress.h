/* ctl/progress.h - how far long work has come, on stderr */
#ifndef MQ_CMD_CTL_PROGRESS_H
#define MQ_CMD_CTL_PROGRESS_H

#include "common/tool.h"

/* The option's id and its row in a subcommand's table. */
#define OPT_PROGRESS	(TOOL_LONG + 100)
#define PROGRESS_OPTION	{ OPT_PROGRESS, "progress", NULL, \
	"show on stderr how far it has come, also where that is no terminal" }

/*
 * Called before the spool is opened.  asked: --progress was given.  Without it, a terminal
 * shows progress unless -q was given.
 */
void	progress_start(int asked);
/* Removes the line from the terminal, so that a message can be written. */
void	progress_end(void);

#endif
