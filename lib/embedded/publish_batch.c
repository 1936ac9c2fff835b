/*
 * publish_batch.c - collects messages that are to be published together
 *
 * The batch is in memory and points to the caller's bytes, except that large bodies are
 * written to files at once.  Those of an atomic batch, which may be many, are closed again, all
 * but the first ones.  Nobody else sees anything of it until publish_flush.c stores it.
 * A crash leaves those files, which mqs_blob_sweep removes.
 */
#include <errno.h>
#include <stdlib.h>
#include <unistd.h>

#include "base/clock.h"
#include "base/error.h"
#include "base/name.h"
#include "embedded/publish_batch.h"
#include "embedded/publish_large.h"
#include "embedded/store/blob.h"
#include "embedded/store/blob_hold.h"
#include "message/headers.h"

#define BATCH_BYTES	(UINT64_C(4) << 20)
#define BATCH_LARGE	64	/* large bodies that are open files until the flush */
#define ATOMIC_BYTES	(UINT64_C(64) << 20)
#define ATOMIC_RECORD	64	/* what a record counts beside its body, of these */

int
mqs_publish_mirror_check(const struct mqs_publisher *p, struct mqs_error *err)
{
	if (!(p->flags & MQS_MIRROR) || !p->log->settings.compact)
		return MQS_OK;
	return mqs_fail(err, MQS_ECONFIG, "%s: --mirror: with compact=key a copy of what was "
	    "replaced would replace what is newer; mirror into a queue without it, whose state "
	    "mq-replay --latest gives", p->log->dir.name);
}

int
mqs_embedded_publisher_open(struct mqs_publisher **out, struct mqs_spool *spool,
    const char *queue, const struct mqs_publisher_options *options,
    struct mqs_error *err)
{
	struct mqs_publisher *p;
	int rc;

	if ((p = calloc(1, sizeof(*p))) == NULL)
		return mqs_fail_errno(err, "%s", queue);
	p->spool = spool;
	p->hold = -1;
	if (options != NULL) {
		p->flags = options->flags;
		p->published = options->published;
		p->refused = options->refused;
		p->arg = options->arg;
		p->wait = options->wait;
	}
	if ((rc = mqs_spool_log(spool, queue, 1, &p->log, err)) != MQS_OK ||
	    (rc = mqs_publish_mirror_check(p, err)) != MQS_OK) {
		free(p);
		return rc;
	}
	spool->handles++;
	*out = p;
	return MQS_OK;
}

void
mqs_publish_release_bodies(struct mqs_publisher *p)
{
	if (p->hold != -1)
		close(p->hold);
	p->hold = -1;
}

void
mqs_publisher_clear(struct mqs_publisher *p)
{
	size_t i;

	for (i = 0; i < p->nshapes; i++) {
		mqs_blob_free(p->shapes[i].blob, 0);
		free(p->shapes[i].own);
	}
	mqs_publish_release_bodies(p);
	p->n = p->nshapes = p->nlarge = p->nsections = 0;
	p->bytes = p->total = 0;
	mqs_publish_schema_shrunk(p, 0);
}

void
mqs_embedded_publisher_free(struct mqs_publisher *p)
{
	if (p == NULL)
		return;
	p->spool->handles--;
	mqs_publisher_clear(p);
	mqs_publish_schema_free(p);
	mqs_mandatory_free(&p->routes);
	free(p->sections);
	free(p->shapes);
	free(p->batch);
	free(p);
}

int
mqs_embedded_publisher_atomic(struct mqs_publisher *p, int more, struct mqs_error *err)
{
	(void)err;
	p->atomic = more;
	return MQS_OK;
}

size_t
mqs_embedded_publisher_pending(const struct mqs_publisher *p, uint64_t *bytes)
{
	if (bytes != NULL)
		*bytes = p->total;
	return p->n;
}

uint64_t
mqs_embedded_publisher_max_message(const struct mqs_publisher *p)
{
	return p->log->settings.max_message;
}

size_t
mqs_embedded_publisher_stored(const struct mqs_publisher *p)
{
	return p->stored;
}

uint64_t
mqs_embedded_publisher_dropped(const struct mqs_publisher *p)
{
	return p->dropped;
}

/* ------------------------------------------------------------ sending -- */

