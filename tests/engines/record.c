/*
 * record.c - an engine that writes down which of its functions were called, for tests
 *
 * Each call appends a line to the file $MQ_RECORD: the function's name and the arguments
 * that its caller chose.  Nothing is kept: a consumer is given the same two messages, a
 * reader too, whatever was published.  It does what clusters do and files do not: ids are
 * text (PARTITION:OFFSET), consumers are on other machines, runs have no descriptor, and
 * counters are unknown.
 *
 * Compiled with -DINCAPABLE it can honour no option.
 */
#include <stdarg.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>
#include <sys/eventfd.h>
#include <unistd.h>

#include "base/error.h"
#include "engine/engine.h"

extern const struct mqs_engine mqs_engine_table;

struct mqs_spool { struct mqs_handle handle; };
struct mqs_publisher {
	struct mqs_handle handle;
	mqs_published_fn *published;
	void		*arg;
	uint64_t	 tags[16];
	size_t		 n, stored;
	uint64_t	 bytes;
};
struct mqs_large { struct mqs_handle handle; uint64_t size; };
struct mqs_consumer { struct mqs_handle handle; size_t claimed, read; int fd; };
struct mqs_run { struct mqs_handle handle; };
struct mqs_call { struct mqs_handle handle; };
struct mqs_settler {
	struct mqs_handle handle;
	mqs_settled_fn	*settled;
	void		*arg;
	uint64_t	 tags[16];
	size_t		 n;
};
struct mqs_reader { struct mqs_handle handle; size_t read; int fd; };

static void __attribute__((format(printf, 1, 2)))
record(const char *fmt, ...)
{
	const char *path = getenv("MQ_RECORD");
	FILE *f = path == NULL ? NULL : fopen(path, "a");
	va_list ap;

	if (f == NULL)
		return;
	va_start(ap, fmt);
	vfprintf(f, fmt, ap);
	va_end(ap);
	fputc('\n', f);
	fclose(f);
}

static const char *
or_dash(const char *s)
{
	return s == NULL ? "-" : s;
}

/* Makes a handle of a size. */
static int
make(void *out, size_t size, struct mqs_error *err)
{
	void *handle = calloc(1, size);

	if (handle == NULL)
		return mqs_fail_errno(err, "record");
	memcpy(out, &handle, sizeof(handle));
	return MQS_OK;
}

static int
is_id(const char *text)
{
	const char *colon = strchr(text, ':');

	return colon != NULL && colon != text && colon[1] != '\0' &&
	    strspn(text, "0123456789") == (size_t)(colon - text) &&
	    strspn(colon + 1, "0123456789") == strlen(colon + 1);
}

static int
spool_open(struct mqs_spool **out, const char *where, const struct mqs_options *options,
    struct mqs_error *err)
{
	record("spool_open %s flags=%u shift=%lld", where, options->flags,
	    (long long)options->clock_shift);
	return make(out, sizeof(**out), err);
}

static void
spool_free(struct mqs_spool *spool)
{
	record("spool_free");
	free(spool);
}

static void
spool_close_queues(struct mqs_spool *spool)
{
	(void)spool;
	record("spool_close_queues");
}

/* --------------------------------------------------------- publishing -- */

static int
publisher_open(struct mqs_publisher **out, struct mqs_spool *spool, const char *queue,
    const struct mqs_publisher_options *options, struct mqs_error *err)
{
	int rc;

	(void)spool;
	record("publisher_open %s flags=%u", queue, options == NULL ? 0 : options->flags);
	if ((rc = make(out, sizeof(**out), err)) != MQS_OK)
		return rc;
	if (options != NULL) {
		(*out)->published = options->published;
		(*out)->arg = options->arg;
	}
	return MQS_OK;
}

