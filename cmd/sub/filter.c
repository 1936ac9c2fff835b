/*
 * sub/filter.c - mq-sub --to: publishing what commands print, exactly once
 *
 * A command's stdout is an unnamed file.  When the command has ended with 0, the file's
 * content becomes messages of a batch, together with the output of other commands that
 * ended meanwhile.  A commit costs a disk flush, so while other commands run, the batch
 * waits for FLUSH_AFTER.
 *
 * First the batch is committed to the other queue: the outputs, and a marker for each
 * input, in one transaction.  Then the inputs are settled (mqs_publisher_input).
 *
 * Killed before the commit: the inputs are delivered again, and the commands run again.
 * Killed between the two: the inputs are delivered again, but their markers are there.
 * If the marker is seen before the command starts, the input is acked without a run; if
 * not, the output of the new run is void.  Nor do such inputs become dead letters.
 *
 * Output that can't be parsed into messages counts as a failure of the command, and the
 * input is retried.  An input whose output is too large for a transaction, or breaks the
 * schema of the other queue, is rejected: the next time it would be so as well.
 *
 * The outputs are held against the schema when they come.  A schema that is set while they
 * wait may refuse one of them, and with it the batch.  Its input is rejected then.  The other
 * inputs are released, uncounted, and their commands run again.
 *
 * If publishing fails, nothing of the batch was published.  mq-sub ends, and the inputs
 * that are not settled are released.
 */
#include <stdlib.h>
#include <unistd.h>

#include "base/clock.h"
#include "base/error.h"
#include "common/diagnostics.h"
#include "common/signals.h"
#include "common/temporary_file.h"
#include "mqspool.h"
#include "sub/arena.h"
#include "sub/consumer.h"
#include "sub/filter.h"
#include "sub/filter_output.h"
#include "sub/handler.h"
#include "sub/sub.h"

#define FLUSH_BYTES	(UINT64_C(4) << 20)	/* published, whoever else is about to end */
#define FLUSH_INPUTS	1024
#define FLUSH_AFTER	(10 * MQS_MSEC)
#define GRACE_MS	10000

/* Whose output is it that breaks the schema?  The flush ends with that. */
static int
on_refused(void *arg, uint64_t tag, const struct mqs_message *m, const char *why)
{
	struct filter *f = arg;

	(void)m;
	f->refused = filter_output_refused(&f->output, tag, f->sub->to, why);
	return 1;
}

int
filter_init(struct filter *f, struct sub *s, struct mqs_error *err)
{
	const struct mqs_publisher_options options = { .wait = -1, .refused = on_refused,
	    .arg = f };
	struct filter_output *o = &f->output;
	int rc;

	*f = (struct filter){ .sub = s };
	o->json = s->printer.json;
	o->delim = (struct mqs_slice){ s->printer.delim,
	    s->whole ? 0 : s->printer.delim_len };
	if ((rc = mqs_publisher_open(&o->publisher, s->spool, s->to, &options,
	    err)) != MQS_OK ||
	    (rc = mqs_publisher_atomic(o->publisher, 1, err)) != MQS_OK ||
	    (rc = mqs_publisher_feed(o->publisher, s->consumer, err)) != MQS_OK)
		return rc;
	f->waiting = calloc(FLUSH_INPUTS, sizeof(*f->waiting));
	return f->waiting == NULL ? mqs_fail_errno(err, "%s", s->to) : MQS_OK;
}

void
filter_free(struct filter *f)
{
	while (f->n > 0)
		mqs_run_free(f->waiting[--f->n].run);
	free(f->waiting);
	mqs_publisher_free(f->output.publisher);
	filter_output_free(&f->output);
}

static int
done(const struct filter *f, const struct mqs_message *m, struct mqs_error *err)
{
	char id[MQS_ID_SIZE];

	note("%s/%s: %s: its output is in %s already", f->sub->queue, f->sub->group,
	    mqs_message_id(m, id), f->sub->to);
	return sub_done(f->sub, m, err);
}

int
filter_prepare(struct filter *f, struct handler *h, const struct mqs_message *m,
    struct mqs_error *err)
{
	int rc;

	rc = mqs_publisher_input_done(f->output.publisher, f->sub->consumer, m, err);
	if (rc != MQS_NOTHING)
		return rc == MQS_OK ? done(f, m, err) : rc;
	if (f->sub->copy_meta && (mqs_buf_add(&h->meta, m->key, m->key_len) != 0 ||
	    mqs_buf_add(&h->meta, m->headers, m->headers_len) != 0))
		return mqs_fail_errno(err, "%s", f->sub->to);
	h->meta_key = f->sub->copy_meta ? m->key_len : 0;
	return temporary_file_open(&h->output, err);
}