int
mqs_publish_reserve(void **array, size_t n, size_t *cap, size_t size)
{
	size_t more = *cap == 0 ? 16 : 2 * *cap;
	void *p;

	if (n < *cap)
		return 0;
	if ((p = reallocarray(*array, more, size)) == NULL)
		return -1;
	*array = p;
	*cap = more;
	return 0;
}

/* Reads a small body from its descriptor. */
static int
read_body(struct mqs_shape *e, const char *queue, struct mqs_error *err)
{
	struct mqs_message *m = &e->record.message;
	size_t done = 0;
	ssize_t got;

	if ((e->own = malloc(m->body_len + 1)) == NULL)
		return mqs_fail_errno(err, "%s: message", queue);
	while (done < m->body_len) {
		got = pread(m->body_fd, (char *)e->own + done,
		    m->body_len - done, (off_t)done);
		if (got == -1 && errno == EINTR)
			continue;
		if (got <= 0) {
			free(e->own);
			e->own = NULL;
			return got == 0 ?
			    mqs_fail(err, MQS_EDATA, "%s: body of a message is "
			    "shorter than said", queue) :
			    mqs_fail_errno(err, "%s: body of a message", queue);
		}
		done += (size_t)got;
	}
	m->body = e->own;
	return MQS_OK;
}

/* Closes a body's file, if the batch has many open ones already. */
static int
suspend(struct mqs_publisher *p, struct mqs_blob *blob, struct mqs_error *err)
{
	int rc;

	if (p->nlarge < BATCH_LARGE)
		return MQS_OK;
	if (p->hold == -1 &&
	    (rc = mqs_blob_hold_more(&p->log->dir, &p->hold, err)) != MQS_OK)
		return rc;
	return mqs_blob_suspend(blob, err);
}

/* Puts a body that is too large for the log into a blob. */
static int
write_blob(struct mqs_publisher *p, struct mqs_shape *e, struct mqs_error *err)
{
	const struct mqs_message *m = &e->record.message;
	int rc;

	if ((rc = mqs_blob_new(&e->blob, &p->log->dir, err)) != MQS_OK)
		return rc;
	if (m->body != NULL)
		rc = mqs_blob_write(e->blob, m->body, m->body_len, err);
	else
		rc = mqs_blob_copy(e->blob, m->body_fd, m->body_len, err);
	if (rc == MQS_OK)
		rc = suspend(p, e->blob, err);
	if (rc != MQS_OK) {
		mqs_blob_free(e->blob, 0);
		e->blob = NULL;
	}
	return rc;
}

static int
take_body(struct mqs_publisher *p, struct mqs_shape *e, struct mqs_error *err)
{
	const struct mqs_message *m = &e->record.message;

	if (m->body_len > MQS_INLINE_MAX)
		return write_blob(p, e, err);
	if (m->body == NULL && m->body_fd != -1)
		return read_body(e, p->log->dir.name, err);
	return MQS_OK;
}

/* 1 if two messages differ in nothing but a body in memory. */
static inline int
same_shape(const struct mqs_shape *s, const struct mqs_message *m)
{
	const struct mqs_message *o = &s->record.message;

	/* What a message points to stays, so the same place has the same bytes. */
	return m->body != NULL && m->large == NULL && m->body_len <= MQS_INLINE_MAX &&
	    s->blob == NULL && s->own == NULL &&
	    o->key_len == m->key_len && (o->key_len == 0 || o->key == m->key) &&
	    o->headers_len == m->headers_len &&
	    (o->headers_len == 0 || o->headers == m->headers) &&
	    o->priority == m->priority && o->not_before == m->not_before &&
	    o->expires == m->expires && o->message_id == m->message_id &&
	    o->message_id_len == m->message_id_len;
}

/* Adds the shape of m. */
static int
add_shape(struct mqs_publisher *p, const struct mqs_message *m,
    struct mqs_error *err)
{
	struct mqs_shape *s;
	int rc;

	if (mqs_publish_reserve((void **)&p->shapes, p->nshapes, &p->shapes_cap, sizeof(*s)) == -1)
		return mqs_fail_errno(err, "%s", p->log->dir.name);
	s = &p->shapes[p->nshapes];
	memset(s, 0, sizeof(*s));
	s->record.message = *m;
	if (m->large != NULL) {
		if ((rc = suspend(p, m->large->blob, err)) != MQS_OK)
			return rc;
		s->blob = m->large->blob;
		free(m->large);
		s->record.message.large = NULL;
		p->nlarge++;
	} else if ((rc = take_body(p, s, err)) != MQS_OK)
		return rc;
	else if (s->blob != NULL)
		p->nlarge++;
	p->nshapes++;
	return MQS_OK;
}

