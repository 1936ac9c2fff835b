/*
 * sub/stdout_writer.c - writing to stdout without waiting, and knowing what its reader took
 *
 * Messages are printed into the printer's buffer, and written from there as far as the
 * descriptor takes them.  A ring holds for each message the offset where it ends in the
 * stream of bytes, so that it can be settled when its last byte was taken.  The ring
 * holds the messages in the buffer and in the pipe; their number is bounded by the
 * prefetch.
 *
 * A pipe is shared with other processes (the shell, the reader), and so is its
 * O_NONBLOCK flag.  Therefore the pipe is opened again through /proc: the new open file
 * description is ours alone.  Where that fails (no /proc, or a pipe of another user),
 * and for terminals, poll(2) is asked, and then at most PIPE_BUF bytes are written,
 * which fit whenever poll reports room.
 *
 * What a pipe's reader took is what was written less FIONREAD.  The write end answers
 * FIONREAD as well, even when the reader has gone.
 */
#include <errno.h>
#include <fcntl.h>
#include <limits.h>
#include <poll.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>
#include <sys/ioctl.h>
#include <sys/socket.h>
#include <sys/stat.h>
#include <unistd.h>

#include "base/error.h"
#include "common/printer.h"
#include "sub/stdout_writer.h"

#define SOCKET_ROOM	((size_t)64 * 1024)
#define RING_FIRST	((size_t)1024)	/* a power of two, and so are all that follow */

static int
output_error(struct mqs_error *err)
{
	return mqs_fail(err, MQS_EIO, "standard output: %s", strerror(errno));
}

/* A pipe's write end again, as a description of its own; -1 if it can't be had. */
static int
open_anew(int fd)
{
	char path[32];

	(void)snprintf(path, sizeof(path), "/proc/self/fd/%d", fd);
	return open(path, O_WRONLY | O_NONBLOCK | O_CLOEXEC);
}

int
writer_init(struct stdout_writer *o, struct printer *printer, struct mqs_error *err)
{
	struct stat st;
	int fd, flags;

	*o = (struct stdout_writer){ .printer = printer, .kind = WRITER_OTHER,
	    .fd = printer->fd };
	if (fstat(o->fd, &st) != 0 || (flags = fcntl(o->fd, F_GETFL)) == -1)
		return output_error(err);
	if ((flags & O_ACCMODE) == O_RDONLY) {	/* it was closed: see tool_start */
		errno = EBADF;
		return output_error(err);
	}
	if (S_ISREG(st.st_mode) || S_ISBLK(st.st_mode)) {
		o->kind = WRITER_FILE;
	} else if (S_ISSOCK(st.st_mode)) {
		o->kind = WRITER_SOCKET;
	} else if (S_ISFIFO(st.st_mode)) {
		o->kind = WRITER_PIPE;
		if ((fd = open_anew(o->fd)) != -1) {
			o->fd = fd;
			o->own = 1;
		}
	}
	return MQS_OK;
}

void
writer_free(struct stdout_writer *o)
{
	if (o->own)
		(void)close(o->fd);
	free(o->ring);
	o->printer->write = NULL;
	*o = (struct stdout_writer){ .fd = -1 };
}

size_t
writer_waiting(const struct stdout_writer *o)
{
	return o->printer->buf.n - o->off;
}

/* Moves what is still to be written to the front of the buffer. */
static void
compact(struct stdout_writer *o)
{
	mqs_buf_drop(&o->printer->buf, o->off);
	o->off = 0;
}

static int
remember(struct stdout_writer *o, const struct mqs_message *m, struct mqs_error *err)
{
	size_t cap = o->cap == 0 ? RING_FIRST : o->cap * 2, i;
	struct printed *ring;

	if (o->n >= o->cap) {
		if ((ring = calloc(cap, sizeof(*ring))) == NULL)
			return mqs_fail_errno(err, "messages on their way");
		for (i = 0; i < o->n; i++)
			ring[i] = *writer_peek(o, i);
		free(o->ring);
		o->ring = ring;
		o->cap = cap;
		o->first = 0;
	}
	o->n++;
	*writer_peek(o, o->n - 1) = (struct printed){
	    .end = o->printer->written + writer_waiting(o),
	    .seq = m->seq, .lease = m->lease };
	return MQS_OK;
}

int
writer_print(struct stdout_writer *o, const struct mqs_message *m,
    const struct mqs_envelope_place *place, struct mqs_error *err)
{
	int rc;

	if (o->off > 0)
		compact(o);
	if ((rc = print_message(o->printer, m, place, err)) == MQS_OK)
		return remember(o, m, err);
	if (rc == MQS_EIO && errno == EPIPE) {
		o->gone = 1;
		return MQS_OK;
	}
	return rc;
}

