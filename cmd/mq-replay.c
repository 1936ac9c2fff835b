/*
 * mq-replay - prints again what queues retain, without touching any group
 *
 * Messages are printed into a buffer straight from the library's snapshot.  The snapshot
 * is given up (merge_rest) before every write: the write may wait for a slow reader, and
 * a snapshot keeps the queue's space from being used again.
 *
 * Signals end it at once, also with -F.  There is nothing to finish or to give back, and
 * SIGTERM must end a write to a reader that has stopped reading.
 */
#include <errno.h>
#include <inttypes.h>
#include <limits.h>
#include <string.h>
#include <unistd.h>

#include "base/clock.h"
#include "base/error.h"
#include "base/units.h"
#include "common/arguments.h"
#include "common/diagnostics.h"
#include "common/exit_status.h"
#include "common/open_spool.h"
#include "common/printer.h"
#include "common/progress.h"
#include "common/tool.h"
#include "mqspool.h"
#include "replay/expected.h"
#include "replay/merge.h"
#include "replay/pace.h"
#include "replay/request.h"
#include "replay/rewind.h"

#define FLUSH_AT	((size_t)128 * 1024)

struct replay {
	struct replay_request ask;
	struct merge	 merge;
	uint64_t	 printed;
	int		 done;		/* following: the deadline has passed */
	int		 broken;	/* stdout failed */
	int		 gone;		/* because who read it has gone away: no error */
};

static void
open_sources(struct replay *r, struct mqs_spool *spool)
{
	struct mqs_error err;
	size_t i;

	r->merge.identify = r->ask.printer.json;
	for (i = 0; i < r->merge.n; i++) {
		if (merge_open(&r->merge, i, spool, &r->ask.reading, &err) == MQS_OK)
			continue;
		if (err.code == MQS_ESYSTEM && i > 0)
			fail(STATUS_SYSTEM, "%s; of %zu, which are read at once, %zu could be "
			    "opened", err.text, r->merge.n, i);
		fail_error(&err);
	}
}

/* Operands are all looked at before the spool is: a malformed one is a usage error. */
static void
name_sources(struct replay *r, char **operands, size_t n)
{
	size_t i;

	if (merge_init(&r->merge, n) == -1)
		fail(STATUS_SYSTEM, "out of memory");
	for (i = 0; i < n; i++)
		arg_queue(operands[i], r->merge.sources[i].queue,
		    r->merge.sources[i].group);
}

static int
output(struct replay *r, int rc)
{
	if (rc != MQS_OK) {
		r->broken = 1;
		r->gone = rc == MQS_EIO && errno == EPIPE;
	}
	return rc;
}

static int
flush(struct replay *r, struct mqs_error *err)
{
	int rc;

	progress_tick();
	if (r->ask.printer.buf.n == 0)
		return MQS_OK;
	if ((rc = merge_rest(&r->merge, err)) != MQS_OK)
		return rc;
	return output(r, printer_flush(&r->ask.printer, err));
}

/* Waits until a message is due.  All that was printed before goes out first. */
static int
keep_pace(struct replay *r, const struct source *s, struct mqs_error *err)
{
	int64_t wait;
	int rc;

	if (r->ask.pace.times == 0 ||
	    (wait = pace_wait(&r->ask.pace, s->head.time, mqs_boottime())) == 0)
		return MQS_OK;
	if ((rc = flush(r, err)) != MQS_OK || (rc = merge_rest(&r->merge, err)) != MQS_OK)
		return rc;
	if ((rc = pace_sleep(wait, STDOUT_FILENO)) == -1)
		return mqs_fail_errno(err, "%s: waiting", s->queue);
	r->gone = rc;
	return rc == 0 ? MQS_OK : MQS_NOTHING;
}

