/*
 * sub/handler_errors.c - a command's stderr: passed on, and its end kept
 *
 * The end of a command's stderr goes into a dead letter as the reason.  When our own
 * stderr takes no more, the pipe is left to fill, and the command waits, as it would if
 * it had our stderr itself; mq-sub does not wait.  When the command has ended, the rest
 * is read from the pipe and the pipe is closed, even if a child of the command still has
 * it open.
 */
#include <errno.h>
#include <poll.h>
#include <string.h>
#include <unistd.h>

#include "base/name.h"
#include "sub/handler.h"
#include "sub/handler_errors.h"

#define CHUNK		((size_t)4096)	/* what a pipe takes whole when poll(2) says so */

static int
stderr_takes(void)
{
	struct pollfd p = { .fd = STDERR_FILENO, .events = POLLOUT };

	return poll(&p, 1, 0) > 0;
}

static void
keep(struct handler *h, const char *p, size_t n)
{
	size_t old;

	if (n >= HANDLER_TAIL) {
		memcpy(h->tail, p + n - HANDLER_TAIL, HANDLER_TAIL);
		h->tail_len = HANDLER_TAIL;
		return;
	}
	old = h->tail_len <= HANDLER_TAIL - n ? h->tail_len : HANDLER_TAIL - n;
	memmove(h->tail, h->tail + h->tail_len - old, old);
	memcpy(h->tail + old, p, n);
	h->tail_len = old + n;
}

static void
pass_on(const char *p, size_t n)
{
	ssize_t done;

	while (n > 0) {
		done = write(STDERR_FILENO, p, n);
		if (done < 0 && errno == EINTR)
			continue;
		if (done <= 0)
			return;		/* nobody listens; the command need not know */
		p += done;
		n -= (size_t)done;
	}
}

/* Reads once: how much, 0 at the end, -1 if there is nothing now. */
static ssize_t
take(struct handler *h, int pass)
{
	char chunk[CHUNK];
	ssize_t n;

	do
		n = read(h->errors, chunk, sizeof(chunk));
	while (n < 0 && errno == EINTR);
	if (n <= 0)
		return n;
	keep(h, chunk, (size_t)n);
	if (pass)
		pass_on(chunk, (size_t)n);
	return n;
}

int
handler_listen(struct handler *h)
{
	if (h->errors == -1)
		return 1;
	if (!stderr_takes())
		return 0;
	if (take(h, 1) == 0) {
		(void)close(h->errors);
		h->errors = -1;
	}
	return 1;
}

int
handler_hang_up(struct handler *h, int drop)
{
	if (h->errors == -1)
		return 1;
	for (; h->chunks > 0; h->chunks--) {
		if (!drop && !stderr_takes())
			return 0;
		if (take(h, !drop) <= 0)
			break;
	}
	(void)close(h->errors);
	h->errors = -1;
	return 1;
}

const char *
handler_last_words(struct handler *h)
{
	char *p = h->tail, *end;

	while (h->tail_len > 0 && h->tail[h->tail_len - 1] == '\n')
		h->tail_len--;
	if (h->tail_len == 0)
		return NULL;
	end = p + h->tail_len;
	*end = '\0';
	/* The cut may have gone through a character. */
	while (h->tail_len == HANDLER_TAIL && p < end && p < h->tail + 3 &&
	    (*p & 0xc0) == 0x80)
		p++;
	for (char *q = p; (q += mqs_utf8_valid(q, (size_t)(end - q), 1)) < end; q++)
		*q = '?';
	return p;
}