/* What --copy-meta copies stays until the batch is published. */
static int
keep_meta(struct filter *f, const struct handler *h, struct mqs_error *err)
{
	struct filter_output *o = &f->output;
	const char *copy = arena_copy(&o->arena, h->meta.p, h->meta.n);

	if (copy == NULL)
		return mqs_fail_errno(err, "%s", f->sub->to);
	o->key = (struct mqs_slice){ copy, h->meta_key };
	o->headers = (struct mqs_slice){ copy + h->meta_key, h->meta.n - h->meta_key };
	return MQS_OK;
}

/*
 * Puts the output into the batch: MQS_EBUSY (too much for the batch, or, as `never' says
 * then, for the queue's limits) or MQS_EDATA leave nothing of it there.
 */
static int
add(struct filter *f, const struct handler *h, struct mqs_error *err)
{
	const struct mqs_message m = { .seq = h->seq, .lease = h->lease };
	struct filter_output *o = &f->output;
	int rc, fd;

	o->input = (uint32_t)f->n;
	if ((rc = keep_meta(f, h, err)) != MQS_OK ||
	    (rc = temporary_file_reopen(&fd, h->output, err)) != MQS_OK)
		return rc;
	if ((rc = mqs_publisher_input(o->publisher, f->sub->consumer, &m, err)) == MQS_OK) {
		rc = filter_output_send(o, fd, err);
		f->never = rc == MQS_OK && !mqs_publisher_input_fits(o->publisher);
		if (f->never)
			rc = MQS_EBUSY;
		if (rc != MQS_OK)
			mqs_publisher_input_drop(o->publisher);
	}
	(void)close(fd);
	return rc;
}

int
filter_take(struct filter *f, struct handler *h, struct mqs_settlement *how,
    struct mqs_error *err)
{
	uint64_t bytes;
	int rc;

	if ((rc = add(f, h, err)) == MQS_EBUSY && f->n > 0) {
		if ((rc = filter_flush(f, err)) != MQS_OK)
			return rc;
		rc = add(f, h, err);
	}
	if (rc == MQS_EBUSY || rc == MQS_EDATA) {
		how->verb = rc == MQS_EDATA && !f->output.broken ? MQS_RETRY : MQS_REJECT;
		how->reason = rc == MQS_EDATA ? f->output.fault : f->never ?
		    "output larger than its queue may ever hold" :
		    "output too large for one transaction";
		return MQS_OK;
	}
	if (rc != MQS_OK)
		return rc;
	if (f->n == 0)
		f->due = mqs_boottime() + FLUSH_AFTER;
	f->waiting[f->n++] = (struct filtered){ h->seq, h->lease, h->run };
	h->run = NULL;
	(void)mqs_publisher_pending(f->output.publisher, &bytes);
	if ((bytes >= FLUSH_BYTES || f->n == FLUSH_INPUTS) &&
	    (rc = filter_flush(f, err)) != MQS_OK)
		return rc;
	return MQS_NOTHING;
}

/* What becomes of an input whose batch was published, or refused because of some input. */
static struct mqs_settlement
outcome(const struct filter *f, size_t i)
{
	struct mqs_settlement how = { .seq = f->waiting[i].seq, .lease = f->waiting[i].lease,
	    .verb = MQS_ACK };

	if (f->refused == i) {
		how.verb = MQS_REJECT;
		how.reason = f->output.fault;
	} else if (f->refused != SIZE_MAX) {
		how.verb = MQS_RELEASE;
		f->sub->delivered--;
		f->sub->read--;
	}
	return how;
}

int
filter_flush(struct filter *f, struct mqs_error *err)
{
	struct mqs_settlement how;
	int rc, first;
	size_t i;

	if (f->n == 0)
		return MQS_OK;
	stop_grace(GRACE_MS);
	f->refused = SIZE_MAX;
	first = mqs_publisher_flush(f->output.publisher, err);
	if (first == MQS_EDATA && f->refused < f->n)
		first = MQS_OK;
	arena_clear(&f->output.arena);
	for (i = 0; i < f->n; i++) {
		how = outcome(f, i);
		if (first == MQS_OK && (rc = sub_settle(f->sub, &how, err)) != MQS_OK)
			first = rc;
		mqs_run_free(f->waiting[i].run);
	}
	f->n = 0;
	return first;
}

int64_t
filter_patience(const struct filter *f)
{
	int64_t left = f->due - mqs_boottime();

	if (f->n == 0)
		return -1;
	return left > 0 ? left : 0;
}

int
filter_flush_due(struct filter *f, struct mqs_error *err)
{
	return filter_patience(f) == 0 ? filter_flush(f, err) : MQS_OK;
}
