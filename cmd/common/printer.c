/*
 * common/printer.c - messages in the framing that was asked for
 *
 * Messages are collected in a buffer, which the caller flushes at 64 to 128 KiB (what a
 * pipe takes and a cache holds), so that a message costs a copy and no system call.  A
 * flush ends within a message only where a large body is written in parts.
 *
 * On a terminal each message is made harmless (terminal.c) in the buffer once it is
 * complete.  Of a large body each part is, so a character of several bytes that two
 * parts divide is shown as bytes.
 *
 * A message that could not be printed leaves nothing in the buffer, except when a part
 * of a large body was written already: after that error the output can't be continued.
 */
#include <errno.h>
#include <poll.h>
#include <stdio.h>
#include <string.h>
#include <unistd.h>

#include "base/error.h"
#include "common/diagnostics.h"
#include "common/printer.h"
#include "common/terminal.h"
#include "message/framing.h"

#define COPY_AT_ONCE	((size_t)128 * 1024)

void
printer_init(struct printer *p, int fd)
{
	*p = (struct printer){ .fd = fd, .terminal = isatty(fd), .delim = "\n",
	    .delim_len = 1 };
}

void
printer_free(struct printer *p)
{
	mqs_format_free(p->format);
	p->format = NULL;
	mqs_buf_free(&p->buf);
}

static void
set_delimiter(struct printer *p, const char *arg)
{
	const char *why;
	long n = mqs_unescape(arg, p->delim, sizeof(p->delim), &why);

	if (n == -1)
		usage_error("-D: '%s': %s", arg, why);
	if (n == 0)
		usage_error("-D: the delimiter is empty");
	p->delim_len = (size_t)n;
}

static void
set_format(struct printer *p, const char *arg)
{
	struct mqs_error err;
	int rc;

	mqs_format_free(p->format);
	if ((rc = mqs_format_new(&p->format, arg, &err)) == MQS_EINVAL)
		usage_error("-f: '%s': %s", arg, err.text);
	if (rc != MQS_OK)
		fail_error(&err);
}

int
printer_option(struct printer *p, int id, const char *arg)
{
	switch (id) {
	case 'D':
		set_delimiter(p, arg);
		break;
	case '0':
		p->delim[0] = '\0';
		p->delim_len = 1;
		break;
	case 'J':
		p->json = 1;
		break;
	case PRINTER_JSON:
		p->json = p->json_bodies = 1;
		break;
	case 'f':
		set_format(p, arg);
		break;
	default:
		return 0;
	}
	if (p->json && p->format != NULL)
		usage_error("-J and -f: only one of them");
	return 1;
}

/* Says that writing failed, with errno kept. */
static int
output_error(const struct printer *p, struct mqs_error *err)
{
	int kept = errno;

	(void)mqs_fail(err, MQS_EIO, "%s: %s",
	    p->fd == STDOUT_FILENO ? "standard output" : "output", strerror(kept));
	errno = kept;
	return MQS_EIO;
}

/* Waits until a descriptor that others made non-blocking takes more. */
static int
wait_writable(int fd)
{
	struct pollfd ready = { .fd = fd, .events = POLLOUT };

	/* What else poll reports (POLLERR) the next write says better. */
	while (poll(&ready, 1, -1) == -1) {
		if (errno != EINTR)
			return -1;
	}
	return 0;
}

int
printer_flush(struct printer *p, struct mqs_error *err)
{
	size_t off = 0;
	ssize_t n;

	while (off < p->buf.n) {
		n = p->write != NULL ? p->write(p->write_arg, p->buf.p + off, p->buf.n - off) :
		    write(p->fd, p->buf.p + off, p->buf.n - off);
		if (n > 0) {
			off += (size_t)n;
			p->written += (uint64_t)n;
			continue;
		}
		if (n == -1 && errno == EINTR)
			continue;
		if (n == -1 && errno == EAGAIN && wait_writable(p->fd) == 0)
			continue;
		if (n == 0)
			errno = EIO;	/* no progress, and no reason given */
		mqs_buf_drop(&p->buf, off);
		return output_error(p, err);
	}
	p->buf.n = 0;
	return MQS_OK;
}

static int
no_memory(struct mqs_error *err)
{
	return mqs_fail_errno(err, "output buffer");
}

/* Makes harmless what of a message is in the buffer, for a terminal to show. */
static int
make_harmless(struct printer *p, struct mqs_error *err)
{
	size_t n = p->buf.n - p->begin, shown;

	if (n == 0)
		return MQS_OK;
	if (mqs_buf_reserve(&p->buf, TERMINAL_SIZE(n)) == -1)
		return no_memory(err);
	shown = terminal_harmless(p->buf.p + p->buf.n, p->buf.p + p->begin, n);
	memmove(p->buf.p + p->begin, p->buf.p + p->buf.n, shown);
	p->buf.n = p->begin + shown;
	return MQS_OK;
}

