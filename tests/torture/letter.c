/* letter.c - see letter.h */
#include <stdio.h>
#include <string.h>
#include <unistd.h>

#include "letter.h"

void
letter_write(char *buf, size_t size, const char *name)
{
	char head[LETTER_MIN + 1];
	int n = snprintf(head, sizeof(head), "%.40s %zu ", name, size);

	memset(buf, 'x', size);
	memcpy(buf, head, (size_t)n);
}

static int
all_x(const char *p, size_t n)
{
	while (n > 0 && *p == 'x') {
		p++;
		n--;
	}
	return n == 0;
}

/* Checks a body's first n bytes; *size is what it says of all. */
static int
check_head(const char *body, size_t n, char name[LETTER_NAME], size_t *size)
{
	char head[LETTER_MIN + 1];
	int at;

	if (n < LETTER_MIN)
		return -1;
	memcpy(head, body, LETTER_MIN);
	head[LETTER_MIN] = '\0';
	if (sscanf(head, "%63s %zu %n", name, size, &at) != 2)
		return -1;
	return all_x(body + at, n - (size_t)at) ? 0 : -1;
}

int
letter_check(const char *body, size_t n, char name[LETTER_NAME])
{
	size_t size;

	return check_head(body, n, name, &size) == 0 && n == size ? 0 : -1;
}

int
letter_read(int fd, char name[LETTER_NAME])
{
	char buf[65536];
	size_t size, have = 0;
	ssize_t n;

	/* The head, which may come in pieces as well. */
	while (have < LETTER_MIN && (n = read(fd, buf + have, sizeof(buf) - have)) > 0)
		have += (size_t)n;
	if (check_head(buf, have, name, &size) == -1)
		return -1;
	while ((n = read(fd, buf, sizeof(buf))) > 0) {
		if (!all_x(buf, (size_t)n))
			return -1;
		have += (size_t)n;
	}
	return n == 0 && have == size ? 0 : -1;
}
