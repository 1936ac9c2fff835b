/*
 * properties_copy.c - see properties_copy.h
 *
 * Headers of the message come first, then the engine's.  To know how many of the message's
 * have room, the engine's are put together first, in a table of their own.
 */
#include <inttypes.h>
#include <stdio.h>
#include <string.h>

#include "amqp/header_name.h"
#include "amqp/header_value.h"
#include "amqp/message_id.h"
#include "amqp/properties_copy.h"
#include "amqp/table.h"
#include "base/clock.h"
#include "base/error.h"
#include "base/name.h"

#define OURS_MAX	(MQS_AMQP_DELAY_HEADERS + 24)	/* of the engine: id, attempt, ..., a death's */
#define DROPPED		"mq-headers-dropped"
#define DROPPED_SIZE	64				/* of that header, at most */

/* What a copy keeps of the message's headers. */
struct kept {
	int	 id;		/* mq-id */
	int	 expires;	/* mq-expires */
	int	 not_before;	/* mq-not-before */
	int	 death;		/* mq-dead-...: as they are; 0: with the prefix; -1: not at all */
};

struct copy {
	struct mqs_amqp_properties	*p;
	const amqp_basic_properties_t	*from;
	struct kept			 kept;
	amqp_table_entry_t		 ours[OURS_MAX];	/* the engine's own headers */
	size_t				 nours;
	uint64_t			 dropped;
};

/* ------------------------------------------------- the message's headers -- */

/*
 * Steps through the values of the headers of one name, which another client may have sent more
 * than once: *at starts at 0; NULL when there are no more.
 */
static const amqp_field_value_t *
next_value(const amqp_basic_properties_t *from, const char *name, int *at)
{
	if ((from->_flags & AMQP_BASIC_HEADERS_FLAG) == 0)
		return NULL;
	while (*at < from->headers.num_entries) {
		const amqp_table_entry_t *e = &from->headers.entries[(*at)++];

		if (mqs_amqp_bytes_are(e->key, name))
			return &e->value;
	}
	return NULL;
}

/* 1 if a copy keeps one of the engine's headers, which mean something to the next reader. */
static int
keeps_ours(const struct copy *c, amqp_bytes_t name)
{
	return (c->kept.id && mqs_amqp_bytes_are(name, "mq-id")) ||
	    (c->kept.expires && mqs_amqp_bytes_are(name, "mq-expires")) ||
	    (c->kept.not_before && mqs_amqp_bytes_are(name, "mq-not-before"));
}

/* 1 if a header is copied; *prefix: and its name gets the prefix. */
static int
is_copied(const struct copy *c, const amqp_table_entry_t *e, int *prefix)
{
	const char *name = e->key.bytes;
	size_t n = e->key.len;

	*prefix = 0;
	switch (mqs_amqp_header_owner(&name, &n)) {
	case MQS_AMQP_HEADER_BROKER:
		return 0;
	case MQS_AMQP_HEADER_ENGINE:
		return keeps_ours(c, e->key);
	case MQS_AMQP_HEADER_DEAD:
		*prefix = c->kept.death == 0;
		return c->kept.death != -1;
	default:
		*prefix = mqs_amqp_bytes_are(e->key, "CC");
		return 1;
	}
}

/* Adds the message's headers as far as there is room. */
static void
add_message(struct copy *c, size_t room)
{
	int i, prefix, full = 0;

	for (i = 0; i < c->from->headers.num_entries; i++) {
		amqp_table_entry_t e = c->from->headers.entries[i];
		size_t size;

		if (!is_copied(c, &e, &prefix))
			continue;
		if (prefix && e.key.len + sizeof(MQS_AMQP_HEADER_PREFIX) - 1 <=
		    MQS_AMQP_HEADER_NAME)
			e.key = mqs_amqp_properties_prefixed(c->p, MQS_AMQP_HEADER_PREFIX,
			    e.key);
		size = mqs_amqp_entry_size(&e);
		full |= size != SIZE_MAX && size + c->p->size > room;
		if (full || size == SIZE_MAX)
			c->dropped++;
		else
			mqs_amqp_properties_add(c->p, e);
	}
}

/* ---------------------------------------------------- the engine's headers -- */

static void
add_ours(struct copy *c, amqp_table_entry_t e)
{
	if (c->nours < OURS_MAX)
		c->ours[c->nours++] = e;
}

static void
add_delay(struct copy *c, uint32_t seconds, const char *queue, const char *group)
{
	c->p->exchange = mqs_amqp_delay_exchange(seconds);
	(void)snprintf(c->p->to, sizeof(c->p->to), "%s/%s", queue, group);
	add_ours(c, mqs_amqp_entry(MQS_AMQP_DELAY_TO, c->p->to));
	c->nours += mqs_amqp_delay_headers(seconds, c->ours + c->nours);
}

/* When another client's message expires, at the latest: nobody knows when it was sent. */
static void
add_expires(struct copy *c, int64_t now)
{
	const amqp_field_value_t *v;
	uint64_t left;
	int64_t expires;
	int at = 0;

	while ((v = next_value(c->from, "mq-expires", &at)) != NULL)
		c->kept.expires |= mqs_amqp_value_time(v, &expires);
	if (c->kept.expires || (c->from->_flags & AMQP_BASIC_EXPIRATION_FLAG) == 0 ||
	    mqs_parse_u64(c->from->expiration.bytes, c->from->expiration.len, &left) == -1 ||
	    left > (uint64_t)(INT64_MAX / MQS_MSEC))
		return;
	mqs_format_time(mqs_later(now, (int64_t)left * MQS_MSEC), c->p->expires);
	add_ours(c, mqs_amqp_entry("mq-expires", c->p->expires));
}

