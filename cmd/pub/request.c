/* pub/request.c - see request.h */
#include <string.h>

#include "common/arguments.h"
#include "common/diagnostics.h"
#include "common/progress.h"
#include "common/tool.h"
#include "message/headers.h"
#include "pub/request.h"

enum {
	OPTION_RECEIPTS = TOOL_LONG,
	OPTION_CALL,
	OPTION_ATOMIC,
	OPTION_MANDATORY,
	OPTION_MIRROR,
	OPTION_REJECT_TO,
	OPTION_EXPECT_LAST
};

static const struct tool_option options[] = {
	{ 'F', "files", NULL, "operands are files, each of them one message" },
	{ '1', "one", NULL, "all of stdin is one message" },
	{ 'k', "key", "KEY", "routing key of the messages" },
	{ 'K', "key-delimiter", "DELIM", "each record is KEY, DELIM, body" },
	{ 'H', "header", "NAME=VALUE", "add a header; may be repeated" },
	DELIVERY_OPTIONS,
	{ 'D', "delimiter", "DELIM", "records end in DELIM (escapes \\n \\t \\r \\0 \\\\ \\xNN) instead of newline" },
	{ '0', "null", NULL, "records end in NUL" },
	{ 'J', "envelopes", NULL, "each record is a JSON envelope; -k -H -p -d --at --ttl -i fill what it lacks" },
	{ 'I', "print-ids", NULL, "print each message's id once it is durable" },
	{ OPTION_RECEIPTS, "receipts", NULL, "with -J: print each envelope's receipt once its copy is durable" },
	{ OPTION_MIRROR, "mirror", NULL, "with -J: copies of messages, each published once however often it comes" },
	{ OPTION_CALL, "call", NULL, "publish one message, wait for the reply to it, and print that" },
	{ 'W', "wait", "DURATION", "wait no longer than this for room in a full queue, or for the reply" },
	{ OPTION_ATOMIC, "atomic", NULL, "publish all of the input or nothing (64M at most, without bodies over 256K)" },
	{ OPTION_MANDATORY, "mandatory", NULL, "fail (status 66) unless some group will get each message" },
	{ OPTION_EXPECT_LAST, "expect-last", "ID", "fail (status 75) unless the queue's last message, or with -k the key's, is ID (0: none)" },
	{ OPTION_REJECT_TO, "reject-to", "FILE", "append bad records to FILE and go on (status 0 then)" },
	PROGRESS_OPTION,
	{ 0, NULL, NULL, NULL }
};

/* What not every engine can do. */
static const char *const asks[] = {
	"key", "header", "priority", "delay", "at", "ttl", "message-id", "call",
	"wait", "atomic", "mandatory", "mirror", "expect-last", NULL
};

static const struct tool_status statuses[] = {
	{ 0, "every message is on stable storage; --call: its command succeeded" },
	{ 1, "--call: the command that handled the message failed" },
	{ 64, "usage" },
	{ 65, "bad input; the message says which record" },
	{ 66, "no such queue, and it may not be made; --mandatory: no group would get a message" },
	TOOL_STATUSES,
	{ 74, "input or output error, or the spool is damaged" },
	{ 75, "try again: no reply in time, the queue or disk is full or in use, or a signal came" },
	{ 77, "permission denied" },
	{ 78, "a setting forbids it" },
	{ 0 }
};

static const struct tool tool = {
	.name = "mq-pub",
	.synopsis = "[options] QUEUE [MESSAGE...]\n[options] -F QUEUE FILE...",
	.purpose = "Appends messages to a queue: the operands, or records from stdin.",
	.options = options,
	.asks = asks,
	.statuses = statuses
};

static size_t
parse_delim(const char *option, const char *arg, char delim[MQS_DELIM_MAX])
{
	const char *why;
	long n = mqs_unescape(arg, delim, MQS_DELIM_MAX, &why);

	if (n < 0)
		usage_error("%s: '%s': %s", option, arg, why);
	if (n == 0)
		usage_error("%s: the delimiter is empty", option);
	return (size_t)n;
}

/* Where it is noted that an option was given that is only given or not; NULL: it is another. */
static int *
find_switch(struct request *q, int id)
{
	const struct {
		int	 id, *at;
	} switches[] = {
		{ 'F', &q->files }, { '1', &q->one }, { 'J', &q->json }, { 'I', &q->print_ids },
		{ OPTION_RECEIPTS, &q->receipts }, { OPTION_CALL, &q->call },
		{ OPTION_ATOMIC, &q->atomic }, { OPTION_MANDATORY, &q->mandatory },
		{ OPTION_MIRROR, &q->mirror }, { OPT_PROGRESS, &q->progress },
	};
	size_t i;

	for (i = 0; i < sizeof(switches) / sizeof(switches[0]); i++)
		if (switches[i].id == id)
			return switches[i].at;
	return NULL;
}

