/* record/publish.c - see record/publish.h */
#include <stdio.h>
#include <stdlib.h>

#include "base/error.h"
#include "record/publish.h"
#include "record/record.h"

struct mqs_publisher {
	struct mqs_handle handle;
	mqs_published_fn *published;
	void		*arg;
	uint64_t	 tags[16];
	size_t		 n, stored;
	uint64_t	 bytes;
};
struct mqs_large { struct mqs_handle handle; uint64_t size; };

int
record_publisher_open(struct mqs_publisher **out, struct mqs_spool *spool, const char *queue,
    const struct mqs_publisher_options *options, struct mqs_error *err)
{
	int rc;

	(void)spool;
	record("publisher_open %s flags=%u", queue, options == NULL ? 0 : options->flags);
	if ((rc = record_make(out, sizeof(**out), err)) != MQS_OK)
		return rc;
	if (options != NULL) {
		(*out)->published = options->published;
		(*out)->arg = options->arg;
	}
	return MQS_OK;
}

int
record_publisher_send(struct mqs_publisher *p, const struct mqs_message *m, uint64_t tag,
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

size_t
record_publisher_send_like(struct mqs_publisher *p, const struct mqs_body *bodies, size_t n)
{
	(void)p;
	(void)bodies;
	(void)n;
	return 0;
}

int
record_publisher_flush(struct mqs_publisher *p, struct mqs_error *err)
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

size_t
record_publisher_stored(const struct mqs_publisher *p)
{
	return p->stored;
}

int
record_publisher_check(struct mqs_publisher *p, size_t *index, struct mqs_error *err)
{
	(void)p;
	(void)index;
	(void)err;
	record("publisher_check");
	return MQS_OK;
}

int
record_publisher_atomic(struct mqs_publisher *p, int more, struct mqs_error *err)
{
	(void)p;
	(void)err;
	record("publisher_atomic %d", more);
	return MQS_OK;
}

int
record_publisher_expect(struct mqs_publisher *p, const char *id, const char *key, size_t key_len,
    struct mqs_error *err)
{
	(void)p;
	(void)err;
	record("publisher_expect %s key=%.*s", id, key == NULL ? 1 : (int)key_len, record_dash(key));
	return MQS_OK;
}

uint64_t
record_publisher_dropped(const struct mqs_publisher *p)
{
	(void)p;
	return 0;
}

size_t
record_publisher_pending(const struct mqs_publisher *p, uint64_t *bytes)
{
	if (bytes != NULL)
		*bytes = p->bytes;
	return p->n;
}

uint64_t
record_publisher_max_message(const struct mqs_publisher *p)
{
	(void)p;
	return UINT64_C(1) << 30;
}

void
record_publisher_free(struct mqs_publisher *p)
{
	record("publisher_free");
	free(p);
}

int
record_publisher_input(struct mqs_publisher *p, struct mqs_consumer *c, const struct mqs_message *m,
    struct mqs_error *err)
{
	(void)p;
	(void)c;
	(void)err;
	record("publisher_input seq=%llu", (unsigned long long)m->seq);
	return MQS_OK;
}

int
record_publisher_feed(struct mqs_publisher *p, struct mqs_consumer *c, struct mqs_error *err)
{
	(void)p;
	(void)c;
	(void)err;
	record("publisher_feed");
	return MQS_OK;
}

void
record_publisher_input_drop(struct mqs_publisher *p)
{
	record("publisher_input_drop");
	p->n = 0;
}

int
record_publisher_input_fits(const struct mqs_publisher *p)
{
	(void)p;
	return 1;
}

int
record_publisher_input_done(struct mqs_publisher *p, struct mqs_consumer *c,
    const struct mqs_message *m, struct mqs_error *err)
{
	(void)p;
	(void)c;
	(void)err;
	record("publisher_input_done seq=%llu", (unsigned long long)m->seq);
	return MQS_NOTHING;
}

int
record_large_new(struct mqs_large **out, struct mqs_publisher *p, struct mqs_error *err)
{
	(void)p;
	record("large_new");
	return record_make(out, sizeof(**out), err);
}

int
record_large_write(struct mqs_large *large, const void *bytes, size_t n, struct mqs_error *err)
{
	(void)bytes;
	(void)err;
	large->size += n;
	return MQS_OK;
}

uint64_t
record_large_size(const struct mqs_large *large)
{
	return large->size;
}

void
record_large_free(struct mqs_large *large)
{
	record("large_free %llu", (unsigned long long)large->size);
	free(large);
}
