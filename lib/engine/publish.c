/*
 * publish.c - batches of messages into a log
 *
 * A batch is collected first (records borrow the caller's bytes), and stored in one
 * transaction that never waits for anything: large bodies are written and synced
 * before it begins.  The order, and what a crash leaves, is in queue/log.c.
 *
 * Who publishes also trims: up to twice what it appended, in small transactions, so
 * that the cost is spread over the publishers and keeps up with them.
 */
#include <errno.h>
#include <stdlib.h>
#include <unistd.h>

#include "base/clock.h"
#include "base/error.h"
#include "base/name.h"
#include "engine/inputs.h"
#include "engine/routes.h"
#include "message/headers.h"
#include "queue/retention.h"

#define BATCH_BYTES	(UINT64_C(4) << 20)
#define BATCH_LARGE	64	/* each is an open file until the flush */
#define AHEAD		16	/* messages */
#define AHEAD_BYTES	512
#define ATOMIC_BYTES	(UINT64_C(64) << 20)
#define ATOMIC_RECORD	64	/* what a record counts beside its body, of these */

/*
 * Messages of a batch often differ in nothing but their bodies.  What else there is to
 * them is kept once for a run of them: all of it together would not stay in the cache.
 */
struct shape {
	struct mqs_record	 record;	/* its body is that of whichever is appended */
	struct mqs_blob		*blob;	/* a large body; its record is filled in at the flush */
	void			*own;	/* a copy of a small body that came by descriptor */
};

struct pending {
	const void	*body;
	uint64_t	 tag;
	uint64_t	 id;		/* once it is in the log */
	uint32_t	 body_len;	/* of a body that goes into the log itself */
	uint32_t	 shape;
};

/* What came of one delivery, and how the batch was before it. */
struct section {
	struct mqs_input	 input;
	size_t			 nshapes, nlarge;
	uint64_t		 bytes, total;
};

struct mqs_publisher {
	struct mqs_spool	*spool;
	struct mqs_log		*log;
	mqs_published_fn	*published;
	void			*arg;
	struct pending		*batch;
	size_t			 n, cap;
	struct shape		*shapes;
	size_t			 nshapes, shapes_cap;
	size_t			 nlarge;	/* messages with large bodies */
	uint64_t		 bytes;	/* of bodies that go into the log itself */
	uint64_t		 total;	/* of all bodies */
	int			 atomic;
	unsigned		 flags;
	struct mqs_routes	 routes;	/* MQS_MANDATORY */
	size_t			 stored;	/* of the last batch: so many, the first ones */
	struct section		*sections;	/* of the batch: what came of each delivery */
	size_t			 nsections, sections_cap;
};

struct mqs_large {
	struct mqs_blob	*blob;
	uint64_t	 max;
	const char	*queue;
};

int
mqs_publisher_open(struct mqs_publisher **out, struct mqs_spool *spool,
    const char *queue, const struct mqs_publisher_options *options,
    struct mqs_error *err)
{
	struct mqs_publisher *p;
	int rc;

	if ((p = calloc(1, sizeof(*p))) == NULL)
		return mqs_fail_errno(err, "%s", queue);
	p->spool = spool;
	if (options != NULL) {
		p->flags = options->flags;
		p->published = options->published;
		p->arg = options->arg;
	}
	if ((rc = mqs_spool_log(spool, queue, 1, &p->log, err)) != MQS_OK) {
		free(p);
		return rc;
	}
	*out = p;
	return MQS_OK;
}

/* Empties the batch, of which `stored' messages are in the log. */
static void
clear(struct mqs_publisher *p, size_t stored)
{
	size_t i, shapes = stored < p->n ? p->batch[stored].shape : p->nshapes;

	for (i = 0; i < p->nshapes; i++) {
		/* A large body has a shape to itself. */
		mqs_blob_free(p->shapes[i].blob, i < shapes);
		free(p->shapes[i].own);
	}
	p->n = p->nshapes = p->nlarge = p->nsections = 0;
	p->bytes = p->total = 0;
}

void
mqs_publisher_free(struct mqs_publisher *p)
{
	if (p == NULL)
		return;
	clear(p, 0);
	mqs_routes_free(&p->routes);
	free(p->sections);
	free(p->shapes);
	free(p->batch);
	free(p);
}

void
mqs_publisher_atomic(struct mqs_publisher *p, int more)
{
	p->atomic = more;
}

size_t
mqs_publisher_pending(const struct mqs_publisher *p, uint64_t *bytes)
{
	if (bytes != NULL)
		*bytes = p->total;
	return p->n;
}

size_t
mqs_publisher_stored(const struct mqs_publisher *p)
{
	return p->stored;
}

uint64_t
mqs_publisher_max_message(const struct mqs_publisher *p)
{
	return p->log->settings.max_message;
}