static void
parse_option(struct request *q, int id, const char *arg)
{
	int *given = find_switch(q, id);

	if (given != NULL) {
		*given = 1;
		return;
	}
	if (delivery_option(&q->delivery, id, arg))
		return;
	switch (id) {
	case 'k':
		q->key = arg;
		break;
	case 'K':
		q->key_delim_len = parse_delim("-K", arg, q->key_delim);
		break;
	case 'H':
		arg_header(&q->headers, arg);
		break;
	case 'D':
		q->delim_len = parse_delim("-D", arg, q->delim);
		q->delim_given = 1;
		break;
	case '0':
		q->delim[0] = '\0';
		q->delim_len = 1;
		q->delim_given = 1;
		break;
	case 'W':
		q->wait = arg_duration("-W", arg);
		break;
	case OPTION_EXPECT_LAST:
		q->expect_last = arg;
		break;
	case OPTION_REJECT_TO:
		q->reject_to = arg;
		break;
	default:
		usage_error("option -%c has no meaning here", id);
	}
}

static void
parse_operands(struct request *q, int argc, char **argv)
{
	char group[MQS_NAME_MAX + 1];
	int at = tool_operand();

	if (at >= argc)
		usage_error("no queue was named: mq-pub QUEUE MESSAGE..., or COMMAND | mq-pub QUEUE");
	arg_queue(argv[at], q->queue, group);
	if (group[0] != '\0')
		usage_error("'%s': messages go to a queue, not to a group", argv[at]);
	q->operands = argv + at + 1;
	q->n_operands = argc - at - 1;
}

static void
check_call(const struct request *q)
{
	if (!q->call)
		return;
	if (q->n_operands > 1)
		usage_error("--call: one message, not %d", q->n_operands);
	if (q->print_ids || q->receipts || q->reject_to != NULL)
		usage_error("%s: not with --call", q->print_ids ? "-I" :
		    q->receipts ? "--receipts" : "--reject-to");
	if (q->delivery.message_id != NULL)
		usage_error("-i: not with --call: there may be no reply to what was "
		    "published before");
	if (mqs_headers_get(q->headers.p, q->headers.n, MQS_REPLY_TO) != NULL)
		usage_error("-H: " MQS_REPLY_TO " is set by --call");
}

/* With a key, all messages must be of that key, or the last of it would not be what counts. */
static void
check_expect(const struct request *q)
{
	if (q->expect_last == NULL)
		return;
	if (q->key_delim_len > 0)
		usage_error("--expect-last: not with -K: its key comes from -k");
	if (q->json && q->key != NULL)
		usage_error("--expect-last: not with -J and -k: envelopes have keys of their own");
	if (q->expect_last[0] == '\0')
		usage_error("--expect-last: '': not an id");
}

/* Combinations that can't mean anything are refused, not guessed at. */
static void
check_request(const struct request *q)
{
	if (q->files && q->n_operands == 0)
		usage_error("-F: no files named");
	if (q->one && q->n_operands > 0)
		usage_error("-1: stdin is not read when there are operands");
	if (q->delim_given && (q->one || q->n_operands > 0))
		usage_error("-D and -0 are for records on stdin");
	if (q->key_delim_len > 0 && (q->key != NULL || q->json))
		usage_error("-K: the key can't come from %s too", q->json ? "-J" : "-k");
	if (q->receipts && !q->json)
		usage_error("--receipts: only envelopes (-J) have receipts");
	if (q->receipts && q->print_ids)
		usage_error("--receipts and -I: only one of them can be printed");
	if (q->mirror && !q->json)
		usage_error("--mirror: only envelopes (-J) say what they are copies of");
	if (q->mirror && (q->call || q->delivery.message_id != NULL))
		usage_error("%s: not with --mirror, which gives each copy a message id",
		    q->call ? "--call" : "-i");
	delivery_options_check(&q->delivery, q->n_operands);
	check_call(q);
	check_expect(q);
}

void
request_read(struct request *q, int argc, char **argv)
{
	const char *arg;
	int id;

	tool_start(&tool, argc, argv);
	*q = (struct request){ .delim = "\n", .delim_len = 1, .wait = -1,
	    .delivery = DELIVERY_OPTIONS_INIT };
	while ((id = tool_option(&arg)) != 0)
		parse_option(q, id, arg);
	parse_operands(q, argc, argv);
	check_request(q);
}
