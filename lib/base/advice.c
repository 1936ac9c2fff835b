/* advice.c - see advice.h */
#include <bsd/string.h>

#include <string.h>

#include "base/advice.h"

#define COMMAND	"mq-ctl -s "

/* What no shell takes for anything but itself. */
static int
is_plain(const char *path, size_t n)
{
	return n > 0 && strspn(path, "abcdefghijklmnopqrstuvwxyzABCDEFGHIJKLMNOPQRSTUVWXYZ"
	    "0123456789_./-+,:@%") >= n;
}

/* Writes n bytes of a path in single quotes: the byte after them, or NULL if there is no room. */
static char *
quote(char *p, const char *end, const char *path, size_t n)
{
	size_t i, len;

	*p++ = '\'';
	for (i = 0; i < n; i++) {
		len = path[i] == '\'' ? 4 : 1;
		if (len + 1 > (size_t)(end - p))
			return NULL;
		memcpy(p, len == 4 ? "'\\''" : path + i, len);
		p += len;
	}
	*p++ = '\'';
	return p;
}

char *
mqs_shell_word(char *buf, size_t size, const char *path)
{
	size_t n = strlen(path);
	char *after = NULL;

	if (is_plain(path, n) && n < size)
		after = (char *)memcpy(buf, path, n) + n;
	else if (!is_plain(path, n) && size > 4)
		after = quote(buf, buf + size - 1, path, n);
	if (after != NULL)
		*after = '\0';
	else
		(void)strlcpy(buf, "PATH", size);
	return buf;
}

char *
mqs_ctl(char buf[MQS_CTL_SIZE], const char *queue)
{
	const char *slash = strrchr(queue, '/'), *end = buf + MQS_CTL_SIZE - 1;
	char *p = buf + strlen(COMMAND), *after = NULL;
	size_t n = slash == NULL ? 0 : (size_t)(slash - queue);

	memcpy(buf, COMMAND, strlen(COMMAND));
	if (!is_plain(queue, n))
		after = quote(p, end, queue, n);
	else if (n <= (size_t)(end - p)) {
		memcpy(p, queue, n);
		after = p + n;
	}
	if (after == NULL) {
		memcpy(p, "SPOOL", 5);
		after = p + 5;
	}
	*after = '\0';
	return buf;
}
