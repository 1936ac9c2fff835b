/*
 * mq-replay - prints again what queues retain, without touching any group
 *
 * Messages are printed into a buffer straight from the library's snapshot.  The snapshot
 * is given up (merge_rest) before every write: the write may wait for a slow reader, and
 * a snapshot keeps the queue's space from being used again.
 *
 * Signals are not caught, not even with -F.  There is nothing to finish or to give back,
 * and SIGTERM must end a write to a reader that has stopped reading.
 */
#include <errno.h>
#include <fcntl.h>
#include <inttypes.h>
#include <limits.h>
#include <string.h>
#include <unistd.h>

#include "base/clock.h"
#include "base/error.h"
#include "base/units.h"
#include "common/arguments.h"
#include "common/binding_options.h"
#include "common/common_options.h"
#include "common/diagnostics.h"
#include "common/exit_status.h"
#include "common/open_spool.h"
#include "common/printer.h"
#include "common/position.h"
#include "common/tool.h"
#include "mqspool.h"
#include "replay/merge.h"
#include "replay/pace.h"
#include "replay/rewind.h"

#define PIPE_BYTES	(1 << 20)

enum {
	OPT_SINCE = TOOL_LONG, OPT_UNTIL, OPT_LAST, OPT_LATEST, OPT_PACE, OPT_REWIND,
	OPT_TO, OPT_DRY_RUN
};

static const struct tool_option options[] = {
	{ OPT_SINCE, "since", "TIME|ID", "only messages of that time or later, or from that id on" },
	{ OPT_UNTIL, "until", "TIME|ID", "only messages before that time, or up to that id" },
	BINDINGS_OPTIONS("only"),
	{ 'c', "count", "COUNT", "stop after so many messages" },
	{ OPT_LAST, "last", "COUNT", "only the last so many of each queue" },
	{ OPT_LATEST, "latest", NULL, "only the newest message of each key, unless its body is empty" },
	{ 'F', "follow", NULL, "go on with messages as they are published" },
	{ OPT_PACE, "pace", "NUMBER", "in the original rhythm, so many times as fast" },
	PRINTER_OPTIONS,
	{ OPT_REWIND, "rewind", NULL, "move groups instead, to where --to says" },
	{ OPT_TO, "to", "WHERE", "oldest, newest, an id, a time, or -N: the last N messages" },
	{ OPT_DRY_RUN, "dry-run", NULL, "only tell what --rewind would do" },
	{ 0 }
};

/* What not every engine can do. */
static const char *const asks[] = {
	"since", "until", BINDINGS_ASKS, "last", "latest", "follow", "rewind", "dry-run", NULL
};

static const struct tool_status statuses[] = {
	{ 0, "messages were printed, or the groups were moved" },
	{ 1, "there was none to print" },
	{ 64, "usage" },
	{ 66, "a queue or a group does not exist" },
	TOOL_STATUSES,
	{ 74, "input or output error, or damage; messages that are not damaged are printed" },
	{ 75, "try again: a queue is in use otherwise" },
	{ 77, "permission denied" },
	{ 0 }
};

static const struct tool tool = {
	.name = "mq-replay",
	.synopsis = "[options] QUEUE[/GROUP]...\n"
	    "--rewind --to WHERE [--dry-run] QUEUE/GROUP...",
	.purpose = "Prints the messages that a queue retains, or that a group has yet to settle;\n"
	    "those of several queues in the order of their time.  Or moves groups.",
	.options = options,
	.asks = asks,
	.statuses = statuses
};

#define FLUSH_AT	((size_t)128 * 1024)
#define GRACE		MQS_SECOND	/* for what was published just before --until */

struct replay {
	struct mqs_reader_options reading;
	struct bindings	 bindings;
	struct pace	 pace;
	uint64_t	 count;		/* stop after so many; 0: no limit */
	int64_t		 deadline;	/* following: nothing comes after it; 0: none */
	int		 done;		/* following: the deadline has passed */
	struct printer	 printer;
	struct merge	 merge;
	uint64_t	 printed;
	int		 broken;	/* stdout failed */
	int		 gone;		/* because who read it has gone away: no error */
	int		 rewind, dry_run;
	const char	*to;
};

static void
set_until(struct replay *r, const char *arg)
{
	struct position until = arg_position("--until", arg);

	r->reading.until_id = until.id;
	r->reading.until = until.time;
	/* Ids are given by the clock as it is, times are meant as MQ_NOW shifts it. */
	if (until.id == NULL)
		r->deadline = mqs_later(until.time, -common.clock_shift);
	else if (until.number < (uint64_t)(INT64_MAX - GRACE))
		r->deadline = (int64_t)until.number;
	if (r->deadline < 1)
		r->deadline = 1;
	if (r->deadline > INT64_MAX - GRACE)
		r->deadline = INT64_MAX - GRACE;
}