/* At most n bytes, without waiting: how many, or -1 with errno (EAGAIN). */
static ssize_t
write_some(const struct stdout_writer *o, const char *p, size_t n)
{
	struct pollfd ready = { .fd = o->fd, .events = POLLOUT };

	if (o->kind == WRITER_SOCKET)
		return send(o->fd, p, n, MSG_DONTWAIT | MSG_NOSIGNAL);
	if (o->kind == WRITER_FILE || o->own)
		return write(o->fd, p, n);
	if (poll(&ready, 1, 0) < 1) {
		errno = EAGAIN;
		return -1;
	}
	return write(o->fd, p, n < PIPE_BUF ? n : PIPE_BUF);
}

static ssize_t
write_or_wait(void *arg, const char *p, size_t n)
{
	const struct stdout_writer *o = arg;
	ssize_t done;

	while ((done = write_some(o, p, n)) == -1 && (errno == EAGAIN || errno == EWOULDBLOCK))
		o->wait(o->wait_arg);
	return done;
}

void
writer_wait_with(struct stdout_writer *o, void (*wait)(void *arg), void *arg)
{
	o->wait = wait;
	o->wait_arg = arg;
	o->printer->write = write_or_wait;
	o->printer->write_arg = o;
}

int
writer_write(struct stdout_writer *o, struct mqs_error *err)
{
	struct mqs_buf *buf = &o->printer->buf;
	ssize_t done;

	while (o->off < buf->n && !o->gone) {
		done = write_some(o, buf->p + o->off, buf->n - o->off);
		if (done > 0) {
			o->off += (size_t)done;
			o->printer->written += (uint64_t)done;
		} else if (done == 0 || errno == EAGAIN || errno == EWOULDBLOCK) {
			break;
		} else if (errno == EPIPE || errno == ECONNRESET) {
			o->gone = 1;
		} else if (errno != EINTR) {
			return output_error(err);
		}
	}
	if (o->off == buf->n)
		o->off = buf->n = 0;
	return MQS_OK;
}

int
writer_sync(struct stdout_writer *o, struct mqs_error *err)
{
	if (o->kind != WRITER_FILE || o->synced == o->printer->written)
		return MQS_OK;
	while (fdatasync(o->fd) != 0) {
		if (errno == EINVAL || errno == EROFS)
			break;		/* a file that has no storage behind it */
		if (errno != EINTR)
			return output_error(err);
	}
	o->synced = o->printer->written;
	return MQS_OK;
}

uint64_t
writer_taken(const struct stdout_writer *o)
{
	int unread = 0;

	if (o->kind == WRITER_FILE)
		return o->synced;
	if (o->kind == WRITER_PIPE && ioctl(o->fd, FIONREAD, &unread) == 0 &&
	    unread > 0)
		/* What others wrote into the same pipe counts as ours: too late, never too early. */
		return (uint64_t)unread < o->printer->written ?
		    o->printer->written - (uint64_t)unread : 0;
	return o->printer->written;
}

size_t
writer_room(const struct stdout_writer *o)
{
	struct pollfd ready = { .fd = o->fd, .events = POLLOUT };
	int size, unread;

	if (o->kind == WRITER_FILE)
		return SOCKET_ROOM;
	if (poll(&ready, 1, 0) < 1)
		return 0;
	if (o->kind != WRITER_PIPE)
		return SOCKET_ROOM;
	if ((size = fcntl(o->fd, F_GETPIPE_SZ)) < 0 ||
	    ioctl(o->fd, FIONREAD, &unread) != 0 || unread >= size)
		return 1;
	return (size_t)(size - unread);
}

struct printed *
writer_peek(const struct stdout_writer *o, size_t i)
{
	return &o->ring[(o->first + i) & (o->cap - 1)];
}

size_t
writer_done(const struct stdout_writer *o, uint64_t taken)
{
	const struct printed *p;
	uint64_t lease = 0;
	size_t n;

	for (n = 0; n < o->n; n++) {
		p = writer_peek(o, n);
		if (p->end > taken || (n > 0 && p->lease != lease))
			break;
		lease = p->lease;
	}
	return n;
}

void
writer_pop(struct stdout_writer *o, size_t n)
{
	if (n == 0)
		return;
	o->begin = writer_peek(o, n - 1)->end;
	o->first = (o->first + n) & (o->cap - 1);
	o->n -= n;
}

size_t
writer_unbegun(const struct stdout_writer *o)
{
	uint64_t begin;
	size_t n;

	for (n = 0; n < o->n; n++) {
		/* A message begins where the one before it ends. */
		begin = n + 1 < o->n ? writer_peek(o, o->n - n - 2)->end : o->begin;
		if (begin < o->printer->written)
			break;
	}
	return n;
}

void
writer_drop(struct stdout_writer *o, size_t n)
{
	uint64_t end = o->printer->written;

	o->n -= n;
	if (o->n > 0 && writer_peek(o, o->n - 1)->end > end)
		end = writer_peek(o, o->n - 1)->end;
	o->printer->buf.n = o->off + (size_t)(end - o->printer->written);
	if (o->printer->buf.n == o->off)
		o->off = o->printer->buf.n = 0;
}