static int
publisher_send(struct mqs_publisher *p, const struct mqs_message *m, uint64_t tag,
    struct mqs_error *err)
{
	if (p->n == sizeof(p->tags) / sizeof(p->tags[0]))
		return mqs_fail(err, MQS_EBUSY, "record: batch is full");
	record("publisher_send key=%.*s priority=%d body=%.*s", (int)m->key_len,
	    m->key_len == 0 ? "" : m->key, m->priority,
	    m->body == NULL ? 0 : (int)m->body_len, m->body == NULL ? "" : (const char *)m->body);
	free(m->large);
	p->tags[p->n++] = tag;
	p->bytes += m->body_len;
	return MQS_OK;
}

static size_t
publisher_send_like(struct mqs_publisher *p, const struct mqs_body *bodies, size_t n)
{
	(void)p;
	(void)bodies;
	(void)n;
	return 0;
}

static int
publisher_flush(struct mqs_publisher *p, struct mqs_error *err)
{
	char id[MQS_ID_SIZE];
	size_t i;

	(void)err;
	record("publisher_flush %zu", p->n);
	for (i = 0; i < p->n; i++) {
		snprintf(id, sizeof(id), "3:%zu", 70 + i);
		if (p->published != NULL)
			p->published(p->arg, p->tags[i], MQS_OK, id);
	}
	p->stored = p->n;
	p->n = 0;
	p->bytes = 0;
	return MQS_OK;
}

static size_t
publisher_stored(const struct mqs_publisher *p)
{
	return p->stored;
}

static int
publisher_check(struct mqs_publisher *p, size_t *index, struct mqs_error *err)
{
	(void)p;
	(void)index;
	(void)err;
	record("publisher_check");
	return MQS_OK;
}

static int
publisher_atomic(struct mqs_publisher *p, int more, struct mqs_error *err)
{
	(void)p;
	(void)err;
	record("publisher_atomic %d", more);
	return MQS_OK;
}

static int
publisher_expect(struct mqs_publisher *p, const char *id, const char *key, size_t key_len,
    struct mqs_error *err)
{
	(void)p;
	(void)err;
	record("publisher_expect %s key=%.*s", id, key == NULL ? 1 : (int)key_len, or_dash(key));
	return MQS_OK;
}

static uint64_t
publisher_dropped(const struct mqs_publisher *p)
{
	(void)p;
	return 0;
}

static size_t
publisher_pending(const struct mqs_publisher *p, uint64_t *bytes)
{
	if (bytes != NULL)
		*bytes = p->bytes;
	return p->n;
}

static uint64_t
publisher_max_message(const struct mqs_publisher *p)
{
	(void)p;
	return UINT64_C(1) << 30;
}

static void
publisher_free(struct mqs_publisher *p)
{
	record("publisher_free");
	free(p);
}

static int
large_new(struct mqs_large **out, struct mqs_publisher *p, struct mqs_error *err)
{
	(void)p;
	record("large_new");
	return make(out, sizeof(**out), err);
}

static int
large_write(struct mqs_large *large, const void *bytes, size_t n, struct mqs_error *err)
{
	(void)bytes;
	(void)err;
	large->size += n;
	return MQS_OK;
}

static uint64_t
large_size(const struct mqs_large *large)
{
	return large->size;
}

static void
large_free(struct mqs_large *large)
{
	record("large_free %llu", (unsigned long long)large->size);
	free(large);
}

/* ---------------------------------------------------------- consuming -- */

/* The first or second message that there is. */
static void
give(struct mqs_message *m, size_t i)
{
	static const char *const ids[] = { "3:70", "3:71" }, *const bodies[] = { "one", "two" };

	memset(m, 0, sizeof(*m));
	m->body_fd = -1;
	m->id = ids[i];
	m->seq = 70 + i;
	m->lease = 9;
	m->body = bodies[i];
	m->body_len = 3;
	m->time = INT64_C(1700000000000000000);
	m->attempt = 1;
}