/* Prints one message; on return nothing of it is borrowed. */
static int
print(struct replay *r, struct source *s, struct mqs_error *err)
{
	int rc;

	/* A large body is copied out while it is printed, and that may block. */
	if (s->head.body_fd != -1 && (rc = merge_rest(&r->merge, err)) != MQS_OK)
		return rc;
	rc = output(r, print_message(&r->ask.printer, &s->head, &s->place, err));
	merge_take(s);
	if (rc != MQS_OK)
		return rc;
	r->printed++;
	return r->ask.printer.buf.n < FLUSH_AT ? MQS_OK : flush(r, err);
}

static int
wait_ms(const struct replay *r)
{
	int64_t left;

	if (r->ask.deadline == 0)
		return -1;
	left = r->ask.deadline + REPLAY_GRACE - mqs_now();
	if (left <= 0)
		return 0;
	left = (left + MQS_MSEC - 1) / MQS_MSEC;
	return left > INT_MAX ? INT_MAX : (int)left;
}

/*
 * At the end of what is there.  MQS_OK: read on; MQS_NOTHING: that was all; or an
 * error.  After the deadline everything is read once more.
 */
static int
more(struct replay *r, struct mqs_error *err)
{
	int rc;

	if (!r->ask.reading.follow || r->done)
		return MQS_NOTHING;
	if ((rc = flush(r, err)) != MQS_OK)
		return rc;
	rc = merge_wait(&r->merge, STDOUT_FILENO, wait_ms(r), err);
	r->gone = rc == MQS_NOTHING;
	if (rc != MQS_ETIMEOUT)
		return rc;
	if (wait_ms(r) != 0)
		return MQS_OK;
	r->done = 1;
	merge_again(&r->merge);
	return MQS_OK;
}

static int
copy_all(struct replay *r, struct mqs_error *err)
{
	struct source *s;
	int rc;

	for (;;) {
		if ((rc = merge_next(&r->merge, &s, err)) == MQS_NOTHING) {
			if ((rc = more(r, err)) != MQS_OK)
				return rc;
			continue;
		}
		if (rc != MQS_OK || (rc = keep_pace(r, s, err)) != MQS_OK ||
		    (rc = print(r, s, err)) != MQS_OK)
			return rc;
		if (r->printed == r->ask.count)
			return MQS_NOTHING;
	}
}

/* What was printed goes out whatever ended it; then the status says what that was. */
static int
finish(struct replay *r, int rc, struct mqs_error *err)
{
	struct mqs_error late;

	if (!r->broken && flush(r, &late) != MQS_OK && rc >= 0) {
		rc = late.code;
		*err = late;
	}
	progress_done();
	if (rc < 0 && !r->gone)
		fail_error(err);
	if (r->merge.damaged > 0)
		return STATUS_IO;	/* each was reported */
	if (r->gone)
		return STATUS_OK;	/* as head(1) does, the reader had enough */
	note("%" PRIu64 " message%s", r->printed, mqs_plural(r->printed));
	return r->printed > 0 ? STATUS_OK : STATUS_NOTHING;
}

int
main(int argc, char **argv)
{
	static struct replay r;
	struct mqs_spool *spool;
	struct mqs_error err;
	int status;

	replay_request(&r.ask, argc, argv);
	if (r.ask.rewind)
		return rewind_groups(argv + tool_operand(), argc - tool_operand(), r.ask.to,
		    r.ask.dry_run);
	name_sources(&r, argv + tool_operand(), (size_t)(argc - tool_operand()));
	progress_start(r.ask.progress, !r.ask.reading.follow && !isatty(STDOUT_FILENO));
	spool = open_spool(0);
	open_sources(&r, spool);
	expected_begin(&r.merge, spool, &r.ask.reading, r.ask.count, &r.printed);
	status = finish(&r, copy_all(&r, &err), &err);
	merge_free(&r.merge);
	bindings_free(&r.ask.bindings);
	printer_free(&r.ask.printer);
	mqs_spool_free(spool);
	return status;
}
