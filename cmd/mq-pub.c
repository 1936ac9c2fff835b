/*
 * mq-pub - appends messages to a queue
 *
 * The tool exits with 0 only when every message is on stable storage.  Records come from
 * operands, files or stdin (pub/publish_input.c) and become messages (pub/record.c),
 * which are published in batches (pub/batch.c), copies under --mirror with marks of their
 * own (pub/mirror.c).  Bad records end the run or are put
 * aside (pub/reject.c).
 */
#include <errno.h>
#include <stdlib.h>
#include <string.h>

#include "base/bytes.h"
#include "base/units.h"
#include "common/arguments.h"
#include "common/diagnostics.h"
#include "common/exit_status.h"
#include "common/open_spool.h"
#include "common/signals.h"
#include "common/tool.h"
#include "message/framing.h"
#include "message/headers.h"
#include "mqspool.h"
#include "pub/batch.h"
#include "pub/call.h"
#include "pub/delivery_options.h"
#include "pub/mirror.h"
#include "pub/publish_input.h"
#include "pub/record.h"
#include "pub/reject.h"

enum {
	OPTION_RECEIPTS = TOOL_LONG,
	OPTION_CALL,
	OPTION_ATOMIC,
	OPTION_MANDATORY,
	OPTION_MIRROR,
	OPTION_REJECT_TO,
	OPTION_EXPECT_LAST
};

/* After a signal: for publishing what was read. */
#define GRACE_MS	900

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

/* What the command line said. */
struct request {
	int		 files, one, json, print_ids, receipts, atomic, mandatory, mirror, call;
	int64_t		 wait;		/* ns; -1: for ever */
	const char	*key, *reject_to, *expect_last;
	char		 delim[MQS_DELIM_MAX], key_delim[MQS_DELIM_MAX];
	size_t		 delim_len, key_delim_len;
	int		 delim_given;
	struct mqs_buf	 headers;
	struct delivery_options	 delivery;
	char		 queue[MQS_NAME_MAX + 1];
	char		**operands;
	int		 n_operands;
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
		{ OPTION_MIRROR, &q->mirror },
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
		usage_error("no queue named");
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

static void
parse(struct request *q, int argc, char **argv)
{
	const char *arg;
	int id;

	*q = (struct request){ .delim = "\n", .delim_len = 1, .wait = -1,
	    .delivery = DELIVERY_OPTIONS_INIT };
	while ((id = tool_option(&arg)) != 0)
		parse_option(q, id, arg);
	parse_operands(q, argc, argv);
	check_request(q);
}

/* The key and the headers that all messages share, checked before any is read. */
static void
set_base(struct recorder *r, const struct request *q)
{
	struct mqs_error err;

	r->base = (struct mqs_message)MQS_MESSAGE_INIT;
	r->base.body = "";
	if (q->key != NULL) {
		r->base.key = q->key;
		r->base.key_len = strlen(q->key);
	}
	r->base.headers = q->headers.p;
	r->base.headers_len = q->headers.n;
	r->base.message_id = q->delivery.message_id;
	r->base.message_id_len = q->delivery.message_id == NULL ? 0 :
	    strlen(q->delivery.message_id);
	if (mqs_message_check(&r->base, &err) != 0)
		usage_error("%s", err.text);
	r->base.body = NULL;
	r->base.message_id = NULL;	/* only one message gets it */
	r->base.message_id_len = 0;
}

static int
publish(struct recorder *r, const struct request *q)
{
	const struct mqs_slice delim = { q->delim, q->one ? 0 : q->delim_len };

	if (q->files)
		return publish_files(r, q->operands, q->n_operands);
	if (q->n_operands > 0)
		return publish_operands(r, q->operands, q->n_operands);
	return publish_stdin(r, delim);
}

/* Says what came of it; returns the exit status, or leaves by the signal. */
static int
finish(const struct batch *b, const struct reject *reject, int all)
{
	unsigned long long n = b->published;

	if (reject != NULL && reject->count > 0)
		complain("%s: %llu bad record%s %s put there", reject->path,
		    (unsigned long long)reject->count, mqs_plural(reject->count),
		    mqs_were(reject->count));
	if (b->passed_over > 0)
		note("%s: %llu message%s %s not published: they have been there", b->queue,
		    (unsigned long long)b->passed_over, mqs_plural(b->passed_over),
		    mqs_were(b->passed_over));
	if (stopping != 0 && !all)
		complain("%s: stopped by a signal: %llu message%s %s published",
		    b->queue, n, mqs_plural(n), mqs_were(n));
	else
		note("%s: %llu message%s %s published", b->queue, n, mqs_plural(n),
		    mqs_were(n));
	if (stopping != 0)
		signal_end(all ? STATUS_OK : STATUS_AGAIN);
	return STATUS_OK;
}

static struct mqs_spool *volatile left_open;	/* so that leak checkers see who has it */

static int
run(struct request *q)
{
	struct batch batch = { .atomic = q->atomic || q->call, .wait = q->wait,
	    .mandatory = q->mandatory, .print = q->print_ids ? PRINT_IDS :
	    q->receipts ? PRINT_RECEIPTS : PRINT_NOTHING };
	struct recorder recorder = { .batch = &batch, .json = q->json,
	    .keep = q->json || q->files || q->atomic || q->call,
	    .key_delim_len = q->key_delim_len, .delivery = q->delivery };
	struct mirror mirror = { .uuid = "" };
	struct reject reject;
	struct mqs_spool *spool;
	struct pub_call call = { .wait = q->wait };
	int all;

	batch.bad = record_refused;
	batch.bad_arg = &recorder;
	batch.refused.json = q->json;
	batch.refused.key_delim = (struct mqs_slice){ q->key_delim, q->key_delim_len };
	memcpy(recorder.key_delim, q->key_delim, sizeof(recorder.key_delim));
	set_base(&recorder, q);
	spool = open_spool(MQS_AUTOCREATE);
	if (q->reject_to != NULL) {
		reject_open(&reject, q->reject_to, (struct mqs_slice){ q->delim, q->delim_len });
		recorder.reject = batch.refused.reject = &reject;
	}
	/* Before the queue is made for it. */
	if (q->expect_last != NULL && strcmp(q->expect_last, "0") != 0 &&
	    !mqs_is_id(spool, q->expect_last))
		usage_error("--expect-last: '%s': not an id", q->expect_last);
	batch_open(&batch, spool, q->queue);
	if (q->mirror) {
		mirror_open(&mirror, spool, q->queue);
		recorder.mirror = &mirror;
	}
	if (q->expect_last != NULL)
		batch_expect(&batch, q->expect_last, q->key);
	if (q->call) {
		call_begin(&call, spool, q->queue, &q->headers);
		recorder.call = &call;
		set_base(&recorder, q);
	}
	all = publish(&recorder, q);
	if (recorder.reject != NULL)
		reject_close(&reject);
	batch_close(&batch);
	record_free(&recorder);
	mirror_free(&mirror);
	/*
	 * The spool is left as it is: closing would wait for the gate and undo a map
	 * that the end of the process undoes anyway, a tenth of what one message costs.
	 */
	left_open = spool;
	return recorder.call != NULL && (all || batch.published > 0) ?
	    call_finish(&call, &batch) : finish(&batch, recorder.reject, all);
}

int
main(int argc, char **argv)
{
	struct request request;
	int status;

	tool_start(&tool, argc, argv);
	parse(&request, argc, argv);
	catch_signals(1);
	stop_grace(GRACE_MS);
	status = run(&request);
	mqs_buf_free(&request.headers);
	return status;
}