static int
consumer_open(struct mqs_consumer **out, struct mqs_spool *spool, const char *queue,
    const char *group, const struct mqs_consumer_options *o, struct mqs_error *err)
{
	int rc;

	(void)spool;
	record("consumer_open %s/%s flags=%u from=%s bindings=%zu settings=%zu", queue, group,
	    o->flags, or_dash(o->from), o->nbindings, o->nsettings);
	if ((rc = make(out, sizeof(**out), err)) != MQS_OK)
		return rc;
	if (((*out)->fd = eventfd(0, EFD_CLOEXEC)) != -1)
		return MQS_OK;
	free(*out);
	return mqs_fail_errno(err, "record");
}

static int
consumer_claim(struct mqs_consumer *c, size_t max, size_t *count, int *held,
    struct mqs_error *err)
{
	(void)err;
	if (held != NULL)
		*held = 0;
	*count = 0;
	while (max-- > 0 && c->claimed < 2) {
		c->claimed++;
		++*count;
	}
	return *count == 0 ? MQS_NOTHING : MQS_OK;
}

static int
consumer_next(struct mqs_consumer *c, struct mqs_message *m, struct mqs_error *err)
{
	(void)err;
	if (c->read == c->claimed)
		return MQS_NOTHING;
	give(m, c->read++);
	return MQS_OK;
}

static void
consumer_rest(struct mqs_consumer *c)
{
	(void)c;
}

static int
consumer_settle(struct mqs_consumer *c, const struct mqs_settlement *s, struct mqs_error *err)
{
	(void)c;
	(void)err;
	record("consumer_settle verb=%d seq=%llu", (int)s->verb, (unsigned long long)s->seq);
	return MQS_OK;
}

static int
consumer_flush(struct mqs_consumer *c, struct mqs_error *err)
{
	(void)c;
	(void)err;
	record("consumer_flush");
	return MQS_OK;
}

static int
consumer_ack_through(struct mqs_consumer *c, uint64_t seq, uint64_t lease, size_t n,
    struct mqs_error *err)
{
	(void)c;
	(void)lease;
	(void)err;
	record("consumer_ack_through seq=%llu n=%zu", (unsigned long long)seq, n);
	return MQS_OK;
}

static int
consumer_handed_out(struct mqs_consumer *c, size_t n, struct mqs_error *err)
{
	(void)c;
	(void)err;
	record("consumer_handed_out %zu", n);
	return MQS_OK;
}

static size_t
consumer_held(const struct mqs_consumer *c)
{
	return c->claimed - c->read;
}

static char *
consumer_receipt(const struct mqs_consumer *c, const struct mqs_message *m,
    char buf[MQS_RECEIPT_SIZE])
{
	(void)c;
	snprintf(buf, MQS_RECEIPT_SIZE, "q/g/%s.token-9", m->id);
	return buf;
}

static int
consumer_fd(struct mqs_consumer *c)
{
	return c->fd;
}

static int
consumer_service(struct mqs_consumer *c, struct mqs_error *err)
{
	(void)c;
	(void)err;
	return MQS_OK;
}

static int
consumer_close(struct mqs_consumer *c, struct mqs_error *err)
{
	(void)c;
	(void)err;
	record("consumer_close");
	return MQS_OK;
}

static void
consumer_free(struct mqs_consumer *c)
{
	close(c->fd);
	free(c);
}

static int
run_new(struct mqs_run **out, struct mqs_consumer *c, const struct mqs_message *m, int *fd,
    struct mqs_error *err)
{
	(void)c;
	record("run_new seq=%llu", (unsigned long long)m->seq);
	*fd = -1;
	return make(out, sizeof(**out), err);
}

static int
run_add(struct mqs_run *run, const struct mqs_message *m, struct mqs_error *err)
{
	(void)run;
	(void)err;
	record("run_add seq=%llu", (unsigned long long)m->seq);
	return MQS_OK;
}

static int
run_started(struct mqs_run *run, int64_t pid, struct mqs_error *err)
{
	(void)run;
	(void)err;
	record("run_started %s", pid > 0 ? "pid" : "nobody");
	return MQS_OK;
}

