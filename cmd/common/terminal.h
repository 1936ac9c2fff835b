/* common/terminal.h - text made harmless before a terminal shows it */
#ifndef MQ_CMD_COMMON_TERMINAL_H
#define MQ_CMD_COMMON_TERMINAL_H

#include <stddef.h>

/* Room for n bytes made harmless. */
#define TERMINAL_SIZE(n)	(4 * (n) + 1)

/*
 * Writes n bytes to `to', which has room for TERMINAL_SIZE(n): control characters and
 * bytes that are not UTF-8 as \ooo, all else (newline and tab, too) as it is.  Ends in
 * NUL; returns the length.
 */
size_t	terminal_harmless(char *to, const char *from, size_t n);
/* The same for what is one line: newline and tab as \ooo, too. */
size_t	terminal_harmless_line(char *to, const char *from, size_t n);

#endif
