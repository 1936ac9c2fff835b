/*
 * mq-pub - appends messages to a queue
 *
 * The tool exits with 0 only when every message is on stable storage.  The command line
 * (pub/request.c) says where records come from: operands, files or stdin
 * (pub/publish_input.c).  They become messages (pub/record.c), which are published in batches
 * (pub/batch.c), copies under --mirror with marks of their own (pub/mirror.c).  Bad records
 * end the run or are put aside (pub/reject.c).
 */
#include <string.h>
#include <unistd.h>

#include "base/units.h"
#include "common/diagnostics.h"
#include "common/exit_status.h"
#include "common/open_spool.h"
#include "common/progress.h"
#include "common/signals.h"
#include "message/headers.h"
#include "pub/batch.h"
#include "pub/call.h"
#include "pub/input_position.h"
#include "pub/mirror.h"
#include "pub/publish_input.h"
#include "pub/record.h"
#include "pub/reject.h"
#include "pub/request.h"

/* After a signal: for publishing what was read. */
#define GRACE_MS	900

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

/* Shows progress where nothing else is typed or shown on the terminal. */
static void
start_progress(const struct request *q)
{
	const int prints = q->print_ids || q->receipts;
	const int reads = !q->files && q->n_operands == 0;

	progress_start(q->progress, !q->call && !(reads && isatty(STDIN_FILENO)) &&
	    !(prints && isatty(STDOUT_FILENO)));
}

static struct mqs_spool *volatile left_open;	/* so that leak checkers see who has it */

/* A new queue has no message that could be the last one, and no index of keys. */
static int
may_create(const struct request *q)
{
	return q->expect_last == NULL || (q->key == NULL && strcmp(q->expect_last, "0") == 0);
}

static void
check_expected(const struct request *q, const struct mqs_spool *spool)
{
	if (q->expect_last != NULL && strcmp(q->expect_last, "0") != 0 &&
	    !mqs_is_id(spool, q->expect_last))
		usage_error("--expect-last: '%s': not an id", q->expect_last);
}

static int
run(struct request *q)
{
	struct batch batch = { .atomic = q->atomic || q->call,
	    .single = q->call && !q->atomic, .wait = q->wait,
	    .mandatory = q->mandatory, .mirror = q->mirror, .print = q->print_ids ? PRINT_IDS :
	    q->receipts ? PRINT_RECEIPTS : PRINT_NOTHING };
	struct recorder recorder = { .batch = &batch, .json = q->json,
	    .keep = q->json || q->files || q->atomic || q->call,
	    .key_delim_len = q->key_delim_len, .delivery = q->delivery };
	struct mirror mirror = { .uuid = "" };
	struct reject reject;
	struct mqs_spool *spool;
	struct pub_call call = { .wait = q->wait };
	int all, called, status = STATUS_OK;

	batch.bad = record_refused;
	batch.bad_arg = &recorder;
	batch.refused.json = q->json;
	batch.refused.key_delim = (struct mqs_slice){ q->key_delim, q->key_delim_len };
	memcpy(recorder.key_delim, q->key_delim, sizeof(recorder.key_delim));
	set_base(&recorder, q);
	start_progress(q);
	spool = open_spool(may_create(q) ? MQS_AUTOCREATE : 0);
	if (q->reject_to != NULL) {
		reject_open(&reject, q->reject_to, (struct mqs_slice){ q->delim, q->delim_len });
		recorder.reject = batch.refused.reject = &reject;
	}
	check_expected(q, spool);	/* before the queue is made for it */
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
	progress_step(q->queue, "message", &batch.published, input_position);
	all = publish(&recorder, q);
	progress_done();
	if (recorder.reject != NULL)
		reject_close(&reject);
	batch_tell_dropped(&batch);
	/* Before the publisher is freed: a cluster's reply comes by way of it. */
	called = recorder.call != NULL && (all || batch.published > 0);
	if (called)
		status = call_finish(&call, &batch);
	batch_close(&batch);
	record_free(&recorder);
	mirror_free(&mirror);
	/*
	 * The spool is left as it is: closing would wait for the gate and undo a map
	 * that the end of the process undoes anyway, a tenth of what one message costs.
	 */
	left_open = spool;
	return called ? status : finish(&batch, recorder.reject, all);
}

int
main(int argc, char **argv)
{
	struct request request;
	int status;

	request_read(&request, argc, argv);
	catch_signals(1);
	stop_grace(GRACE_MS);
	status = run(&request);
	mqs_buf_free(&request.headers);
	return status;
}