static void
run_free(struct mqs_run *run)
{
	free(run);
}

/* ---------------------------------------------------- filters, replies -- */

static int
publisher_input(struct mqs_publisher *p, struct mqs_consumer *c, const struct mqs_message *m,
    struct mqs_error *err)
{
	(void)p;
	(void)c;
	(void)err;
	record("publisher_input seq=%llu", (unsigned long long)m->seq);
	return MQS_OK;
}

static int
publisher_feed(struct mqs_publisher *p, struct mqs_consumer *c, struct mqs_error *err)
{
	(void)p;
	(void)c;
	(void)err;
	record("publisher_feed");
	return MQS_OK;
}

static void
publisher_input_drop(struct mqs_publisher *p)
{
	record("publisher_input_drop");
	p->n = 0;
}

static int
publisher_input_fits(const struct mqs_publisher *p)
{
	(void)p;
	return 1;
}

static int
publisher_input_done(struct mqs_publisher *p, struct mqs_consumer *c,
    const struct mqs_message *m, struct mqs_error *err)
{
	(void)p;
	(void)c;
	(void)err;
	record("publisher_input_done seq=%llu", (unsigned long long)m->seq);
	return MQS_NOTHING;
}

static int
call_open(struct mqs_call **out, struct mqs_spool *spool, const char *queue,
    struct mqs_error *err)
{
	(void)spool;
	record("call_open %s", queue);
	return make(out, sizeof(**out), err);
}

static const char *
call_address(const struct mqs_call *call)
{
	(void)call;
	return "q/mailbox";
}

static int
call_wait(struct mqs_call *call, int64_t timeout, struct mqs_reply *reply,
    struct mqs_error *err)
{
	(void)call;
	(void)timeout;
	(void)reply;
	record("call_wait");
	return mqs_fail(err, MQS_ETIMEOUT, "q: no reply in time");
}

static void
call_free(struct mqs_call *call)
{
	free(call);
}

static int
reply_wanted(struct mqs_spool *spool, const struct mqs_message *m, const char **address,
    struct mqs_error *err)
{
	(void)spool;
	(void)m;
	(void)address;
	(void)err;
	return MQS_NOTHING;
}

static int
reply(struct mqs_spool *spool, const char *address, const char *reason, int fd,
    struct mqs_error *err)
{
	(void)spool;
	(void)reason;
	(void)fd;
	(void)err;
	record("reply %s", address);
	return MQS_NOTHING;
}

/* ----------------------------------------------------------- settling -- */

static int
settler_open(struct mqs_settler **out, struct mqs_spool *spool, mqs_settled_fn *settled,
    void *arg, struct mqs_error *err)
{
	int rc;

	(void)spool;
	record("settler_open");
	if ((rc = make(out, sizeof(**out), err)) != MQS_OK)
		return rc;
	(*out)->settled = settled;
	(*out)->arg = arg;
	return MQS_OK;
}

static int
settler_add(struct mqs_settler *s, const char *receipt, const struct mqs_settlement *how,
    uint64_t tag, struct mqs_error *err)
{
	(void)err;
	record("settler_add %s verb=%d", receipt, (int)how->verb);
	if (s->n < sizeof(s->tags) / sizeof(s->tags[0]))
		s->tags[s->n++] = tag;
	return MQS_OK;
}

static int
settler_flush(struct mqs_settler *s, struct mqs_error *err)
{
	(void)err;
	record("settler_flush %zu", s->n);
	while (s->n > 0)
		s->settled(s->arg, s->tags[--s->n], MQS_OK, "");
	return MQS_OK;
}

static void
settler_free(struct mqs_settler *s)
{
	free(s);
}

/* ------------------------------------------------------------ reading -- */

