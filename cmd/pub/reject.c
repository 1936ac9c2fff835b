/*
 * pub/reject.c - mq-pub --reject-to: bad records put aside
 *
 * Records are appended to the file, each with its delimiter and if possible in one
 * write, so that several publishers can share the file.
 *
 * A long record comes in pieces, and whether it is too long is known only after most of
 * it was passed to the library, which does not give it back.  So its pieces are also
 * kept in an unnamed file until that is known.  A kill leaves nothing of the unnamed
 * file, and at worst a record cut short at the end of the reject file.
 */
#include <errno.h>
#include <fcntl.h>
#include <string.h>
#include <sys/stat.h>
#include <sys/uio.h>
#include <unistd.h>

#include "common/diagnostics.h"
#include "common/exit_status.h"
#include "common/temporary_file.h"
#include "pub/reject.h"

static void __attribute__((noreturn))
reject_failed(const struct reject *r)
{
	fail(STATUS_IO, "%s: %s", r->path, strerror(errno));
}

void
reject_open(struct reject *r, const char *path, struct mqs_slice delim)
{
	*r = (struct reject){ .path = path, .held = -1, .delim = delim };
	r->fd = open(path, O_WRONLY | O_APPEND | O_CREAT | O_CLOEXEC, 0666);
	if (r->fd < 0)
		reject_failed(r);
}

static void
write_all(const struct reject *r, int fd, struct mqs_slice s)
{
	const char *p = s.p;
	ssize_t done;

	while (s.n > 0) {
		done = write(fd, p, s.n);
		if (done < 0 && errno != EINTR)
			reject_failed(r);
		if (done > 0) {
			p += done;
			s.n -= (size_t)done;
		}
	}
}

void
reject_record(struct reject *r, struct mqs_slice record)
{
	struct iovec iov[2] = {
		{ .iov_base = (void *)(uintptr_t)record.p, .iov_len = record.n },
		{ .iov_base = (void *)(uintptr_t)r->delim.p, .iov_len = r->delim.n }
	};
	struct mqs_slice delim = r->delim;
	ssize_t done;
	size_t n;

	do {
		done = writev(r->fd, iov, 2);
	} while (done < 0 && errno == EINTR);
	if (done < 0)
		reject_failed(r);
	n = (size_t)done;
	if (n < record.n) {
		record.p = (const char *)record.p + n;
		record.n -= n;
		write_all(r, r->fd, record);
		n = 0;
	} else {
		n -= record.n;
	}
	delim.p = (const char *)delim.p + n;
	delim.n -= n;
	write_all(r, r->fd, delim);
	r->count++;
}

/* Copies `size' bytes of a file from its beginning; fewer if it ends before. */
static void
copy_file(const struct reject *r, int fd, uint64_t size)
{
	char buf[65536];
	struct mqs_slice part = { .p = buf };
	uint64_t at = 0;
	ssize_t n;

	while (at < size) {
		n = pread(fd, buf, size - at < sizeof(buf) ? (size_t)(size - at) : sizeof(buf),
		    (off_t)at);
		if (n == 0)
			break;
		if (n < 0 && errno != EINTR)
			reject_failed(r);
		if (n < 0)
			continue;
		part.n = (size_t)n;
		write_all(r, r->fd, part);
		at += (uint64_t)n;
	}
}

void
reject_message(struct reject *r, struct mqs_slice key, struct mqs_slice key_delim,
    const struct mqs_message *m)
{
	struct mqs_buf record = { 0 };

	if (m->body == NULL && m->body_len > 0) {
		write_all(r, r->fd, key);
		write_all(r, r->fd, key_delim);
		copy_file(r, m->body_fd, m->body_len);
		write_all(r, r->fd, r->delim);
		r->count++;
		return;
	}
	if (mqs_buf_add(&record, key.p, key.n) != 0 ||
	    mqs_buf_add(&record, key_delim.p, key_delim.n) != 0 ||
	    mqs_buf_add(&record, m->body, (size_t)m->body_len) != 0)
		fail(STATUS_SYSTEM, "%s: %s", r->path, strerror(errno));
	reject_record(r, (struct mqs_slice){ record.p, record.n });
	mqs_buf_free(&record);
}

void
reject_hold(struct reject *r, struct mqs_slice piece)
{
	struct mqs_error err;

	if (r->held < 0 && temporary_file_open(&r->held, &err) != MQS_OK)
		fail_error(&err);
	write_all(r, r->held, piece);
}

void
reject_held(struct reject *r, int bad)
{
	if (r->held < 0)
		return;
	if (bad) {
		copy_file(r, r->held, UINT64_MAX);
		write_all(r, r->fd, r->delim);
		r->count++;
	}
	(void)close(r->held);	/* nothing in it matters any more */
	r->held = -1;
}

void
reject_close(struct reject *r)
{
	struct stat st;

	if (fstat(r->fd, &st) != 0)
		reject_failed(r);
	if (S_ISREG(st.st_mode) && r->count > 0 && fdatasync(r->fd) != 0)
		reject_failed(r);
	if (close(r->fd) != 0)
		reject_failed(r);
}