/* ------------------------------------------------------- large bodies -- */

int
mqs_large_new(struct mqs_large **out, struct mqs_publisher *p,
    struct mqs_error *err)
{
	struct mqs_large *large;
	int rc;

	if ((large = calloc(1, sizeof(*large))) == NULL)
		return mqs_fail_errno(err, "%s", p->log->dir.name);
	large->max = p->log->settings.max_message;
	large->queue = p->log->dir.name;
	if ((rc = mqs_blob_new(&large->blob, &p->log->dir, err)) != MQS_OK) {
		free(large);
		return rc;
	}
	*out = large;
	return MQS_OK;
}

static int
too_long(const char *queue, uint64_t max, struct mqs_error *err)
{
	return mqs_fail(err, MQS_EDATA, "%s: message of more than %llu bytes "
	    "(max-message)", queue, (unsigned long long)max);
}

int
mqs_large_write(struct mqs_large *large, const void *bytes, size_t n,
    struct mqs_error *err)
{
	if (mqs_blob_size(large->blob) + n > large->max)
		return too_long(large->queue, large->max, err);
	return mqs_blob_write(large->blob, bytes, n, err);
}

uint64_t
mqs_large_size(const struct mqs_large *large)
{
	return mqs_blob_size(large->blob);
}

void
mqs_large_free(struct mqs_large *large)
{
	if (large == NULL)
		return;
	mqs_blob_free(large->blob, 0);
	free(large);
}

/* ------------------------------------------------------------ sending -- */

/* Makes room for one more of n: 0, or -1 and errno. */
static int
more_room(void **array, size_t n, size_t *cap, size_t size)
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
read_body(struct shape *e, const char *queue, struct mqs_error *err)
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

/* Puts a body that is too large for the log into a blob. */
static int
write_blob(struct mqs_publisher *p, struct shape *e, struct mqs_error *err)
{
	const struct mqs_message *m = &e->record.message;
	int rc;

	if ((rc = mqs_blob_new(&e->blob, &p->log->dir, err)) != MQS_OK)
		return rc;
	if (m->body != NULL)
		rc = mqs_blob_write(e->blob, m->body, m->body_len, err);
	else
		rc = mqs_blob_copy(e->blob, m->body_fd, m->body_len, err);
	if (rc != MQS_OK) {
		mqs_blob_free(e->blob, 0);
		e->blob = NULL;
	}
	return rc;
}