static int
reader_open(struct mqs_reader **out, struct mqs_spool *spool, const char *queue,
    const char *group, const struct mqs_reader_options *o, struct mqs_error *err)
{
	int rc;

	(void)spool;
	record("reader_open %s/%s since_id=%s until_id=%s since=%lld last=%llu follow=%d latest=%d bindings=%zu",
	    queue, or_dash(group), o == NULL ? "-" : or_dash(o->since_id),
	    o == NULL ? "-" : or_dash(o->until_id), o == NULL ? 0 : (long long)o->since,
	    o == NULL ? 0 : (unsigned long long)o->last, o == NULL ? 0 : o->follow,
	    o == NULL ? 0 : o->latest, o == NULL ? (size_t)0 : o->nbindings);
	if ((rc = make(out, sizeof(**out), err)) != MQS_OK)
		return rc;
	if (((*out)->fd = eventfd(0, EFD_CLOEXEC)) != -1)
		return MQS_OK;
	free(*out);
	return mqs_fail_errno(err, "record");
}

static int
reader_next(struct mqs_reader *r, struct mqs_message *m, struct mqs_error *err)
{
	(void)err;
	if (r->read == 2)
		return MQS_NOTHING;
	give(m, r->read++);
	m->attempt = 0;
	m->lease = 0;
	return MQS_OK;
}

static void
reader_rest(struct mqs_reader *r)
{
	(void)r;
}

static int
reader_fd(struct mqs_reader *r, struct mqs_error *err)
{
	(void)err;
	return r->fd;
}

static int
reader_service(struct mqs_reader *r, struct mqs_error *err)
{
	(void)r;
	(void)err;
	return MQS_OK;
}

static void
reader_free(struct mqs_reader *r)
{
	close(r->fd);
	free(r);
}

/* ------------------------------------------------------------ looking -- */

static int
stat_all(struct mqs_spool *spool, const char *queue, const char *group,
    mqs_queue_stat_fn *queue_fn, mqs_group_stat_fn *group_fn, void *arg,
    struct mqs_error *err)
{
	struct mqs_queue_stat q = { .name = "q", .messages = 2, .bytes = MQS_UNKNOWN,
	    .in_messages = MQS_UNKNOWN, .in_bytes = MQS_UNKNOWN, .trimmed = MQS_UNKNOWN,
	    .dropped = MQS_UNKNOWN, .oldest = MQS_UNKNOWN_TIME, .disk_bytes = MQS_UNKNOWN,
	    .groups = 1 };
	struct mqs_group_stat g = { .queue = "q", .group = "g", .depth = 2, .ready = 2,
	    .leased = MQS_UNKNOWN, .delayed = MQS_UNKNOWN, .delivered = MQS_UNKNOWN,
	    .acked = MQS_UNKNOWN, .retried = MQS_UNKNOWN, .released = MQS_UNKNOWN,
	    .rejected = MQS_UNKNOWN, .dead = MQS_UNKNOWN, .expired = MQS_UNKNOWN,
	    .dropped = MQS_UNKNOWN, .oldest = MQS_UNKNOWN_TIME,
	    .consumers = MQS_UNKNOWN_COUNT };
	int rc = 0;

	(void)spool;
	(void)err;
	record("stat %s/%s", or_dash(queue), or_dash(group));
	if (group == NULL && queue_fn != NULL)
		rc = queue_fn(arg, &q);
	return rc == 0 && group_fn != NULL ? group_fn(arg, &g) : rc;
}

static int
outstanding(struct mqs_spool *spool, const char *queue, const char *group,
    mqs_consumer_stat_fn *consumer_fn, mqs_delivery_stat_fn *delivery_fn, void *arg,
    struct mqs_error *err)
{
	struct mqs_consumer_stat c = { .queue = "q", .group = "g", .held = MQS_UNKNOWN,
	    .running = MQS_UNKNOWN, .since = MQS_UNKNOWN_TIME, .where = "client-7@example" };
	struct mqs_delivery_stat d = { .queue = "q", .group = "g", .id = "3:70",
	    .receipt = "q/g/3:70.token-9", .attempt = 1, .bytes = MQS_UNKNOWN,
	    .state = MQS_PREFETCHED, .since = MQS_UNKNOWN_TIME, .where = "client-7@example" };
	int rc = 0;

