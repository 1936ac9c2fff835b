/* stat/screen.h - a terminal that is taken over, and given back as it was */
#ifndef MQ_CMD_STAT_SCREEN_H
#define MQ_CMD_STAT_SCREEN_H

#include <stddef.h>

/* 1 if stdout is a terminal that escape sequences work on. */
int	screen_is_one(void);
/* 1 if it has colours, and the user wants some. */
int	screen_has_colours(void);
/* 1 if the locale's characters are UTF-8. */
int	screen_has_utf8(void);
/*
 * Takes the terminal over, until the tool ends in whatever way, or a call of screen_leave, which
 * may be repeated.  catch_signals has been called.
 */
void	screen_enter(void);
void	screen_leave(void);
void	screen_size(size_t *width, size_t *height);
/* Writes all of it.  Ends the tool with 74 if it can't. */
void	screen_write(const char *p, size_t n);
/*
 * Waits up to ms for a key, which it returns.  0: the time is over, or the terminal must be drawn
 * anew (it has another size, or the tool was stopped and goes on), or `stopping' is set.
 */
int	screen_wait(int ms);

#endif