/* One key is sought by itself, since an index may know it; more than that are bindings. */
static void
set_selection(struct replay *r)
{
	struct bindings *b = &r->bindings;

	bindings_done(b);
	if (b->n == 1 && b->list[0].kind == MQS_BIND_KEY) {
		r->reading.key = b->list[0].text;
		r->reading.key_len = b->list[0].text_len;
	} else {
		r->reading.bindings = b->list;
		r->reading.nbindings = b->n;
	}
	if (r->reading.latest && (r->reading.follow || r->reading.last != 0))
		usage_error("--latest: not with %s", r->reading.follow ? "-F" : "--last");
}

/* Options about printing make no sense with --rewind, nor its own without it. */
static void
check_options(const struct replay *r, int prints)
{
	if (r->rewind && prints)
		usage_error("--rewind goes with --to and --dry-run only");
	if (r->rewind && r->to == NULL)
		usage_error("--rewind: --to says where to");
	if (!r->rewind && r->to != NULL)
		usage_error("--to: only with --rewind");
	if (!r->rewind && r->dry_run)
		usage_error("--dry-run: only with --rewind");
}

/* 1 if the option is one of --rewind. */
static int
rewind_option(struct replay *r, int id, const char *arg)
{
	if (id == OPT_REWIND)
		r->rewind = 1;
	else if (id == OPT_TO)
		r->to = arg;
	else if (id == OPT_DRY_RUN)
		r->dry_run = 1;
	else
		return 0;
	return 1;
}

static void
parse(struct replay *r, int argc, char **argv)
{
	struct position since;
	const char *arg;
	int id, prints = 0;

	tool_start(&tool, argc, argv);
	printer_init(&r->printer, STDOUT_FILENO);
	/* A larger pipe, where stdout is one: fewer turns between us and its reader. */
	(void)fcntl(STDOUT_FILENO, F_SETPIPE_SZ, PIPE_BYTES);
	while ((id = tool_option(&arg)) != 0) {
		if (rewind_option(r, id, arg))
			continue;
		prints = 1;
		if (printer_option(&r->printer, id, arg) ||
		    bindings_option(&r->bindings, id, arg))
			continue;
		if (id == OPT_SINCE) {
			since = arg_position("--since", arg);
			r->reading.since_id = since.id;
			r->reading.since = since.time;
		} else if (id == OPT_UNTIL) {
			set_until(r, arg);
		} else if (id == 'c') {
			r->count = (uint64_t)arg_number("-c", arg, 1, INT64_MAX);
		} else if (id == OPT_LAST) {
			r->reading.last = (uint64_t)arg_number("--last", arg, 1, INT64_MAX);
		} else if (id == OPT_LATEST) {
			r->reading.latest = 1;
		} else if (id == OPT_PACE) {
			if (pace_parse(&r->pace, arg) == -1)
				usage_error("--pace: '%s': not a number from 0.000001 to "
				    "1000000000", arg);
		} else if (id == 'F') {
			r->reading.follow = 1;
		}
	}
	set_selection(r);
	check_options(r, prints);
	if (tool_operand() == argc)
		usage_error("no queue was named");
}

static void
open_sources(struct replay *r, struct mqs_spool *spool)
{
	struct mqs_error err;
	size_t i;

	r->merge.identify = r->printer.json;
	for (i = 0; i < r->merge.n; i++) {
		if (merge_open(&r->merge, i, spool, &r->reading, &err) == MQS_OK)
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

	if (r->printer.buf.n == 0)
		return MQS_OK;
	if ((rc = merge_rest(&r->merge, err)) != MQS_OK)
		return rc;
	return output(r, printer_flush(&r->printer, err));
}

/* Waits until a message is due.  All that was printed before goes out first. */
static int
keep_pace(struct replay *r, const struct source *s, struct mqs_error *err)
{
	int64_t wait;
	int rc;

	if (r->pace.times == 0 ||
	    (wait = pace_wait(&r->pace, s->head.time, mqs_boottime())) == 0)
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
	rc = output(r, print_message(&r->printer, &s->head, &s->place, err));
	merge_take(s);
	if (rc != MQS_OK)
		return rc;
	r->printed++;
	return r->printer.buf.n < FLUSH_AT ? MQS_OK : flush(r, err);
}

static int
wait_ms(const struct replay *r)
{
	int64_t left;

	if (r->deadline == 0)
		return -1;
	left = r->deadline + GRACE - mqs_now();
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

	if (!r->reading.follow || r->done)
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
		if (r->printed == r->count)
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

	parse(&r, argc, argv);
	if (r.rewind)
		return rewind_groups(argv + tool_operand(), argc - tool_operand(), r.to,
		    r.dry_run);
	name_sources(&r, argv + tool_operand(), (size_t)(argc - tool_operand()));
	spool = open_spool(0);
	open_sources(&r, spool);
	status = finish(&r, copy_all(&r, &err), &err);
	merge_free(&r.merge);
	bindings_free(&r.bindings);
	printer_free(&r.printer);
	mqs_spool_free(spool);
	return status;
}
