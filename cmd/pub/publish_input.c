/*
 * pub/publish_input.c - publishing all records of operands, of files, or of stdin
 *
 * When no more input is ready, everything that was read is published before the tool
 * waits: a writer may be waiting for its own message to be consumed.
 *
 * Records are borrowed from the input's buffer, which is used again when more is read.
 * Therefore all records are published, or copied (recorder.keep), before that.
 */
#include <errno.h>
#include <fcntl.h>
#include <string.h>
#include <unistd.h>

#include "common/diagnostics.h"
#include "common/exit_status.h"
#include "common/input.h"
#include "common/signals.h"
#include "mqspool.h"
#include "pub/batch.h"
#include "pub/input_position.h"
#include "pub/publish_input.h"
#include "pub/read_ahead.h"
#include "pub/record.h"

/* What a byte of a body or header can need in an envelope: \\u0000. */
#define JSON_BYTES	6
#define HEADERS_BYTES	(4u << 20)

static void __attribute__((noreturn))
unreadable(struct recorder *r, int status)
{
	const char *reason = input_reason(errno);

	if (!r->batch->atomic)
		batch_flush(r->batch);
	fail(status, "%s: %s", r->source, reason);
}

/* A record without end must not take all memory. */
static void
check_held(struct recorder *r, const struct read_batch *g)
{
	uint64_t most = mqs_publisher_max_message(r->batch->publisher);

	if (!r->json || g->more || g->end ||
	    most > (UINT64_MAX - HEADERS_BYTES) / JSON_BYTES ||
	    g->held <= most * JSON_BYTES + HEADERS_BYTES)
		return;
	r->number++;
	r->reject = NULL;	/* there is no telling where the next one begins */
	record_bad(r, "longer than any message can be");
}

/* Publishes an input's records; returns 0 if stopped before its end. */
static int
publish_input(struct recorder *r, int fd, struct mqs_slice delim, int status)
{
	const struct read_batch *got;
	struct read_ahead g;
	size_t i;
	int all = 0;

	read_ahead_open(&g, fd, delim, r->json ? 0 : MQS_INLINE_MAX, !r->keep);
	while (read_ahead_goes_on(&g)) {
		if (!r->batch->atomic && (!r->keep || !input_ready(fd)))
			batch_flush(r->batch);
		if ((got = read_ahead_next(&g)) == NULL)
			break;
		for (i = 0; i < got->n;)
			i += record_take_some(r, got->pieces + i, got->n - i);
		if ((errno = got->error) != 0)
			unreadable(r, status);
		check_held(r, got);
		all = got->end && !got->more;
	}
	if (!all)
		record_drop(r);
	if (!r->keep)		/* stopped or not: the records are in the buffers */
		batch_flush(r->batch);
	read_ahead_close(&g);
	return all;
}

/* Publishes what is still in the batch at the end; returns `all'. */
static int
finish_batch(struct recorder *r, int all)
{
	if (all || !r->batch->atomic)
		batch_flush(r->batch);
	return all;
}

int
publish_stdin(struct recorder *r, struct mqs_slice delim)
{
	r->source = "stdin";
	r->unit = delim.n > 0 ? "record" : NULL;
	r->bad_status = STATUS_DATA;
	input_position_stdin();
	return finish_batch(r, publish_input(r, STDIN_FILENO, delim, STATUS_IO));
}

static int
publish_file(struct recorder *r, const char *path)
{
	const struct mqs_slice whole = { "", 0 };
	int fd, all;

	r->source = path;
	fd = open(path, O_RDONLY | O_CLOEXEC);
	if (fd < 0 && errno == EINTR && stopping != 0)
		return 0;
	if (fd < 0)
		unreadable(r, STATUS_DATA);
	input_position_open(fd);
	all = publish_input(r, fd, whole, STATUS_DATA);
	input_position_close();
	(void)close(fd);
	return all;
}

int
publish_files(struct recorder *r, char **paths, int n)
{
	int i, all = 1;

	r->unit = NULL;
	r->bad_status = STATUS_DATA;
	r->paths = paths;
	input_position_files(paths, n);
	for (i = 0; i < n && all; i++)
		all = stopping == 0 && publish_file(r, paths[i]);
	return finish_batch(r, all);
}

int
publish_operands(struct recorder *r, char **operands, int n)
{
	struct mqs_slice s;
	int i;

	r->source = "command line";
	r->unit = "message";
	r->bad_status = STATUS_USAGE;
	for (i = 0; i < n && stopping == 0; i++) {
		s.p = operands[i];
		s.n = strlen(operands[i]);
		record_take(r, MQS_PIECE_WHOLE, s);
	}
	return finish_batch(r, i == n);
}
