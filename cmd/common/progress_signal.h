/* common/progress_signal.h - SIGUSR1: how far has it come? */
#ifndef MQ_CMD_COMMON_PROGRESS_SIGNAL_H
#define MQ_CMD_COMMON_PROGRESS_SIGNAL_H

/*
 * SIGUSR1 kills no tool from now on, unless it was ignored before: then it stays so.  name begins
 * what is told; it is borrowed for good.
 */
void	progress_signal_catch(const char *name);
/* Has fn called by the signal's handler, with that name. */
void	progress_signal_is_for(void (*fn)(const char *name));

#endif
