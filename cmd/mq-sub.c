/*
 * mq-sub - delivers a group's messages: to stdout, or to a command
 *
 * This file reads the command line and opens the consumer.  Delivery, and when a message
 * is settled: sub/deliver_to_stdout.c (with stdout_acks.c, or stdout_receipts.c under -m)
 * and sub/deliver_to_command.c (with command_ended.c).  A process that stays for the sake of
 * receipts: sub/receipts_holder.c.
 */
#include <bsd/stdlib.h>
#include <bsd/string.h>

#include <inttypes.h>
#include <stdio.h>
#include <string.h>
#include <unistd.h>

#include "base/clock.h"
#include "common/arguments.h"
#include "common/binding_options.h"
#include "common/diagnostics.h"
#include "common/exit_status.h"
#include "common/open_spool.h"
#include "common/queue_identity.h"
#include "common/position.h"
#include "common/printer.h"
#include "common/signals.h"
#include "common/suggest_name.h"
#include "common/tool.h"
#include "mqspool.h"
#include "sub/consumer.h"
#include "sub/deliver_to_command.h"
#include "sub/deliver_to_stdout.h"
#include "sub/receipts_holder.h"
#include "sub/sub.h"

enum {
	OPT_PREFETCH = TOOL_LONG, OPT_EXCLUSIVE, OPT_FROM, OPT_TIMEOUT, OPT_BATCH, OPT_TO,
	OPT_COPY_META, OPT_ORDERED, OPT_TEMP
};

static const struct tool_option options[] = {
	PRINTER_OPTIONS,
	{ 'm', "manual", NULL, "print RECEIPT<TAB>BODY, and leave settling to mq-ack" },
	{ 'l', "lease", "DURATION", "with -m: leases run for so long from hand-out" },
	{ 'P', "parallel", "COUNT", "run so many commands at once (1)" },
	{ OPT_PREFETCH, "prefetch", "COUNT", "hold so many messages at most (8192; 1000 with -m; twice -P; more if they are fast)" },
	{ 'c', "count", "COUNT", "stop after so many messages" },
	{ 'W', "wait", "DURATION", "stop after having nothing to deliver for so long" },
	{ 'e', "empty", NULL, "stop when there is nothing to deliver" },
	{ OPT_BATCH, "batch", "COUNT", "give a command up to so many messages at once, one after the other" },
	{ OPT_TIMEOUT, "timeout", "DURATION", "end a command that takes longer, and retry its message" },
	{ OPT_TO, "to", "QUEUE", "publish what COMMAND prints there, exactly once" },
	{ OPT_COPY_META, "copy-meta", NULL, "with --to: with the key and headers of the input" },
	{ '1', "one", NULL, "with --to: all that COMMAND prints is one message" },
	BINDINGS_OPTIONS("a new group gets"),
	{ OPT_ORDERED, "ordered", NULL, "a new group is given one message of a key at a time, in order" },
	{ OPT_TEMP, "temp", NULL, "a group of its own, which goes when mq-sub does" },
	{ OPT_EXCLUSIVE, "exclusive", NULL, "of a new group: one consumer is given messages, the others stand by" },
	{ OPT_FROM, "from", "WHERE", "a new group starts at: oldest, newest, an id or a time" },
	{ 0 }
};

/* What not every engine can do. */
static const char *const asks[] = {
	"manual", "lease", "prefetch", "to", BINDINGS_ASKS,
	"ordered", "temp", "exclusive", "from", NULL
};

static const struct tool_status statuses[] = {
	{ 0, "something was delivered, or a signal asked to stop" },
	{ 1, "nothing was delivered" },
	{ 64, "usage" },
	{ 66, "no such queue or group, and it may not be made" },
	TOOL_STATUSES,
	{ 74, "input or output error, or the spool is damaged" },
	{ 75, "try again: the disk or the queue of --to is full, or the group is in use" },
	{ 77, "permission denied" },
	{ 78, "the group is not as asked for, or a setting forbids it" },
	{ 126, "COMMAND can't be executed, or said so" },
	{ 127, "COMMAND does not exist, or said so" },
	{ 0 }
};

static const struct tool tool = {
	.name = "mq-sub",
	.synopsis = "[options] QUEUE[/GROUP]\n[options] QUEUE[/GROUP] -- COMMAND [ARG...]\n"
	    "[options] --to QUEUE QUEUE[/GROUP] -- COMMAND [ARG...]",
	.purpose = "Delivers the messages of a group to stdout, or each to a run of COMMAND on its\n"
	    "stdin, and acknowledges those that were taken.",
	.options = options,
	.asks = asks,
	.statuses = statuses
};

#define PREFETCH_STDOUT	8192
#define PREFETCH_FAST	32768	/* to stdout, while its reader is fast */
#define MORE_COMMANDS	64	/* held for commands while they are fast */
#define PREFETCH_MANUAL	1000
#define PREFETCH_MAX	10000000
#define WORKERS_MAX	4096
#define BATCH_MAX	4096
#define BATCHES_MAX	32768	/* messages of all commands that run */