static void
add_headers(struct copy *c, const char *headers, size_t len)
{
	const char *name, *value;
	size_t pos = 0;

	while (mqs_headers_next(headers, len, &pos, &name, &value))
		add_ours(c, mqs_amqp_entry(name, value));
}

static void
set_id(struct copy *c, const char *id)
{
	(void)snprintf(c->p->id, sizeof(c->p->id), "%s", id);
	add_ours(c, mqs_amqp_entry("mq-id", c->p->id));
}

/* ---------------------------------------------------------------- copies -- */

/* Begins a copy, with the properties that stay. */
static int
begin(struct copy *c, struct mqs_amqp_properties *p, const amqp_basic_properties_t *from,
    uint32_t frame_max)
{
	size_t n = 0, names = 0;
	int i;

	memset(c, 0, sizeof(*c));
	c->p = p;
	c->from = from;
	if (from->_flags & AMQP_BASIC_HEADERS_FLAG)
		n = (size_t)from->headers.num_entries;
	for (i = 0; i < (int)n; i++)
		names += from->headers.entries[i].key.len + sizeof(MQS_AMQP_HEADER_PREFIX);
	if (mqs_amqp_properties_begin(p, n + OURS_MAX + 1, names, 0, frame_max) == -1)
		return -1;
	mqs_amqp_properties_keep(p, from);
	return 0;
}

/* Adds the message's headers and then ours. */
static int
end(struct copy *c, struct mqs_error *err)
{
	const amqp_field_value_t *before;
	size_t i, ours = DROPPED_SIZE;
	uint64_t dropped;
	int at = 0;

	while ((before = next_value(c->from, DROPPED, &at)) != NULL)
		if (mqs_amqp_value_number(before, &dropped))
			c->dropped = dropped;
	for (i = 0; i < c->nours; i++)
		ours += mqs_amqp_entry_size(&c->ours[i]);
	if (c->from->_flags & AMQP_BASIC_HEADERS_FLAG)
		add_message(c, c->p->limit > ours ? c->p->limit - ours : 0);
	for (i = 0; i < c->nours; i++)
		mqs_amqp_properties_add(c->p, c->ours[i]);
	if (c->dropped > 0) {
		(void)snprintf(c->p->dropped, sizeof(c->p->dropped), "%" PRIu64, c->dropped);
		mqs_amqp_properties_add(c->p, mqs_amqp_entry(DROPPED, c->p->dropped));
	}
	mqs_amqp_properties_end(c->p);
	if (c->p->size > c->p->limit)
		return mqs_fail(err, MQS_ECONFIG, "frame_max of the broker is too small: a message's "
		    "headers have %zu bytes, at most %zu", c->p->size, c->p->limit);
	return MQS_OK;
}

int
mqs_amqp_properties_retry(struct mqs_amqp_properties *p, const amqp_basic_properties_t *from,
    const struct mqs_amqp_retry *how, struct mqs_error *err)
{
	struct copy c;

	if (begin(&c, p, from, how->frame_max) == -1)
		return mqs_fail_errno(err, "%s/%s: retry", how->queue, how->group);
	c.kept.id = c.kept.not_before = c.kept.death = 1;
	add_expires(&c, how->now);
	if (how->attempt > 1)
		add_ours(&c, mqs_amqp_entry_number("mq-attempt", how->attempt));
	add_delay(&c, mqs_amqp_delay_of_retry(how->delay), how->queue, how->group);
	return end(&c, err);
}

int
mqs_amqp_properties_dead(struct mqs_amqp_properties *p, const amqp_basic_properties_t *from,
    const struct mqs_amqp_dead *how, struct mqs_error *err)
{
	struct copy c;

	if (begin(&c, p, from, how->frame_max) == -1)
		return mqs_fail_errno(err, "dead letter");
	set_id(&c, how->id);
	p->basic._flags |= AMQP_BASIC_MESSAGE_ID_FLAG;
	p->basic.message_id = mqs_amqp_text(p->id);
	add_headers(&c, how->death, how->death_len);
	return end(&c, err);
}

int
mqs_amqp_properties_redrive(struct mqs_amqp_properties *p, const amqp_basic_properties_t *from,
    const struct mqs_amqp_redrive *how, struct mqs_error *err)
{
	struct copy c;

	if (begin(&c, p, from, how->frame_max) == -1)
		return mqs_fail_errno(err, "%s/%s: redrive", how->queue, how->group);
	c.kept.death = -1;
	if (how->id != NULL && mqs_amqp_is_id(how->id)) {
		set_id(&c, how->id);
		p->basic._flags |= AMQP_BASIC_MESSAGE_ID_FLAG;
		p->basic.message_id = mqs_amqp_text(p->id);
	} else
		c.kept.id = 1;
	add_delay(&c, 0, how->queue, how->group);
	return end(&c, err);
}