static int
take_body(struct mqs_publisher *p, struct shape *e, struct mqs_error *err)
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
same_shape(const struct shape *s, const struct mqs_message *m)
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
	struct shape *s;
	int rc;

	if (more_room((void **)&p->shapes, p->nshapes, &p->shapes_cap, sizeof(*s)) == -1)
		return mqs_fail_errno(err, "%s", p->log->dir.name);
	s = &p->shapes[p->nshapes];
	memset(s, 0, sizeof(*s));
	s->record.message = *m;
	if (m->large != NULL) {
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
mqs_publisher_send(struct mqs_publisher *p, const struct mqs_message *m,
    uint64_t tag, struct mqs_error *err)
{
	struct pending *e;
	struct shape *s;
	uint64_t len = m->large == NULL ? m->body_len : mqs_large_size(m->large);
	int same = p->nshapes > 0 && same_shape(&p->shapes[p->nshapes - 1], m), rc;

	if (!same && (rc = mqs_message_check(m, err)) != MQS_OK)
		return rc;
	if (len > p->log->settings.max_message)
		return too_long(p->log->dir.name, p->log->settings.max_message, err);
	if (is_full(p, m, len))
		return mqs_fail(err, MQS_EBUSY, "%s: batch is full",
		    p->log->dir.name);
	if (more_room((void **)&p->batch, p->n, &p->cap, sizeof(*e)) == -1)
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

/* ------------------------------------------------------------- inputs -- */

int
mqs_publisher_input(struct mqs_publisher *p, struct mqs_consumer *c,
    const struct mqs_message *m, struct mqs_error *err)
{
	struct section *s;
	int rc;

	if (more_room((void **)&p->sections, p->nsections, &p->sections_cap,
	    sizeof(*s)) == -1)
		return mqs_fail_errno(err, "%s", p->log->dir.name);
	s = &p->sections[p->nsections];
	if ((rc = mqs_input_of(&s->input, c, m, err)) != MQS_OK)
		return rc;
	s->input.first = p->n;
	s->nshapes = p->nshapes;
	s->nlarge = p->nlarge;
	s->bytes = p->bytes;
	s->total = p->total;
	p->nsections++;
	return MQS_OK;
}

void
mqs_publisher_feed(struct mqs_publisher *p, struct mqs_consumer *c)
{
	c->made_in = p->log;
}

void
mqs_publisher_input_drop(struct mqs_publisher *p)
{
	struct section *s;

	if (p->nsections == 0)
		return;
	s = &p->sections[--p->nsections];
	while (p->nshapes > s->nshapes) {
		mqs_blob_free(p->shapes[--p->nshapes].blob, 0);
		free(p->shapes[p->nshapes].own);
	}
	p->n = s->input.first;
	p->nlarge = s->nlarge;
	p->bytes = s->bytes;
	p->total = s->total;
}

int
mqs_publisher_input_done(struct mqs_publisher *p, struct mqs_consumer *c,
    const struct mqs_message *m, struct mqs_error *err)
{
	struct mqs_input in;
	int rc;

	if ((rc = mqs_input_of(&in, c, m, err)) != MQS_OK)
		return rc;
	return mqs_input_stands(&in, p->log, err);
}

/* ----------------------------------------------------------- flushing -- */

/* Syncs the large bodies and names them in their records. */
static int
finish_blobs(struct mqs_publisher *p, struct mqs_error *err)
{
	struct mqs_blob_ref ref;
	struct shape *s;
	int rc;

	for (s = p->shapes; s < p->shapes + p->nshapes; s++) {
		if (s->blob == NULL)
			continue;
		if ((rc = mqs_blob_finish(s->blob, &ref, err)) != MQS_OK)
			return rc;
		s->record.flags |= MQS_RECORD_LARGE;
		s->record.blob_name = ref.name;
		s->record.blob_hash = ref.hash;
		s->record.message.body_len = ref.size;
		s->record.message.body = NULL;
	}
	return MQS_OK;
}

/*
 * Asks for the beginning of a body that comes later: it was read on another processor,
 * or the ones after it have pushed it out of the cache.
 */
static inline void
look_ahead(const struct pending *e)
{
	uint32_t i, n = e->body_len < AHEAD_BYTES ? e->body_len : AHEAD_BYTES;

	for (i = 0; i < n; i += 64)
		__builtin_prefetch((const char *)e->body + i);
}

/* Appends messages from..to of the batch. */
static int
append(struct mqs_publisher *p, struct mqs_log_tx *ltx, size_t from, size_t to,
    struct mqs_error *err)
{
	struct pending *e;
	struct shape *s;
	int rc, duplicate;

	for (e = p->batch + from; e < p->batch + to; e++) {
		if (p->batch + p->n - e > AHEAD)
			look_ahead(&e[AHEAD]);
		s = &p->shapes[e->shape];
		if (s->blob == NULL) {
			s->record.message.body = e->body;
			s->record.message.body_len = e->body_len;
		}
		if ((rc = mqs_log_append(ltx, &s->record, &e->id, &duplicate,
		    err)) != MQS_OK)
			return rc;
		if (duplicate) {
			mqs_blob_free(s->blob, 0);
			s->blob = NULL;
		}
	}
	return MQS_OK;
}

/* A section that is void: its messages are not stored, nor its large bodies kept. */
static void
drop(struct mqs_publisher *p, size_t from, size_t to)
{
	struct pending *e;
	struct shape *s;

	for (e = p->batch + from; e < p->batch + to; e++) {
		e->id = 0;
		s = &p->shapes[e->shape];
		mqs_blob_free(s->blob, 0);
		s->blob = NULL;
	}
}

/*
 * Appends the first n messages (all, if they are of inputs): what is of no input, then
 * the section of each, with its marker.
 */
static int
append_all(struct mqs_publisher *p, struct mqs_log_tx *ltx, size_t n,
    struct mqs_error *err)
{
	struct section *s = p->sections, *end = s + p->nsections;
	size_t to;
	int rc;

	if ((rc = append(p, ltx, 0, s < end ? s->input.first : n, err)) != MQS_OK)
		return rc;
	for (; s < end; s++) {
		to = s + 1 < end ? s[1].input.first : p->n;
		if ((rc = mqs_input_mark(&s->input, ltx, err)) != MQS_OK)
			return rc;
		if (s->input.stood)
			drop(p, s->input.first, to);
		else if ((rc = append(p, ltx, s->input.first, to, err)) != MQS_OK)
			return rc;
	}
	return MQS_OK;
}

/* Trims in a transaction that is under way, if there is anything to trim. */
static int
trim(struct mqs_publisher *p, struct mqs_log_tx *ltx, size_t max,
    struct mqs_trimmed *t, struct mqs_error *err)
{
	int64_t now = mqs_judged_now(p->spool);
	uint64_t floor;
	int rc;

	t->records = t->nblobs = 0;
	if (!mqs_trim_wanted(p->log, ltx->v, now))
		return MQS_OK;
	/* Else a reader that was killed would keep the space for itself. */
	if ((rc = mqs_db_check_readers(p->log->db, err)) != MQS_OK ||
	    (rc = mqs_trim_floor(p->log, ltx->v, &floor, err)) != MQS_OK)
		return rc;
	return mqs_trim_some(ltx, now, floor, max, 0, t, err);
}

/*
 * Trims more after a large batch.  The batch is published by now, so trouble here
 * is not the publisher's: the next one meets it again.
 */
static void
trim_more(struct mqs_publisher *p, size_t max)
{
	struct mqs_trimmed t;
	struct mqs_log_tx ltx;

	while (max > 0 && mqs_log_begin(&ltx, p->log, 0, NULL) == MQS_OK) {
		if (trim(p, &ltx, max, &t, NULL) != MQS_OK || t.records == 0) {
			mqs_log_abort(&ltx);
			return;
		}
		if (mqs_log_commit(&ltx, NULL) != MQS_OK)
			return;
		(void)mqs_trim_unlink(p->log, &t, NULL);
		max -= t.records < max ? t.records : max;
	}
}

static void
report(struct mqs_publisher *p, int code)
{
	char id[MQS_ID_SIZE];
	size_t i;
	int one;

	if (p->published == NULL)
		return;
	for (i = 0; i < p->n; i++) {
		one = i >= p->stored ? code :
		    p->batch[i].id == 0 ? MQS_EEXIST : MQS_OK;
		if (one == MQS_OK)
			mqs_format_u64(p->batch[i].id, id);
		p->published(p->arg, p->batch[i].tag, one,
		    one == MQS_OK ? id : NULL);
	}
}

/* That no group would get a message. */
static int
unroutable(const struct mqs_publisher *p, const struct mqs_message *m,
    struct mqs_error *err)
{
	if (m->key_len == 0)
		return mqs_fail(err, MQS_ENOENT, "%s: no group would get a message "
		    "without a key", p->log->dir.name);
	return mqs_fail(err, MQS_ENOENT, "%s: no group would get a message with "
	    "key '%.*s'", p->log->dir.name, (int)m->key_len, m->key);
}

/*
 * How many messages may be stored, under MQS_MANDATORY: those before the first that no
 * group would get, and the error that is then returned.
 */
static int
count_routable(struct mqs_publisher *p, size_t *n, struct mqs_error *err)
{
	const struct mqs_message *m;
	uint32_t shape = UINT32_MAX;
	int rc;

	*n = p->n;
	if (!(p->flags & MQS_MANDATORY))
		return MQS_OK;
	*n = 0;
	if ((rc = mqs_routes_look(&p->routes, p->spool, p->log, err)) != MQS_OK)
		return rc;
	for (; *n < p->n; ++*n) {
		if (p->batch[*n].shape == shape)
			continue;
		shape = p->batch[*n].shape;
		m = &p->shapes[shape].record.message;
		if (mqs_routes_match(&p->routes, m))
			continue;
		if (p->atomic || p->nsections > 0)
			*n = 0;
		return unroutable(p, m, err);
	}
	return MQS_OK;
}

static int
store(struct mqs_publisher *p, struct mqs_trimmed *t, struct mqs_error *err)
{
	struct mqs_log_tx ltx;
	int rc, refused;
	size_t n;

	if ((rc = finish_blobs(p, err)) != MQS_OK ||
	    (rc = mqs_log_begin(&ltx, p->log, 0, err)) != MQS_OK)
		return rc;
	if ((refused = count_routable(p, &n, err)) != MQS_OK && n == 0) {
		mqs_log_abort(&ltx);
		return refused;
	}
	if ((rc = append_all(p, &ltx, n, err)) != MQS_OK ||
	    (rc = trim(p, &ltx, 2 * n, t, err)) != MQS_OK) {
		mqs_log_abort(&ltx);
		return rc;
	}
	if ((rc = mqs_log_commit(&ltx, err)) != MQS_OK)
		return rc;
	p->stored = n;
	return refused;
}

int
mqs_publisher_flush(struct mqs_publisher *p, struct mqs_error *err)
{
	struct mqs_trimmed t;
	size_t n, sections = p->nsections;
	int rc;

	p->stored = 0;
	if (p->n == 0 && sections == 0)
		return MQS_OK;
	rc = store(p, &t, err);
	report(p, rc);
	n = p->stored;
	clear(p, rc == MQS_OK ? p->n : n);
	if (rc != MQS_OK && n == 0)
		return rc;
	(void)mqs_trim_unlink(p->log, &t, NULL);
	if (t.records == MQS_TRIM_RECORDS && 2 * n > t.records)
		trim_more(p, 2 * n - t.records);
	if (rc != MQS_OK)
		return rc;
	/* The inputs are settled after this, and must not be settled for longer than their outputs last. */
	return sections > 0 && p->log->settings.relaxed ?
	    mqs_db_sync(p->log->db, err) : MQS_OK;
}