static void
set_to(struct sub *s, const char *arg)
{
	char group[MQS_NAME_MAX + 1];

	arg_queue(arg, s->to, group);
	if (group[0] != '\0')
		usage_error("--to: '%s': messages go to a queue, not to a group", arg);
}

/* Asks for a setting of the group; twice is once. */
static void
ask(struct sub *s, const char *setting)
{
	size_t i;

	for (i = 0; i < s->options.nsettings; i++)
		if (strcmp(s->settings[i], setting) == 0)
			return;
	s->settings[s->options.nsettings++] = setting;
	s->options.settings = s->settings;
}

static void
set_option(struct sub *s, int id, const char *arg)
{
	switch (id) {
	case 'm':
		s->options.flags |= MQS_MANUAL;
		break;
	case 'l':
		if ((s->options.lease = arg_duration("-l", arg)) == 0)
			usage_error("-l: '%s': too short", arg);
		break;
	case 'P':
		s->workers = (size_t)arg_number("-P", arg, 1, WORKERS_MAX);
		break;
	case OPT_PREFETCH:
		s->options.prefetch = (size_t)arg_number("--prefetch", arg, 1,
		    PREFETCH_MAX);
		break;
	case 'c':
		s->count = (uint64_t)arg_number("-c", arg, 1, INT64_MAX);
		break;
	case 'W':
		s->idle = arg_duration("-W", arg);
		break;
	case 'e':
		s->must_exist = 1;
		break;
	case OPT_ORDERED:
		ask(s, "ordered=on");
		break;
	case OPT_TEMP:
		s->options.flags |= MQS_TEMP;
		break;
	case OPT_EXCLUSIVE:
		ask(s, "exclusive=on");
		break;
	case OPT_FROM:
		arg_place("--from", arg, &s->options.from, &s->options.from_time);
		break;
	case OPT_BATCH:
		s->batch = (size_t)arg_number("--batch", arg, 1, BATCH_MAX);
		break;
	case OPT_TIMEOUT:
		if ((s->timeout = arg_duration("--timeout", arg)) == 0)
			usage_error("--timeout: '%s': too short", arg);
		break;
	case OPT_TO:
		set_to(s, arg);
		break;
	case OPT_COPY_META:
		s->copy_meta = 1;
		break;
	case '1':
		s->whole = 1;
		break;
	}
}

/* A group that nobody named; a temporary one has a name that is nobody else's. */
static void
name_group(struct sub *s, const char *operand)
{
	int temporary = s->options.flags & MQS_TEMP;
	uint64_t n;

	if (temporary && s->group[0] != '\0')
		usage_error("--temp: '%s': its group is named by mq-sub", operand);
	arc4random_buf(&n, sizeof(n));
	if (temporary)
		(void)snprintf(s->group, sizeof(s->group), "temp-%016" PRIx64, n);
	else if (s->group[0] == '\0')
		(void)strlcpy(s->group, "default", sizeof(s->group));
}

/* The queue and, after a "--", the command. */
static void
set_operands(struct sub *s, int argc, char **argv)
{
	int n = argc - tool_operand(), before = tool_dashes();

	argv += tool_operand();
	if (n == 0)
		usage_error("no queue was named: mq-sub QUEUE[/GROUP] prints its messages, "
		    "mq-sub QUEUE[/GROUP] -- COMMAND runs COMMAND for each");
	if (before > 1)
		usage_error("'%s': only one queue can be named", argv[1]);
	arg_queue(argv[0], s->queue, s->group);
	name_group(s, argv[0]);
	if (before == 1 && n == 1)
		usage_error("no command after --");
	if (before == 1)
		s->command = argv + 1;
	else if (n > 1)
		usage_error("'%s': a command goes behind --, and only one queue can be named",
		    argv[1]);
}

static void
check_to(const struct sub *s, int printing)
{
	if (s->to[0] != '\0' && s->batch != 0)
		usage_error("--to: not with --batch");
	if (s->to[0] == '\0' && (s->copy_meta || s->whole))
		usage_error("%s: only with --to", s->whole ? "-1" : "--copy-meta");
	if (s->to[0] == '\0')
		return;
	if (s->command == NULL)
		usage_error("--to: there is no command");
	if (strcmp(s->to, s->queue) == 0)
		usage_error("--to: '%s': that is where the messages come from", s->to);
	if (printing == 'f')
		usage_error("-f: what a command prints is not formatted");
	if (printing != 0 && s->whole)
		usage_error("-1 and -%c: only one of them", printing);
}

/* How many messages to hold, at least and at most. */
static void
set_hold(struct sub *s)
{
	s->hold = s->options.prefetch;
	if (s->hold != 0)
		return;
	if (s->command != NULL) {
		s->hold = 2 * s->workers * (s->batch != 0 ? s->batch : 1);
		s->options.prefetch = s->hold + (s->batch != 0 ? 0 : MORE_COMMANDS);
	} else if (s->options.flags & MQS_MANUAL) {
		s->hold = s->options.prefetch = PREFETCH_MANUAL;
	} else {
		s->hold = PREFETCH_STDOUT;
		s->options.prefetch = PREFETCH_FAST;
	}
}

