/* publisher_batch.c - see publisher.h: messages are collected until they are flushed */
#include <errno.h>
#include <stdlib.h>
#include <string.h>
#include <unistd.h>

#include "amqp/call.h"
#include "amqp/publisher.h"
#include "amqp/publisher_delay.h"
#include "amqp/publisher_limit.h"
#include "base/clock.h"
#include "base/error.h"
#include "message/headers.h"

/* Bytes of a batch that is to be flushed. */
#define BATCH_BYTES	(16u << 20)
/* Large bodies in a batch: each is an open file. */
#define BATCH_LARGE	64
#define COPY_BYTES	65536

static int
reserve(void **array, size_t n, size_t *cap, size_t size)
{
	size_t more = *cap == 0 ? 64 : *cap * 2;
	void *p;

	if (n < *cap)
		return 0;
	if ((p = reallocarray(*array, more, size)) == NULL)
		return -1;
	*array = p;
	*cap = more;
	return 0;
}

static int
is_full(const struct mqs_publisher *p, uint64_t more)
{
	return p->n > 0 && (p->n >= MQS_BATCH_MESSAGES || p->bytes + more > BATCH_BYTES ||
	    p->nlarge >= BATCH_LARGE);
}

/* 1 if the messages differ in nothing but their bodies, which neither has in a file. */
static int
same_shape(const struct mqs_message *a, const struct mqs_message *b)
{
	return a->large == NULL && b->large == NULL && b->body_len <= MQS_INLINE_MAX &&
	    (b->body != NULL || b->body_fd == -1) && a->key == b->key &&
	    a->key_len == b->key_len && a->headers == b->headers &&
	    a->headers_len == b->headers_len && a->priority == b->priority &&
	    a->not_before == b->not_before && a->expires == b->expires &&
	    a->message_id == NULL && b->message_id == NULL;
}

/* Copies what is in a descriptor, from its beginning. */
static int
copy_descriptor(struct mqs_large *large, int fd, uint64_t n, struct mqs_error *err)
{
	char *buf = malloc(COPY_BYTES);
	uint64_t at = 0;
	ssize_t got;
	int rc = MQS_OK;

	if (buf == NULL)
		return mqs_fail_errno(err, "%s", large->queue);
	while (at < n && rc == MQS_OK) {
		got = pread(fd, buf, n - at < COPY_BYTES ? (size_t)(n - at) : COPY_BYTES, (off_t)at);
		if (got < 0 && errno == EINTR)
			continue;
		if (got <= 0)
			rc = got < 0 ? mqs_fail_errno(err, "%s: body", large->queue) :
			    mqs_fail(err, MQS_EDATA, "%s: body: the file is shorter than it was",
			    large->queue);
		else
			rc = mqs_amqp_large_write(large, buf, (size_t)got, err);
		at += got > 0 ? (uint64_t)got : 0;
	}
	free(buf);
	return rc;
}

/* A body that does not stay where it is, or is too large for memory, becomes a file. */
static int
keep_body(struct mqs_publisher *p, struct mqs_message *m, struct mqs_error *err)
{
	struct mqs_large *large;
	int rc;

	if (m->large != NULL || (m->body_len <= MQS_INLINE_MAX &&
	    (m->body != NULL || m->body_fd == -1)))
		return MQS_OK;
	if ((rc = mqs_amqp_large_new(&large, p, err)) != MQS_OK)
		return rc;
	rc = m->body != NULL ? mqs_amqp_large_write(large, m->body, (size_t)m->body_len, err) :
	    copy_descriptor(large, m->body_fd, m->body_len, err);
	if (rc != MQS_OK) {
		mqs_amqp_large_free(large);
		return rc;
	}
	m->large = large;
	return MQS_OK;
}