	(void)spool;
	(void)err;
	record("outstanding %s/%s", or_dash(queue), or_dash(group));
	if (consumer_fn != NULL)
		rc = consumer_fn(arg, &c);
	return rc == 0 && delivery_fn != NULL ? delivery_fn(arg, &d) : rc;
}

static int
next_due(struct mqs_spool *spool, const char *queue, const char *group, int64_t *due,
    struct mqs_error *err)
{
	(void)spool;
	(void)due;
	(void)err;
	record("next_due %s/%s", or_dash(queue), or_dash(group));
	return MQS_NOTHING;
}

/* ------------------------------------------------------ administering -- */

static int
create(struct mqs_spool *spool, const char *queue, const char *group,
    const struct mqs_consumer_options *o, struct mqs_error *err)
{
	(void)spool;
	(void)err;
	record("create %s/%s bindings=%zu", queue, or_dash(group), o == NULL ? 0 : o->nbindings);
	return MQS_OK;
}

static int
set(struct mqs_spool *spool, const char *queue, const char *group, const char *const *pairs,
    size_t n, struct mqs_error *err)
{
	(void)spool;
	(void)err;
	record("set %s/%s %s n=%zu", queue, or_dash(group), n == 0 ? "" : pairs[0], n);
	return MQS_OK;
}

static int
show(struct mqs_spool *spool, const char *queue, const char *group, mqs_setting_fn *fn,
    void *arg, struct mqs_error *err)
{
	(void)spool;
	(void)err;
	record("show %s/%s", queue, or_dash(group));
	return fn(arg, "retain", "7d", 0);
}

static int
bind(struct mqs_spool *spool, const char *queue, const char *group,
    const struct mqs_binding *list, size_t n, int replace, struct mqs_error *err)
{
	(void)spool;
	(void)err;
	record("bind %s/%s %.*s n=%zu replace=%d", queue, group, (int)list->text_len,
	    list->text, n, replace);
	return MQS_OK;
}

static int
unbind(struct mqs_spool *spool, const char *queue, const char *group,
    const struct mqs_binding *list, size_t n, size_t *left, struct mqs_error *err)
{
	(void)spool;
	(void)err;
	record("unbind %s/%s %.*s n=%zu", queue, group, (int)list->text_len, list->text, n);
	if (left != NULL)
		*left = 1;
	return MQS_OK;
}

static int
bindings(struct mqs_spool *spool, const char *queue, const char *group, mqs_binding_fn *fn,
    void *arg, struct mqs_error *err)
{
	(void)spool;
	(void)fn;
	(void)arg;
	(void)err;
	record("bindings %s/%s", queue, group);
	return MQS_OK;
}

static int
delete(struct mqs_spool *spool, const char *queue, const char *group, struct mqs_error *err)
{
	(void)spool;
	(void)err;
	record("delete %s/%s", queue, or_dash(group));
	return MQS_OK;
}

static int
purge(struct mqs_spool *spool, const char *queue, const char *group, uint64_t *count,
    struct mqs_error *err)
{
	(void)spool;
	(void)err;
	record("purge %s/%s", queue, or_dash(group));
	*count = 2;
	return MQS_OK;
}

static int
rewind_group(struct mqs_spool *spool, const char *queue, const char *group,
    const struct mqs_rewind_options *o, struct mqs_rewound *r, struct mqs_error *err)
{
	(void)spool;
	(void)err;
	record("rewind %s/%s to=%s dry_run=%d", queue, group, or_dash(o->to), o->dry_run);
	memset(r, 0, sizeof(*r));
	snprintf(r->id, sizeof(r->id), "3:70");
	return MQS_OK;
}

