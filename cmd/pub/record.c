/*
 * pub/record.c - records of mq-pub's input made into messages
 *
 * A record is a body; under -K a key, a delimiter and a body; under -J an envelope.  A
 * record longer than MQS_INLINE_MAX comes in pieces (except under -J), which go to a
 * file of the library one by one.
 *
 * The first bad record ends the run, after the records before it have been published
 * (under --atomic nothing is published).  With --reject-to it is put aside instead.
 */
#include <errno.h>
#include <string.h>

#include "base/name.h"
#include "base/units.h"
#include "common/diagnostics.h"
#include "common/exit_status.h"
#include "message/headers.h"
#include "mqspool.h"
#include "pub/batch.h"
#include "pub/call.h"
#include "pub/delivery_options.h"
#include "pub/read_ahead.h"
#include "pub/record.h"
#include "pub/reject.h"

static void __attribute__((noreturn))
no_memory(const struct recorder *r)
{
	fail(STATUS_SYSTEM, "%s: %s", r->source, strerror(ENOMEM));
}

static void __attribute__((noreturn))
end_at(const struct recorder *r, uint64_t number, int status, const char *reason)
{
	const char *source = r->paths != NULL ? r->paths[number - 1] : r->source;

	note("%s: %llu message%s %s published", r->batch->queue,
	    (unsigned long long)r->batch->published, mqs_plural(r->batch->published),
	    mqs_were(r->batch->published));
	if (r->unit != NULL)
		fail(status, "%s: %s %llu: %s", source, r->unit,
		    (unsigned long long)number, reason);
	fail(status, "%s: %s", source, reason);
}

void
record_bad(struct recorder *r, const char *reason)
{
	if (r->reject != NULL)
		return;
	if (!r->batch->atomic)
		batch_flush(r->batch);
	end_at(r, r->number, r->bad_status, reason);
}

void
record_refused(void *recorder, uint64_t number, const char *why)
{
	/* An operand that breaks a contract is no usage error. */
	end_at(recorder, number, STATUS_DATA, why);
}

static void __attribute__((noreturn))
too_much(const struct recorder *r)
{
	fail(STATUS_DATA, "%s: more than --atomic can publish at once (64 MiB); "
	    "nothing was published", r->source);
}

/* Adds a message, flushing where that makes room: 0, or -1 if the message is bad. */
static int
add(struct recorder *r, struct mqs_message *m, int keep, const char *receipt)
{
	const char *fault = delivery_options_fill(&r->delivery, m);
	struct mqs_error err;
	int code;

	if (fault == NULL && r->call != NULL)
		fault = call_fill(r->call, m);
	if (fault != NULL) {
		record_bad(r, fault);
		return -1;
	}
	r->batch->number = r->number;
	code = batch_add(r->batch, m, keep, receipt, &err);
	if (code == MQS_EBUSY && !r->batch->atomic) {
		batch_flush(r->batch);
		code = batch_add(r->batch, m, keep, receipt, &err);
	}
	if (code == MQS_EBUSY && r->batch->atomic)
		too_much(r);
	if (code == MQS_EBUSY)
		fail(STATUS_BUG, "%s: no room for one message", r->batch->queue);
	if (code == MQS_OK)
		delivery_options_used(&r->delivery, m);
	else
		record_bad(r, err.text);
	return code == MQS_OK ? 0 : -1;
}

/* Splits a record at -K's delimiter: 0, or -1 if there is none (in the first `within'). */
static int
split_key(struct recorder *r, struct mqs_slice *body, size_t within,
    struct mqs_message *m)
{
	const char *at;

	if (r->key_delim_len == 0)
		return 0;
	if (within > body->n)
		within = body->n;
	at = memmem(body->p, within, r->key_delim, r->key_delim_len);
	if (at == NULL) {
		record_bad(r, "no key: the delimiter of -K is not in it");
		return -1;
	}
	m->key = body->p;
	m->key_len = (size_t)(at - m->key);
	body->p = at + r->key_delim_len;
	body->n -= m->key_len + r->key_delim_len;
	return 0;
}

/* The headers of an envelope, and those of the options whose names it lacks. */
static void
merge_headers(struct recorder *r, struct mqs_message *m)
{
	if (r->base.headers_len == 0)
		return;
	r->headers.n = 0;
	if (mqs_buf_add(&r->headers, m->headers, m->headers_len) != 0 ||
	    mqs_headers_fill(&r->headers, m->headers, m->headers_len,
	    r->base.headers, r->base.headers_len) != 0)
		no_memory(r);
	m->headers = r->headers.p;
	m->headers_len = r->headers.n;
}

/* Why an envelope's receipt can't be passed on, or NULL. */
static const char *
receipt_fault(const char *receipt)
{
	char queue[MQS_NAME_MAX + 1], group[MQS_NAME_MAX + 1];
	const char *rest, *why;

	if (receipt == NULL)
		return "no \"receipt\", which --receipts is to print";
	return mqs_receipt_split(receipt, queue, group, &rest, &why) == 0 ? NULL :
	    "\"receipt\" is malformed";
}

