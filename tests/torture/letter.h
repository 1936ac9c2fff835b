/*
 * letter.h - the bodies that a torture run sends
 *
 * "NAME SIZE xxxx...": SIZE bytes in all, so that a body that was cut, mixed or made
 * longer is known for it.
 */
#ifndef MQ_TORTURE_LETTER_H
#define MQ_TORTURE_LETTER_H

#include <stddef.h>

#define LETTER_NAME	64	/* room for a name */
#define LETTER_MIN	64	/* the least size */

/* Writes a body of size bytes to buf. */
void	letter_write(char *buf, size_t size, const char *name);
/* Checks a body; -1 if it is none. */
int	letter_check(const char *body, size_t n, char name[LETTER_NAME]);
/* Reads a body to its end and checks it; -1 if it is none. */
int	letter_read(int fd, char name[LETTER_NAME]);

#endif
