/*
 * mq-ack - settles deliveries that another process took
 *
 * All receipts of a run are settled in one way, which the options name.  Where the
 * receipts come from, and what happens to one that is not valid: ack/settle_receipts.c.
 */
#include <string.h>
#include <unistd.h>

#include "ack/settle_receipts.h"
#include "base/name.h"
#include "common/arguments.h"
#include "common/diagnostics.h"
#include "common/exit_status.h"
#include "common/open_spool.h"
#include "common/signals.h"
#include "common/tool.h"
#include "mqspool.h"

enum {
	OPTION_RETRY = TOOL_LONG,
	OPTION_RELEASE,
	OPTION_REJECT,
	OPTION_EXTEND
};

/* After a signal: for settling what was read. */
#define GRACE_MS	900

static const struct tool_option options[] = {
	{ OPTION_RETRY, "retry", NULL, "deliver again after a delay instead (attempt counted)" },
	{ 'd', "delay", "DURATION", "with --retry: the delay (default: the group's backoff)" },
	{ OPTION_RELEASE, "release", NULL, "deliver again now instead (attempt not counted)" },
	{ OPTION_REJECT, "reject", "[REASON]", "make it a dead letter instead" },
	{ OPTION_EXTEND, "extend", "DURATION", "give the worker so much more time, from now, instead" },
	{ 'J', "envelopes", NULL, "every record is an envelope (as one that begins with { is anyway)" },
	{ '0', "null", NULL, "records end in NUL instead of newline" },
	{ 0, NULL, NULL, NULL }
};

/* What not every engine can do. */
static const char *const asks[] = {
	"retry", "release", "reject", "extend", NULL
};

static const struct tool_status statuses[] = {
	{ 0, "every delivery was settled" },
	{ 64, "usage; an operand that is not a receipt" },
	{ 65, "a line of stdin that is not a receipt" },
	{ 66, "a receipt that is no longer good, or whose queue or group does not exist" },
	TOOL_STATUSES,
	{ 74, "input or output error, or the spool is damaged" },
	{ 75, "try again: the disk is full, the group is in use, or a signal came" },
	{ 77, "permission denied" },
	{ 78, "a setting forbids it" },
	{ 0 }
};

static const struct tool tool = {
	.name = "mq-ack",
	.synopsis = "[options] [RECEIPT...]",
	.purpose = "Settles deliveries by their receipts: operands, or lines of stdin.",
	.options = options,
	.asks = asks,
	.statuses = statuses
};

struct request {
	struct mqs_settlement settlement;	/* verb 0: none was named */
	int		 delay_given;
	int		 json;
	char		 delim;		/* of records on stdin */
	char		**operands;
	int		 n_operands;
};

static void
set_verb(struct request *q, enum mqs_verb verb)
{
	if (q->settlement.verb != 0)
		usage_error("only one of --retry, --release, --reject, --extend");
	q->settlement.verb = verb;
}

static void
parse_reject(struct request *q, const char *reason)
{
	set_verb(q, MQS_REJECT);
	q->settlement.reason = "rejected";
	if (reason == NULL || reason[0] == '\0')
		return;
	if (mqs_utf8_valid(reason, strlen(reason), 1) != strlen(reason))
		usage_error("--reject: the reason is not UTF-8");
	q->settlement.reason = reason;
}

static void
parse_option(struct request *q, int id, const char *arg)
{
	switch (id) {
	case OPTION_RETRY:
		set_verb(q, MQS_RETRY);
		break;
	case 'd':
		q->settlement.delay = arg_duration("-d", arg);
		q->delay_given = 1;
		break;
	case OPTION_RELEASE:
		set_verb(q, MQS_RELEASE);
		break;
	case OPTION_REJECT:
		parse_reject(q, arg);
		break;
	case OPTION_EXTEND:
		set_verb(q, MQS_EXTEND);
		q->settlement.delay = arg_duration("--extend", arg);
		break;
	case 'J':
		q->json = 1;
		break;
	case '0':
		q->delim = '\0';
		break;
	default:
		usage_error("option -%c has no meaning here", id);
	}
}

static void
parse(struct request *q, int argc, char **argv)
{
	const char *arg;
	int id;

	*q = (struct request){ .delim = '\n' };
	q->settlement.delay = -1;
	while ((id = tool_option(&arg)) != 0)
		parse_option(q, id, arg);
	if (q->delay_given && q->settlement.verb != MQS_RETRY)
		usage_error("-d: only --retry has a delay");
	if (q->settlement.verb == 0)
		q->settlement.verb = MQS_ACK;
	q->operands = argv + tool_operand();
	q->n_operands = argc - tool_operand();
	if (q->n_operands > 0 && (q->json || q->delim == '\0'))
		usage_error("-J and -0 are for records on stdin");
}

static int
run(const struct request *q)
{
	struct ack a = { .settlement = &q->settlement, .json = q->json, .delim = q->delim };
	struct mqs_spool *spool = open_spool(MQS_AUTOCREATE);	/* dead-letter queues */
	int all;

	ack_open(&a, spool);
	if (q->n_operands > 0)
		all = ack_operands(&a, q->operands, q->n_operands);
	else {
		if (isatty(STDIN_FILENO))
			complain("reads receipts from the terminal, one a line, until its end");
		all = ack_stdin(&a);
	}
	ack_close(&a);
	mqs_spool_free(spool);
	note("%llu %s settled", (unsigned long long)a.settled,
	    a.settled == 1 ? "delivery was" : "deliveries were");
	if (stopping != 0)
		signal_end(a.status == STATUS_OK && !all ? STATUS_AGAIN : a.status);
	return a.status;
}

int
main(int argc, char **argv)
{
	struct request request;

	tool_start(&tool, argc, argv);
	parse(&request, argc, argv);
	catch_signals(1);
	stop_grace(GRACE_MS);
	return run(&request);
}