static int
take_envelope(struct recorder *r, struct mqs_slice line)
{
	struct mqs_envelope *e = &r->envelope;
	struct mqs_message m;
	struct mqs_error err;
	const char *fault = NULL, *receipt;
	int home = 0;

	if (mqs_envelope_parse(e, line.p, line.n, 1, &err) != 0) {
		if (err.code != MQS_EDATA)
			batch_fail(r->batch, &err);
		fault = err.text;
	} else if (r->batch->print == PRINT_RECEIPTS) {
		fault = receipt_fault(e->receipt);
	}
	m = e->message;
	if (fault == NULL && r->mirror != NULL)
		fault = mirror_fill(r->mirror, e, &m, &home);
	if (fault != NULL) {
		record_bad(r, fault);
		return -1;
	}
	receipt = r->batch->print == PRINT_RECEIPTS ? e->receipt : NULL;
	if (home) {
		batch_pass_over(r->batch, receipt);
		return 0;
	}
	if (m.key_len == 0) {
		m.key = r->base.key;
		m.key_len = r->base.key_len;
	}
	merge_headers(r, &m);
	r->batch->line = line;
	return add(r, &m, 1, receipt);
}

static int
take_body(struct recorder *r, struct mqs_slice body)
{
	struct mqs_message m = r->base;

	if (split_key(r, &body, body.n, &m) != 0)
		return -1;
	m.body = body.n > 0 ? body.p : "";
	m.body_len = body.n;
	return add(r, &m, r->keep, NULL);
}

static void
take_whole(struct recorder *r, struct mqs_slice record)
{
	int bad = r->json ? take_envelope(r, record) : take_body(r, record);

	if (bad)
		reject_record(r->reject, record);
}

/* The long record turned out to be bad: lets go of what the library has of it. */
static void
spoil_long(struct recorder *r)
{
	mqs_large_free(r->long_message.large);
	r->long_message.large = NULL;
	r->long_bad = 1;
}

static void
write_long(struct recorder *r, struct mqs_slice piece)
{
	struct mqs_error err;
	int code;

	if (r->long_bad || piece.n == 0)
		return;
	code = mqs_large_write(r->long_message.large, piece.p, piece.n, &err);
	if (code == MQS_OK)
		return;
	spoil_long(r);
	if (code != MQS_EDATA)
		batch_fail(r->batch, &err);
	record_bad(r, err.text);
}

/* A long record's key must outlast the piece that it stands in. */
static void
keep_key(struct recorder *r)
{
	struct mqs_message *m = &r->long_message;
	const char *copy = batch_keep(r->batch, m->key, m->key_len);

	if (copy == NULL && !r->batch->atomic) {
		batch_flush(r->batch);
		copy = batch_keep(r->batch, m->key, m->key_len);
	}
	if (copy == NULL)
		too_much(r);
	m->key = copy;
}

static void
begin_long(struct recorder *r, struct mqs_slice *piece)
{
	struct mqs_error err;

	r->long_message = r->base;
	r->long_bad = 0;
	if (split_key(r, piece, MQS_KEY_MAX + r->key_delim_len, &r->long_message) != 0) {
		r->long_bad = 1;
		return;
	}
	if (r->key_delim_len > 0)
		keep_key(r);
	if (mqs_large_new(&r->long_message.large, r->batch->publisher, &err) != 0)
		batch_fail(r->batch, &err);
}

static void
end_long(struct recorder *r)
{
	struct mqs_message *m = &r->long_message;

	if (!r->long_bad) {
		m->body_len = mqs_large_size(m->large);
		if (add(r, m, 0, NULL) != 0)
			spoil_long(r);
		m->large = NULL;	/* the publisher's now */
	}
	if (r->reject != NULL)
		reject_held(r->reject, r->long_bad);
	/* A flush in the midst of the record has freed its key's place in `kept'. */
	if (r->key_delim_len > 0 && !r->batch->atomic)
		batch_flush(r->batch);
}

void
record_take(struct recorder *r, enum mqs_piece kind, struct mqs_slice piece)
{
	if (kind == MQS_PIECE_WHOLE || kind == MQS_PIECE_FIRST)
		r->number++;
	if (kind == MQS_PIECE_WHOLE) {
		take_whole(r, piece);
		return;
	}
	if (r->reject != NULL)
		reject_hold(r->reject, piece);
	if (kind == MQS_PIECE_FIRST)
		begin_long(r, &piece);
	write_long(r, piece);
	if (kind == MQS_PIECE_LAST)
		end_long(r);
}

size_t
record_take_some(struct recorder *r, const struct piece *pieces, size_t n)
{
	struct mqs_body bodies[256];
	size_t i, sent = 0;

	if (!r->json && !r->keep && r->key_delim_len == 0 && !r->delivery.given &&
	    r->call == NULL) {
		for (i = 0; i < n && i < sizeof(bodies) / sizeof(bodies[0]) &&
		    pieces[i].kind == MQS_PIECE_WHOLE; i++)
			bodies[i] = (struct mqs_body){ pieces[i].bytes.p, pieces[i].bytes.n };
		sent = mqs_publisher_send_like(r->batch->publisher, bodies, i);
		r->number += sent;
	}
	if (sent > 0)
		return sent;
	record_take(r, pieces[0].kind, pieces[0].bytes);
	return 1;
}

void
record_drop(struct recorder *r)
{
	mqs_large_free(r->long_message.large);
	r->long_message.large = NULL;
	if (r->reject != NULL)
		reject_held(r->reject, 0);
}

void
record_free(struct recorder *r)
{
	mqs_envelope_free(&r->envelope);
	mqs_buf_free(&r->headers);
}