/* Headers that do not fit, a delay that is too long, or one that can't be had, are told now. */
static int
check(struct mqs_publisher *p, const struct mqs_message *m, struct mqs_error *err)
{
	const struct mqs_amqp_publish how = { .queue = p->queue, .now = mqs_now(),
	    .id = "1000000000000000000-00000000", .direct_reply = p->direct_reply };
	int rc;

	if (m->headers_len == 0 && m->not_before == 0)
		return MQS_OK;
	if ((rc = mqs_amqp_properties_write(&p->checked, m, &how, err)) != MQS_OK ||
	    p->checked.exchange == NULL)
		return rc;
	return mqs_amqp_publisher_delays(p, m->not_before, err);
}

static int
add_shape(struct mqs_publisher *p, const struct mqs_message *m, struct mqs_error *err)
{
	struct mqs_amqp_shape *s;
	int rc;

	if (reserve((void **)&p->shapes, p->nshapes, &p->shapes_cap, sizeof(*s)) == -1)
		return mqs_fail_errno(err, "%s", p->queue);
	s = &p->shapes[p->nshapes];
	s->message = *m;
	s->map = NULL;
	if ((rc = mqs_amqp_call_take(p, m, err)) != MQS_OK ||
	    (rc = check(p, m, err)) != MQS_OK || (rc = keep_body(p, &s->message, err)) != MQS_OK)
		return rc;
	p->nshapes++;
	p->nlarge += s->message.large != NULL;
	return MQS_OK;
}

int
mqs_amqp_publisher_send(struct mqs_publisher *p, const struct mqs_message *m, uint64_t tag,
    struct mqs_error *err)
{
	uint64_t len = m->large == NULL ? m->body_len : m->large->size;
	struct mqs_amqp_pending *e;
	struct mqs_amqp_shape *s;
	int same = p->nshapes > 0 && same_shape(&p->shapes[p->nshapes - 1].message, m), rc;

	if (!same && (rc = mqs_message_check(m, err)) != MQS_OK)
		return rc;
	if (len > p->max_message)
		return mqs_amqp_too_large(p->queue, p->max_message, err);
	if (is_full(p, len > MQS_INLINE_MAX ? 0 : len))
		return mqs_fail(err, MQS_EBUSY, "%s: batch is full", p->queue);
	if (reserve((void **)&p->batch, p->n, &p->cap, sizeof(*e)) == -1)
		return mqs_fail_errno(err, "%s", p->queue);
	if (!same && (rc = add_shape(p, m, err)) != MQS_OK)
		return rc;
	s = &p->shapes[p->nshapes - 1];
	e = &p->batch[p->n++];
	memset(e, 0, sizeof(*e));
	e->tag = tag;
	e->shape = (uint32_t)(p->nshapes - 1);
	p->total += len;
	if (s->message.large == NULL) {
		e->body = m->body;
		e->body_len = (uint32_t)len;
		p->bytes += len + m->headers_len + m->key_len;
	}
	return MQS_OK;
}

size_t
mqs_amqp_publisher_send_like(struct mqs_publisher *p, const struct mqs_body *bodies, size_t n)
{
	const struct mqs_message *like;
	struct mqs_amqp_pending *e;
	size_t i;

	if (p->n == 0)
		return 0;
	like = &p->shapes[p->nshapes - 1].message;
	if (like->large != NULL || like->message_id != NULL)
		return 0;
	for (i = 0; i < n; i++) {
		if (bodies[i].n > MQS_INLINE_MAX || is_full(p, bodies[i].n) ||
		    reserve((void **)&p->batch, p->n, &p->cap, sizeof(*e)) == -1)
			break;
		e = &p->batch[p->n++];
		memset(e, 0, sizeof(*e));
		e->tag = e[-1].tag + 1;
		e->shape = e[-1].shape;
		e->body = bodies[i].p;
		e->body_len = (uint32_t)bodies[i].n;
		p->total += bodies[i].n;
		p->bytes += bodies[i].n + like->headers_len + like->key_len;
	}
	return i;
}

size_t
mqs_amqp_publisher_pending(const struct mqs_publisher *p, uint64_t *bytes)
{
	if (bytes != NULL)
		*bytes = p->total;
	return p->n;
}
