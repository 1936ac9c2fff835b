/* common/progress_terminal.h - one line of progress on a terminal, and none left behind */
#ifndef MQ_CMD_COMMON_PROGRESS_TERMINAL_H
#define MQ_CMD_COMMON_PROGRESS_TERMINAL_H

/* 1 if no other tool shows its progress on stderr's terminal; it is this one's from then on. */
int	progress_terminal_take(void);
/* Leaves it to others. */
void	progress_terminal_give(void);
/* `erase', which a signal handler may call, is called before a signal ends the tool. */
void	progress_terminal_on_end(void (*erase)(void));

#endif
