/*
 * sub/filter_output.c - what a command printed, made into messages of another queue
 *
 * Records are as in mq-pub's input: a body, or under -J an envelope.  Short records are
 * copied until they are published, long records go to files of the queue in pieces:
 * memory grows only with the short records of one output.  An empty output makes no
 * message.
 */
#include <sys/stat.h>

#include <errno.h>
#include <stdio.h>
#include <string.h>

#include "base/error.h"
#include "message/headers.h"
#include "mqspool.h"
#include "sub/arena.h"
#include "sub/filter_output.h"

#define READ_BYTES	((size_t)64 * 1024)
#define LARGE_MAX	256	/* each is an open file until the flush */

static int
no_memory(struct mqs_error *err)
{
	errno = ENOMEM;
	return mqs_fail_errno(err, "output of a command");
}

/* Says what is wrong with the record, if it is that. */
static int
judge(struct filter_output *o, int rc, const struct mqs_error *why, struct mqs_error *err)
{
	if (rc == MQS_EDATA)
		(void)snprintf(o->fault, sizeof(o->fault), "output: message %llu: %.400s",
		    o->number, why->text);
	if (rc != MQS_OK && err != NULL)
		*err = *why;
	return rc;
}

/* Copies n bytes at *p, which may be NULL then: 0 or -1. */
static int
keep(struct filter_output *o, const void **p, size_t n)
{
	*p = *p == NULL && n == 0 ? NULL : arena_copy(&o->arena, *p, n);
	return *p == NULL && n > 0 ? -1 : 0;
}

static int
keep_text(struct filter_output *o, const char **p, size_t n)
{
	const void *q = *p;
	int rc = keep(o, &q, n);

	*p = q;
	return rc;
}

static int
send(struct filter_output *o, const struct mqs_message *m, struct mqs_error *err)
{
	const uint64_t tag = (uint64_t)o->input << 32 | (uint32_t)o->number;
	struct mqs_error why;

	return judge(o, mqs_publisher_send(o->publisher, m, tag, &why), &why, err);
}

static int
send_envelope(struct filter_output *o, struct mqs_slice line, struct mqs_error *err)
{
	struct mqs_message m;
	struct mqs_error why;
	int rc;

	rc = mqs_envelope_parse(&o->envelope, line.p, line.n, 1, &why);
	if (rc != MQS_OK)
		return judge(o, rc, &why, err);
	m = o->envelope.message;
	o->filled.n = 0;
	if (mqs_buf_add(&o->filled, m.headers, m.headers_len) != 0 ||
	    mqs_headers_fill(&o->filled, m.headers, m.headers_len, o->headers.p,
	    o->headers.n) != 0)
		return no_memory(err);
	m.headers = o->filled.p;
	m.headers_len = o->filled.n;
	if (m.key_len == 0) {
		m.key = o->key.p;
		m.key_len = o->key.n;
	}
	if (keep_text(o, &m.key, m.key_len) != 0 ||
	    keep_text(o, &m.headers, m.headers_len) != 0 ||
	    keep_text(o, &m.message_id, m.message_id_len) != 0 ||
	    keep(o, &m.body, (size_t)m.body_len) != 0)
		return no_memory(err);
	return send(o, &m, err);
}

static struct mqs_message
base(const struct filter_output *o)
{
	struct mqs_message m = MQS_MESSAGE_INIT;

	m.key = o->key.p;
	m.key_len = o->key.n;
	m.headers = o->headers.p;
	m.headers_len = o->headers.n;
	return m;
}

static int
send_body(struct filter_output *o, struct mqs_slice body, struct mqs_error *err)
{
	struct mqs_message m = base(o);

	m.body = body.p;
	m.body_len = body.n;
	if (keep(o, &m.body, body.n) != 0)
		return no_memory(err);
	return send(o, &m, err);
}

/* A piece of a long record. */
static int
send_piece(struct filter_output *o, enum mqs_piece kind, struct mqs_slice s,
    struct mqs_error *err)
{
	struct mqs_message *m = &o->long_message;
	struct mqs_error why;
	int rc;

	if (kind == MQS_PIECE_FIRST) {
		if (++o->large > LARGE_MAX)
			return mqs_fail(err, MQS_EBUSY, "more than %d large messages",
			    LARGE_MAX);
		*m = base(o);
		if ((rc = mqs_large_new(&m->large, o->publisher, err)) != MQS_OK)
			return rc;
	}
	rc = mqs_large_write(m->large, s.p, s.n, &why);
	if (rc != MQS_OK || kind != MQS_PIECE_LAST)
		return judge(o, rc, &why, err);
	if ((rc = send(o, m, err)) == MQS_OK)
		m->large = NULL;
	return rc;
}

static int
send_record(struct filter_output *o, enum mqs_piece kind, struct mqs_slice s,
    struct mqs_error *err)
{
	if (kind == MQS_PIECE_WHOLE || kind == MQS_PIECE_FIRST)
		o->number++;
	if (kind != MQS_PIECE_WHOLE)
		return send_piece(o, kind, s, err);
	return o->json ? send_envelope(o, s, err) : send_body(o, s, err);
}

static int
send_all(struct filter_output *o, struct mqs_split *split, int fd, struct mqs_error *err)
{
	enum mqs_piece kind;
	struct mqs_slice s;
	int rc;

	do {
		if (mqs_split_fill(split, fd) < 0 && errno != EINTR)
			return mqs_fail_errno(err, "output of a command");
		while ((kind = mqs_split_next(split, &s)) != MQS_PIECE_MORE)
			if ((rc = send_record(o, kind, s, err)) != MQS_OK)
				return rc;
	} while (!split->eof);
	return MQS_OK;
}

/*
 * Holds the messages of this output, which come behind `before' others, against the schema.
 * A schema that was set meanwhile may refuse one of the others: this output is not to blame,
 * and the flush finds the one that is.
 */
static int
check(struct filter_output *o, size_t before, struct mqs_error *err)
{
	struct mqs_error why;
	size_t index = 0;
	int rc = mqs_publisher_check(o->publisher, &index, &why);

	if (rc == MQS_EDATA && index < before)
		return MQS_OK;
	o->broken = rc == MQS_EDATA;
	o->number = index - before + 1;
	return judge(o, rc, &why, err);
}

int
filter_output_send(struct filter_output *o, int fd, struct mqs_error *err)
{
	const size_t before = mqs_publisher_pending(o->publisher, NULL);
	struct mqs_split split;
	struct stat st;
	int rc;

	o->broken = 0;
	o->number = 0;
	o->large = 0;
	if (fstat(fd, &st) != 0)
		return mqs_fail_errno(err, "output of a command");
	if (st.st_size == 0)
		return MQS_OK;
	mqs_split_init(&split, o->delim.p, o->delim.n, o->json ? 0 : MQS_INLINE_MAX,
	    READ_BYTES);
	rc = send_all(o, &split, fd, err);
	mqs_split_free(&split);
	mqs_large_free(o->long_message.large);
	o->long_message.large = NULL;
	return rc == MQS_OK ? check(o, before, err) : rc;
}

uint32_t
filter_output_refused(struct filter_output *o, uint64_t tag, const char *queue, const char *why)
{
	(void)snprintf(o->fault, sizeof(o->fault), "output: message %u: %s: the message %.400s",
	    (unsigned)(uint32_t)tag, queue, why);
	return (uint32_t)(tag >> 32);
}

void
filter_output_free(struct filter_output *o)
{
	arena_clear(&o->arena);
	mqs_envelope_free(&o->envelope);
	mqs_buf_free(&o->filled);
}
