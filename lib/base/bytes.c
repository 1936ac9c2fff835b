/*
 * bytes.c - growing buffers
 *
 * A buffer doubles when it is full, so that appending n bytes costs time in proportion to
 * n.  Memory is given back by mqs_buf_free only, since buffers are used again for the next
 * record.  A buffer that could not grow is unchanged.
 */
#include <errno.h>
#include <stdarg.h>
#include <stdio.h>
#include <stdlib.h>

#include "base/bytes.h"

#define FIRST_ROOM	256

int
mqs_buf_reserve(struct mqs_buf *buf, size_t more)
{
	size_t need, cap;
	char *p;

	if (buf->p != NULL && more <= buf->cap - buf->n)
		return 0;
	if (more > PTRDIFF_MAX - buf->n) {
		errno = ENOMEM;
		return -1;
	}
	need = buf->n + more;
	cap = buf->cap < FIRST_ROOM ? FIRST_ROOM : buf->cap;
	while (cap < need)
		cap = cap > PTRDIFF_MAX / 2 ? PTRDIFF_MAX : cap * 2;
	if ((p = realloc(buf->p, cap)) == NULL) {
		/* Twice the room may be more than there is, when what is needed fits. */
		cap = need;
		if ((p = realloc(buf->p, cap)) == NULL)
			return -1;
	}
	buf->p = p;
	buf->cap = cap;
	return 0;
}

int
mqs_buf_add(struct mqs_buf *buf, const void *p, size_t n)
{
	if (mqs_buf_reserve(buf, n) == -1)
		return -1;
	if (n > 0)
		memcpy(buf->p + buf->n, p, n);
	buf->n += n;
	return 0;
}

int
mqs_buf_addc(struct mqs_buf *buf, char c)
{
	if (mqs_buf_reserve(buf, 1) == -1)
		return -1;
	buf->p[buf->n++] = c;
	return 0;
}

int
mqs_buf_addf(struct mqs_buf *buf, const char *fmt, ...)
{
	va_list ap;
	int len;

	va_start(ap, fmt);
	len = vsnprintf(NULL, 0, fmt, ap);
	va_end(ap);
	if (len < 0) {
		errno = ENOMEM;
		return -1;
	}
	/* vsnprintf needs room for the NUL, which does not count as used. */
	if (mqs_buf_reserve(buf, (size_t)len + 1) == -1)
		return -1;
	va_start(ap, fmt);
	(void)vsnprintf(buf->p + buf->n, (size_t)len + 1, fmt, ap);
	va_end(ap);
	buf->n += (size_t)len;
	return 0;
}

void
mqs_buf_drop(struct mqs_buf *buf, size_t n)
{
	if (n >= buf->n) {
		buf->n = 0;
		return;
	}
	if (n > 0)
		memmove(buf->p, buf->p + n, buf->n - n);
	buf->n -= n;
}

void
mqs_buf_free(struct mqs_buf *buf)
{
	free(buf->p);
	buf->p = NULL;
	buf->n = buf->cap = 0;
}
