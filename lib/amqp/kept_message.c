/* kept_message.c - see kept_message.h */
#include <sys/mman.h>

#include <stdlib.h>
#include <string.h>
#include <unistd.h>

#include "amqp/header_value.h"
#include "amqp/kept_message.h"
#include "amqp/table.h"
#include "base/error.h"

#define PAGE	1024	/* of a message's memory */

/* 0, or -1 for want of memory. */
static int
copy_bytes(amqp_pool_t *pool, amqp_bytes_t *bytes)
{
	amqp_bytes_t copy = { 0 };

	if (bytes->len > 0) {
		amqp_pool_alloc_bytes(pool, bytes->len, &copy);
		if (copy.bytes == NULL)
			return -1;
		memcpy(copy.bytes, bytes->bytes, bytes->len);
	}
	*bytes = copy;
	return 0;
}

/*
 * Decodes a copy of what came.  Not amqp_table_clone: it takes a header without a name for want of
 * memory.
 */
static int
copy_properties(struct mqs_amqp_kept *k, const struct mqs_amqp_delivery *d)
{
	amqp_bytes_t raw = d->raw_properties;
	void *decoded;

	if (copy_bytes(&k->pool, &raw) == -1 || amqp_decode_properties(AMQP_BASIC_CLASS, &k->pool,
	    raw, &decoded) != AMQP_STATUS_OK)
		return -1;
	k->properties = *(amqp_basic_properties_t *)decoded;
	return 0;
}

static int
copy_body(struct mqs_amqp_kept *k, struct mqs_amqp_delivery *d)
{
	amqp_bytes_t body = mqs_amqp_bytes(d->body, (size_t)d->body_len);

	k->body_len = d->body_len;
	if (d->body_fd != -1) {
		k->body_fd = d->body_fd;
		d->body_fd = -1;
		return 0;
	}
	if (copy_bytes(&k->pool, &body) == -1)
		return -1;
	k->body = body.bytes == NULL ? "" : body.bytes;
	return 0;
}

static int64_t
offset_of(const amqp_basic_properties_t *p)
{
	uint64_t offset;
	int i;

	for (i = 0; (p->_flags & AMQP_BASIC_HEADERS_FLAG) != 0 && i < p->headers.num_entries; i++)
		if (mqs_amqp_bytes_are(p->headers.entries[i].key, "x-stream-offset") &&
		    mqs_amqp_value_number(&p->headers.entries[i].value, &offset) &&
		    offset <= INT64_MAX)
			return (int64_t)offset;
	return -1;
}

struct mqs_amqp_kept *
mqs_amqp_keep(struct mqs_amqp_delivery *d)
{
	struct mqs_amqp_kept *k = calloc(1, sizeof(*k));

	if (k == NULL)
		return NULL;
	init_amqp_pool(&k->pool, PAGE);
	k->tag = d->tag;
	k->epoch = d->epoch;
	k->body_fd = -1;
	k->exchange = d->exchange;
	k->routing_key = d->routing_key;
	k->offset = offset_of(d->properties);
	if (copy_bytes(&k->pool, &k->exchange) == -1 ||
	    copy_bytes(&k->pool, &k->routing_key) == -1 ||
	    copy_properties(k, d) == -1 || copy_body(k, d) == -1) {
		mqs_amqp_kept_free(k);
		return NULL;
	}
	return k;
}

int
mqs_amqp_kept_body(struct mqs_amqp_kept *k, amqp_bytes_t *body, struct mqs_error *err)
{
	if (k->body_fd != -1 && k->map == NULL) {
		k->map = mmap(NULL, (size_t)k->body_len, PROT_READ, MAP_PRIVATE, k->body_fd, 0);
		if (k->map == MAP_FAILED) {
			k->map = NULL;
			return mqs_fail_errno(err, "the body of a message");
		}
	}
	*body = mqs_amqp_bytes(k->map != NULL ? k->map : k->body, (size_t)k->body_len);
	return MQS_OK;
}

void
mqs_amqp_kept_free(struct mqs_amqp_kept *k)
{
	if (k == NULL)
		return;
	if (k->map != NULL)
		(void)munmap(k->map, (size_t)k->body_len);
	if (k->body_fd != -1)
		(void)close(k->body_fd);
	empty_amqp_pool(&k->pool);
	free(k);
}