static int
redrive(struct mqs_spool *spool, const char *queue, const struct mqs_redrive_options *o,
    struct mqs_redriven *r, struct mqs_error *err)
{
	(void)spool;
	(void)err;
	record("redrive %s reason=%s dry_run=%d", queue, or_dash(o->reason), o->dry_run);
	r->redriven = 1;
	r->left = 0;
	return MQS_OK;
}

static int
pause_group(struct mqs_spool *spool, const char *queue, const char *group, int on,
    struct mqs_error *err)
{
	(void)spool;
	(void)err;
	record("pause %s/%s %d", queue, or_dash(group), on);
	return MQS_OK;
}

static int
skip(struct mqs_spool *spool, const char *queue, const char *group, const char *const *ids,
    size_t n, struct mqs_error *err)
{
	(void)spool;
	(void)err;
	record("skip %s/%s %s n=%zu", queue, group, ids[0], n);
	return MQS_OK;
}

static int
trim(struct mqs_spool *spool, const char *queue, uint64_t *count, struct mqs_error *err)
{
	(void)spool;
	(void)err;
	record("trim %s", queue);
	*count = 0;
	return MQS_OK;
}

static int
rename_queue(struct mqs_spool *spool, const char *queue, const char *name,
    struct mqs_error *err)
{
	(void)spool;
	(void)err;
	record("rename %s %s", queue, name);
	return MQS_OK;
}

static int
compact(struct mqs_spool *spool, const char *queue, int64_t wait, uint64_t *before,
    uint64_t *after, struct mqs_error *err)
{
	(void)spool;
	(void)err;
	record("compact %s wait=%lld", queue, (long long)wait);
	*before = 8192;
	*after = 4096;
	return MQS_OK;
}

static int
backup(struct mqs_spool *spool, const char *queue, const char *where, struct mqs_backup *b,
    struct mqs_error *err)
{
	(void)spool;
	(void)err;
	record("backup %s %s", queue, where);
	*b = (struct mqs_backup){ 2, 10, 1, "3:71" };
	return MQS_OK;
}

static int
check(struct mqs_spool *spool, const char *queue, unsigned flags, mqs_finding_fn *finding,
    void *arg, uint64_t *findings, uint64_t *messages, struct mqs_error *err)
{
	(void)spool;
	(void)finding;
	(void)arg;
	(void)err;
	if (flags == 0)
		record("check %s", queue);
	else
		record("check %s flags=%u", queue, flags);
	*findings = 0;
	*messages = 2;
	return MQS_OK;
}

static int
check_schema(struct mqs_spool *spool, const char *queue, const char *schema,
    size_t schema_len, mqs_finding_fn *finding, void *arg, uint64_t *findings,
    uint64_t *messages, struct mqs_error *err)
{
	(void)spool;
	(void)finding;
	(void)arg;
	(void)err;
	record("check_schema %s %.*s", queue, (int)schema_len, schema);
	*findings = 0;
	*messages = 2;
	return MQS_OK;
}

static int
salvage(struct mqs_spool *spool, const char *from, const char *queue,
    mqs_finding_fn *finding, void *arg, struct mqs_salvaged *salvaged,
    struct mqs_error *err)
{
	(void)spool;
	(void)finding;
	(void)arg;
	(void)err;
	record("salvage %s %s", from, queue);
	*salvaged = (struct mqs_salvaged){ .messages = 2 };
	return MQS_OK;
}

static int
salvage_group(struct mqs_spool *spool, const char *queue, const char *group,
    mqs_finding_fn *finding, void *arg, struct mqs_salvaged *salvaged,
    struct mqs_error *err)
{
	(void)spool;
	(void)finding;
	(void)arg;
	(void)err;
	record("salvage_group %s/%s", queue, group);
	*salvaged = (struct mqs_salvaged){ .messages = 2 };
	return MQS_OK;
}