/* 1 if a body of len bytes must wait for the next batch. */
static inline int
is_full(const struct mqs_publisher *p, const struct mqs_message *m, uint64_t len)
{
	uint64_t most = BATCH_BYTES, full = p->bytes;

	if (p->atomic) {
		most = ATOMIC_BYTES;
		full += (p->n + 1) * ATOMIC_RECORD;
	} else if (p->n >= MQS_BATCH_MESSAGES || (p->nlarge >= BATCH_LARGE &&
	    (len > MQS_INLINE_MAX || m->large != NULL)))
		return 1;
	return p->n > 0 && full + len > most && m->large == NULL;
}

int
mqs_embedded_publisher_send(struct mqs_publisher *p, const struct mqs_message *m,
    uint64_t tag, struct mqs_error *err)
{
	struct mqs_pending *e;
	struct mqs_shape *s;
	uint64_t len = m->large == NULL ? m->body_len : mqs_embedded_large_size(m->large);
	int same = p->nshapes > 0 && same_shape(&p->shapes[p->nshapes - 1], m), rc;

	if (!same && (rc = mqs_message_check(m, err)) != MQS_OK)
		return rc;
	if (len > p->log->settings.max_message)
		return mqs_message_too_long(p->log->dir.name, p->log->settings.max_message,
		    "max-message", err);
	if (p->log->settings.max_bytes != 0 && len > p->log->settings.max_bytes)
		return mqs_message_too_long(p->log->dir.name, p->log->settings.max_bytes,
		    "max-bytes", err);
	if (p->log->settings.compact && (m->key_len == 0 || m->priority != 0))
		return mqs_fail(err, MQS_EDATA, m->key_len == 0 ? "%s: compact=key needs a key" :
		    "%s: with compact=key messages have no priority", p->log->dir.name);
	if (is_full(p, m, len))
		return mqs_fail(err, MQS_EBUSY, "%s: batch is full",
		    p->log->dir.name);
	if (mqs_publish_reserve((void **)&p->batch, p->n, &p->cap, sizeof(*e)) == -1)
		return mqs_fail_errno(err, "%s", p->log->dir.name);
	if (!same && (rc = add_shape(p, m, err)) != MQS_OK)
		return rc;
	s = &p->shapes[p->nshapes - 1];
	e = &p->batch[p->n++];
	e->tag = tag;
	e->shape = (uint32_t)(p->nshapes - 1);
	e->body = s->own != NULL ? s->own : m->body;
	e->body_len = 0;
	p->total += len;
	if (s->blob == NULL) {
		e->body_len = (uint32_t)len;
		p->bytes += len + m->headers_len + m->key_len;
	}
	return MQS_OK;
}

size_t
mqs_embedded_publisher_send_like(struct mqs_publisher *p, const struct mqs_body *bodies, size_t n)
{
	const struct mqs_log_settings *set = &p->log->settings;
	const struct mqs_message *like;
	struct mqs_pending *e, *last;
	uint64_t most = MQS_INLINE_MAX;
	struct mqs_shape *s;
	size_t i;

	if (p->n == 0 || p->batch[p->n - 1].shape != p->nshapes - 1)
		return 0;
	s = &p->shapes[p->nshapes - 1];
	like = &s->record.message;
	if (s->blob != NULL || s->own != NULL || like->message_id != NULL)
		return 0;
	if (most > set->max_message)
		most = set->max_message;
	if (set->max_bytes != 0 && most > set->max_bytes)
		most = set->max_bytes;
	for (i = 0; i < n; i++) {
		if (bodies[i].n > most || is_full(p, like, bodies[i].n) ||
		    mqs_publish_reserve((void **)&p->batch, p->n, &p->cap, sizeof(*e)) == -1)
			break;
		last = &p->batch[p->n - 1];
		e = &p->batch[p->n++];
		e->tag = last->tag + 1;
		e->shape = last->shape;
		e->body = bodies[i].p;
		e->body_len = (uint32_t)bodies[i].n;
		p->total += bodies[i].n;
		p->bytes += bodies[i].n + like->headers_len + like->key_len;
	}
	return i;
}
