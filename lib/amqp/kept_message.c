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

/* The properties were copied as they lie; what they point to is copied here. */
static int
copy_properties(amqp_pool_t *pool, amqp_basic_properties_t *p)
{
	const struct {
		amqp_flags_t	 flag;
		amqp_bytes_t	*bytes;
	} texts[] = {
		{ AMQP_BASIC_CONTENT_TYPE_FLAG, &p->content_type },
		{ AMQP_BASIC_CONTENT_ENCODING_FLAG, &p->content_encoding },
		{ AMQP_BASIC_CORRELATION_ID_FLAG, &p->correlation_id },
		{ AMQP_BASIC_REPLY_TO_FLAG, &p->reply_to },
		{ AMQP_BASIC_EXPIRATION_FLAG, &p->expiration },
		{ AMQP_BASIC_MESSAGE_ID_FLAG, &p->message_id },
		{ AMQP_BASIC_TYPE_FLAG, &p->type },
		{ AMQP_BASIC_USER_ID_FLAG, &p->user_id },
		{ AMQP_BASIC_APP_ID_FLAG, &p->app_id },
		{ AMQP_BASIC_CLUSTER_ID_FLAG, &p->cluster_id }
	};
	amqp_table_t headers = p->headers;
	size_t i;

	for (i = 0; i < sizeof(texts) / sizeof(texts[0]); i++)
		if ((p->_flags & texts[i].flag) != 0 && copy_bytes(pool, texts[i].bytes) == -1)
			return -1;
	return (p->_flags & AMQP_BASIC_HEADERS_FLAG) == 0 ||
	    amqp_table_clone(&headers, &p->headers, pool) == AMQP_STATUS_OK ? 0 : -1;
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
	k->properties = *d->properties;
	k->offset = offset_of(d->properties);
	if (copy_bytes(&k->pool, &k->exchange) == -1 ||
	    copy_bytes(&k->pool, &k->routing_key) == -1 ||
	    copy_properties(&k->pool, &k->properties) == -1 || copy_body(k, d) == -1) {
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
