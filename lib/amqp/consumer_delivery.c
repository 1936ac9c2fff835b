/* consumer_delivery.c - see consumer_delivery.h */
#include <stdlib.h>
#include <string.h>
#include <unistd.h>

#include "amqp/consumer_delivery.h"
#include "amqp/consumer_spill.h"
#include "amqp/table.h"

#define GENERATION_BITS	32	/* of a lease; above them: how often it was handed out before */

static void
append(char **at, const void *bytes, size_t n)
{
	if (n > 0)
		memcpy(*at, bytes, n);
	*at += n;
}

struct mqs_amqp_held *
mqs_amqp_held_new(struct mqs_amqp_delivery *d)
{
	const size_t body = d->body_fd == -1 ? (size_t)d->body_len : 0;
	struct mqs_amqp_held *h;
	char *at;

	h = malloc(sizeof(*h) + d->routing_key.len + d->raw_properties.len + body);
	if (h == NULL)
		return NULL;
	*h = (struct mqs_amqp_held){ .tag = d->tag, .body_fd = d->body_fd,
	    .body_len = d->body_len, .key_len = d->routing_key.len,
	    .properties_len = d->raw_properties.len };
	d->body_fd = -1;
	at = h->bytes = (char *)(h + 1);
	append(&at, d->routing_key.bytes, d->routing_key.len);
	append(&at, d->raw_properties.bytes, d->raw_properties.len);
	append(&at, d->body, body);
	return h;
}

void
mqs_amqp_held_free(struct mqs_amqp_held *h)
{
	if (h == NULL)
		return;
	mqs_amqp_spill_remove(h);
	if (h->body_fd != -1)
		(void)close(h->body_fd);
	free(h);
}

uint64_t
mqs_amqp_held_lease(const struct mqs_amqp_held *h)
{
	return (uint64_t)h->handed_out << GENERATION_BITS | h->generation;
}

uint64_t
mqs_amqp_lease_generation(uint64_t lease)
{
	return lease & ((UINT64_C(1) << GENERATION_BITS) - 1);
}

amqp_bytes_t
mqs_amqp_held_key(const struct mqs_amqp_held *h)
{
	return mqs_amqp_bytes(h->bytes, h->key_len);
}

amqp_bytes_t
mqs_amqp_held_properties(const struct mqs_amqp_held *h)
{
	return mqs_amqp_bytes(h->bytes + h->key_len, h->properties_len);
}

const void *
mqs_amqp_held_body(const struct mqs_amqp_held *h)
{
	return h->body_fd != -1 ? NULL : h->bytes + h->key_len + h->properties_len;
}

size_t
mqs_amqp_held_size(const struct mqs_amqp_held *h)
{
	return h->spill != NULL ? sizeof(*h) : sizeof(*h) + h->key_len + h->properties_len +
	    (h->body_fd == -1 ? (size_t)h->body_len : 0);
}