/* Writes what is buffered, then a body from its file, a part at a time. */
static int
copy_body(struct printer *p, const struct mqs_message *m, struct mqs_error *err)
{
	uint64_t off = 0, left;
	ssize_t n;
	int rc;

	if ((p->terminal && (rc = make_harmless(p, err)) != MQS_OK) ||
	    (rc = printer_flush(p, err)) != MQS_OK)
		return rc;
	p->begin = 0;
	if (mqs_buf_reserve(&p->buf, COPY_AT_ONCE) == -1)
		return no_memory(err);
	while ((left = m->body_len - off) > 0) {
		n = pread(m->body_fd, p->buf.p,
		    left < COPY_AT_ONCE ? (size_t)left : COPY_AT_ONCE, (off_t)off);
		if (n == -1 && errno == EINTR)
			continue;
		if (n == -1)
			return mqs_fail_errno(err, "body");
		if (n == 0)
			return mqs_fail(err, MQS_EDAMAGED,
			    "body ends after %llu of %llu bytes",
			    (unsigned long long)off, (unsigned long long)m->body_len);
		off += (uint64_t)n;
		p->buf.n = (size_t)n;
		if ((p->terminal && (rc = make_harmless(p, err)) != MQS_OK) ||
		    (rc = printer_flush(p, err)) != MQS_OK)
			return rc;
	}
	return MQS_OK;
}

static int
print_json(struct printer *p, const struct mqs_message *m,
    const struct mqs_envelope_place *place, struct mqs_error *err)
{
	struct mqs_envelope_place at = *place;
	int rc;

	at.json = p->json_bodies;
	if ((rc = mqs_envelope_write(&p->buf, m, &at, err)) != MQS_OK)
		return rc;
	if (mqs_buf_add(&p->buf, p->delim, p->delim_len) == -1)
		return no_memory(err);
	return MQS_OK;
}

static int
print_format(struct printer *p, const struct mqs_message *m,
    const struct mqs_envelope_place *place, struct mqs_error *err)
{
	unsigned step = 0;
	int rc;

	while ((rc = mqs_format_step(p->format, &step, &p->buf, m, place, err)) == 1) {
		if ((rc = copy_body(p, m, err)) != MQS_OK)
			break;
	}
	return rc;
}

static int
print_receipt(struct printer *p, const struct mqs_envelope_place *place,
    struct mqs_error *err)
{
	if (place->receipt == NULL)
		return mqs_fail(err, MQS_EBUG, "message has no receipt to print");
	if (mqs_buf_add(&p->buf, place->receipt, strlen(place->receipt)) == -1 ||
	    mqs_buf_addc(&p->buf, '\t') == -1)
		return no_memory(err);
	return MQS_OK;
}

static int
print_plain(struct printer *p, const struct mqs_message *m,
    const struct mqs_envelope_place *place, struct mqs_error *err)
{
	size_t n = m->body == NULL ? 0 : (size_t)m->body_len;
	char *to;
	int rc;

	if (p->receipts && (rc = print_receipt(p, place, err)) != MQS_OK)
		return rc;
	if (m->body == NULL && m->body_fd != -1 &&
	    (rc = copy_body(p, m, err)) != MQS_OK)
		return rc;
	/* Most messages take only this way. */
	if (n + p->delim_len > p->buf.cap - p->buf.n &&
	    mqs_buf_reserve(&p->buf, n + p->delim_len) == -1)
		return no_memory(err);
	to = p->buf.p + p->buf.n;
	if (n > 0)
		memcpy(to, m->body, n);
	if (p->delim_len == 1)
		to[n] = p->delim[0];
	else
		memcpy(to + n, p->delim, p->delim_len);
	p->buf.n += n + p->delim_len;
	return MQS_OK;
}

int
print_message(struct printer *p, const struct mqs_message *m,
    const struct mqs_envelope_place *place, struct mqs_error *err)
{
	uint64_t written = p->written;
	size_t start = p->buf.n;
	int rc;

	p->begin = start;
	if (p->json)
		rc = print_json(p, m, place, err);
	else if (p->format != NULL)
		rc = print_format(p, m, place, err);
	else
		rc = print_plain(p, m, place, err);
	if (rc == MQS_OK && p->terminal)
		rc = make_harmless(p, err);
	/* Nothing of it was flushed: none of it shall be. */
	if (rc != MQS_OK && p->written == written && p->buf.n > start)
		p->buf.n = start;
	return rc;
}
