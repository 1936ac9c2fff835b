/*
 * stat/long_text.c - see long_text.h
 *
 * A short text is in memory.  Once it has grown, it goes to an unnamed file piece by piece,
 * which is mapped to be read: then it needs room on a disk, and no more memory.
 */
#include <sys/mman.h>

#include <errno.h>
#include <string.h>
#include <unistd.h>

#include "common/diagnostics.h"
#include "common/exit_status.h"
#include "common/temporary_file.h"
#include "stat/long_text.h"

#define IN_MEMORY	((size_t)1 << 20)

void
long_text_init(struct long_text *t)
{
	memset(t, 0, sizeof(*t));
	t->fd = -1;
}

/* Moves what is in memory to the file. */
static void
spill(struct long_text *t)
{
	struct mqs_error err;
	size_t done = 0;
	ssize_t n;

	if (t->fd == -1 && temporary_file_open(&t->fd, &err) != MQS_OK)
		fail_error(&err);
	while (done < t->last.n) {
		n = write(t->fd, t->last.p + done, t->last.n - done);
		if (n == -1 && errno != EINTR)
			fail(STATUS_AGAIN, "temporary file: %s", strerror(errno));
		if (n > 0)
			done += (size_t)n;
	}
	t->written += done;
	t->last.n = 0;
}

void
long_text_add(struct long_text *t, const void *p, size_t n)
{
	if (mqs_buf_add(&t->last, p, n) == -1)
		fail(STATUS_SYSTEM, "out of memory");
	if (t->last.n >= IN_MEMORY)
		spill(t);
}

static void
unmap(struct long_text *t)
{
	if (t->map != NULL)
		(void)munmap(t->map, t->written);
	t->map = NULL;
}

const char *
long_text_all(struct long_text *t, size_t *n)
{
	void *map;

	*n = t->last.n;
	if (t->fd == -1)
		return t->last.p;
	unmap(t);
	spill(t);
	map = mmap(NULL, t->written, PROT_READ, MAP_SHARED, t->fd, 0);
	if (map == MAP_FAILED)
		fail(STATUS_SYSTEM, "temporary file: %s", strerror(errno));
	t->map = map;
	*n = t->written;
	return t->map;
}

void
long_text_free(struct long_text *t)
{
	unmap(t);
	if (t->fd != -1)
		(void)close(t->fd);
	mqs_buf_free(&t->last);
	t->fd = -1;
}