static int
queue_uuid(struct mqs_spool *spool, const char *queue, char uuid[MQS_UUID_SIZE],
    struct mqs_error *err)
{
	(void)spool;
	(void)err;
	record("queue_uuid %s", queue);
	memcpy(uuid, "00000000-0000-4000-8000-000000000071", MQS_UUID_SIZE);
	return MQS_OK;
}

#ifdef INCAPABLE
static const char *
what_instead(const char *option)
{
	return strcmp(option, "priority") == 0 ? "publish to a queue for each priority" : NULL;
}

#define CAN	NULL
#define INSTEAD	what_instead
#else
static const char *const can[] = {
	"any", "at", "atomic", "call", "delay", "dry-run", "exclusive", "expect-last", "extend", "follow",
	"from", "header", "key", "last", "latest", "lease", "list", "mandatory", "manual", "message-id",
	"mirror", "next-due", "ordered", "pattern", "prefetch", "priority", "reason",
	"reject", "release", "repair", "replace", "retry", "rewind", "schema", "since", "temp", "to", "ttl", "until",
	"wait", NULL
};
#define CAN	can
#define INSTEAD	NULL
#endif

const struct mqs_engine mqs_engine_table = {
	.version = MQS_ENGINE_VERSION,
	.name = "record",
	.can = CAN,
	.instead = INSTEAD,
	.is_id = is_id,
	.spool_open = spool_open, .spool_free = spool_free,
	.spool_close_queues = spool_close_queues,
	.publisher_open = publisher_open, .publisher_send = publisher_send,
	.publisher_send_like = publisher_send_like, .publisher_flush = publisher_flush,
	.publisher_stored = publisher_stored, .publisher_check = publisher_check,
	.publisher_atomic = publisher_atomic,
	.publisher_expect = publisher_expect, .publisher_dropped = publisher_dropped, .publisher_pending = publisher_pending,
	.publisher_max_message = publisher_max_message, .publisher_free = publisher_free,
	.large_new = large_new, .large_write = large_write, .large_size = large_size,
	.large_free = large_free,
	.consumer_open = consumer_open, .consumer_claim = consumer_claim,
	.consumer_next = consumer_next, .consumer_rest = consumer_rest,
	.consumer_settle = consumer_settle, .consumer_flush = consumer_flush,
	.consumer_ack_through = consumer_ack_through,
	.consumer_handed_out = consumer_handed_out, .consumer_held = consumer_held,
	.consumer_receipt = consumer_receipt, .consumer_fd = consumer_fd,
	.consumer_service = consumer_service, .consumer_close = consumer_close,
	.consumer_free = consumer_free,
	.run_new = run_new, .run_add = run_add, .run_started = run_started,
	.run_free = run_free,
	.publisher_input = publisher_input, .publisher_feed = publisher_feed,
	.publisher_input_drop = publisher_input_drop,
	.publisher_input_fits = publisher_input_fits,
	.publisher_input_done = publisher_input_done,
	.call_open = call_open, .call_address = call_address, .call_wait = call_wait,
	.call_free = call_free, .reply_wanted = reply_wanted, .reply = reply,
	.settler_open = settler_open, .settler_add = settler_add,
	.settler_flush = settler_flush, .settler_free = settler_free,
	.reader_open = reader_open, .reader_next = reader_next, .reader_rest = reader_rest,
	.reader_fd = reader_fd, .reader_service = reader_service, .reader_free = reader_free,
	.stat = stat_all, .outstanding = outstanding, .next_due = next_due,
	.create = create, .set = set, .show = show, .bind = bind, .unbind = unbind,
	.bindings = bindings, .delete = delete, .purge = purge, .rewind = rewind_group,
	.redrive = redrive, .pause = pause_group, .skip = skip, .trim = trim,
	.rename = rename_queue, .compact = compact, .backup = backup, .check = check,
	.check_schema = check_schema, .salvage = salvage, .salvage_group = salvage_group,
	.queue_uuid = queue_uuid
};