/* Combinations that mean nothing. */
static void
check_options(struct sub *s, int printing)
{
	int manual = s->options.flags & MQS_MANUAL;

	if (s->command != NULL && manual)
		usage_error("-m: a command's messages are settled by its status");
	check_to(s, printing);
	if (s->command != NULL && printing != 0 && s->to[0] == '\0' && s->batch == 0)
		usage_error("-%c: a command is given the body alone", printing);
	if (s->command == NULL && s->batch != 0)
		usage_error("--batch: there is no command");
	if (s->workers * s->batch > BATCHES_MAX)
		usage_error("-P and --batch: more than %d messages at once", BATCHES_MAX);
	if (s->command == NULL && s->workers != 0)
		usage_error("-P: there is no command");
	if (s->command == NULL && s->timeout != 0)
		usage_error("--timeout: there is no command");
	if (manual && s->options.flags & MQS_TEMP)
		usage_error("-m: with --temp the receipts would not outlive mq-sub");
	if (s->options.lease != 0 && !manual)
		usage_error("-l: only with -m");
	if (manual && s->printer.format != NULL &&
	    !mqs_format_has_receipt(s->printer.format))
		usage_error("-f: with -m it must show the receipt (%%r)");
	s->printer.receipts = manual;
	if (s->workers == 0)
		s->workers = 1;
	set_hold(s);
	if (s->must_exist && s->idle == -1)
		s->idle = 0;
}

static void
parse(struct sub *s, int argc, char **argv)
{
	int id, printing = 0;
	const char *arg;

	tool_start(&tool, argc, argv);
	printer_init(&s->printer, STDOUT_FILENO);
	while ((id = tool_option(&arg)) != 0) {
		if (bindings_option(&s->bindings, id, arg))
			continue;
		if (printer_option(&s->printer, id, arg))
			printing = id;
		else
			set_option(s, id, arg);
	}
	bindings_done(&s->bindings);
	s->options.bindings = s->bindings.list;
	s->options.nbindings = s->bindings.n;
	set_operands(s, argc, argv);
	check_options(s, printing);
}

static int
exists(void *arg, const struct mqs_queue_stat *stat)
{
	(void)arg;
	(void)stat;
	return 0;
}

/*
 * Opens the spool.  Where deliveries can't outlive their consumer, another process has to be
 * there to hold them under -m, and only that one uses the spool.
 */
static void
open_sub_spool(struct sub *s)
{
	s->spool = open_spool(MQS_AUTOCREATE);
	s->serves = !mqs_can(s->spool, "manual-outlives");
	if (!s->serves || !(s->options.flags & MQS_MANUAL))
		return;
	mqs_spool_free(s->spool);
	holder_fork();
	s->spool = open_spool(MQS_AUTOCREATE);
}

static void
open_consumer(struct sub *s)
{
	struct mqs_error err;

	/* -e: the queue must be there, but not the group, which is made on first use. */
	if ((s->must_exist &&
	    mqs_stat(s->spool, s->queue, NULL, exists, NULL, NULL, &err) != MQS_OK) ||
	    mqs_consumer_open(&s->consumer, s->spool, s->queue, s->group,
	    &s->options, &err) != MQS_OK ||
	    (s->printer.json && queue_identity(s->spool, s->queue, s->uuid, &s->queue_uuid,
	    &err) != MQS_OK)) {
		if (stopping)
			signal_end(STATUS_OK);
		suggest_name(s->spool, s->queue, s->group, &err);
		fail_error(&err);
	}
	s->look = 1;
	s->idle_since = mqs_boottime();
}

/* Releases what is left, and says how it went. */
static int
finish(struct sub *s, int rc, struct mqs_error *err)
{
	struct mqs_error closing;
	int status = s->status, closed;

	closed = sub_close(s, rc == MQS_OK ? err : &closing);
	if (rc == MQS_OK)
		rc = closed;
	if (closed == MQS_OK && s->serves && (s->options.flags & MQS_MANUAL))
		holder_stay(s, rc, err);
	mqs_consumer_free(s->consumer);
	mqs_spool_free(s->spool);
	printer_free(&s->printer);
	bindings_free(&s->bindings);
	if (rc != MQS_OK && rc != MQS_EINTR)
		fail_error(err);
	if (stopping)
		signal_end(status);
	return status == 0 && s->delivered == 0 ? STATUS_NOTHING : status;
}

int
main(int argc, char **argv)
{
	struct sub s = { .idle = -1 };
	struct mqs_error err = { 0 };
	int rc;

	parse(&s, argc, argv);
	catch_signals(1);
	open_sub_spool(&s);
	open_consumer(&s);
	rc = s.command != NULL ? deliver_to_command(&s, &err) : deliver_to_stdout(&s, &err);
	return finish(&s, rc, &err);
}
