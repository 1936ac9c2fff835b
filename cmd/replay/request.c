/*
 * replay/request.c - the options of mq-replay
 *
 * Most go to the library as they are, in struct mqs_reader_options.  Printing and moving a group
 * exclude each other: --rewind takes --to and --dry-run, and nothing else does.
 */
#include <fcntl.h>
#include <stdint.h>
#include <unistd.h>

#include "base/clock.h"
#include "common/arguments.h"
#include "common/common_options.h"
#include "common/diagnostics.h"
#include "common/position.h"
#include "common/progress.h"
#include "common/tool.h"
#include "replay/request.h"

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
	PROGRESS_OPTION,
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

static void
set_until(struct replay_request *r, const char *arg)
{
	struct position until = arg_position("--until", arg);

	r->reading.until_id = until.id;
	r->reading.until = until.time;
	/* Ids are given by the clock as it is, times are meant as MQ_NOW shifts it. */
	if (until.id == NULL)
		r->deadline = mqs_later(until.time, -common.clock_shift);
	else if (until.number < (uint64_t)(INT64_MAX - REPLAY_GRACE))
		r->deadline = (int64_t)until.number;
	if (r->deadline < 1)
		r->deadline = 1;
	if (r->deadline > INT64_MAX - REPLAY_GRACE)
		r->deadline = INT64_MAX - REPLAY_GRACE;
}

/* One key is sought by itself, since an index may know it; more than that are bindings. */
static void
set_selection(struct replay_request *r)
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
check_options(const struct replay_request *r, int prints)
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
rewind_option(struct replay_request *r, int id, const char *arg)
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

void
replay_request(struct replay_request *r, int argc, char **argv)
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
		if (id == OPT_PROGRESS) {
			r->progress = 1;
		} else if (id == OPT_SINCE) {
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
		usage_error("no queue was named: mq-replay %s",
		    r->rewind ? "--rewind --to WHERE QUEUE/GROUP" : "QUEUE");
}
