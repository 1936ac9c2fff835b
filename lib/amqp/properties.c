/* properties.c - see properties.h */
#include <inttypes.h>
#include <stdio.h>
#include <string.h>

#include "amqp/content_type.h"
#include "amqp/header_name.h"
#include "amqp/message_id.h"
#include "amqp/properties.h"
#include "amqp/property_headers.h"
#include "amqp/repeated_header.h"
#include "amqp/table.h"
#include "base/clock.h"
#include "base/error.h"
#include "message/header_list.h"

#define OURS		4	/* mq-id, mq-expires, mq-not-before, mq-delay-to */

/* ------------------------------------------------------------- headers -- */

/* Checks names; *names and *more are the bytes that those with a prefix, and values need. */
static int
check_names(const struct mqs_header_list *l, size_t *names, size_t *more, struct mqs_error *err)
{
	const size_t prefix = sizeof(MQS_AMQP_HEADER_PREFIX) - 1;
	const size_t more_prefix = sizeof(MQS_AMQP_MORE_PREFIX) - 1;
	size_t i;

	*names = *more = 0;
	for (i = 0; i < l->count; i++) {
		const struct mqs_header *h = &l->all[i];
		size_t added = mqs_amqp_header_prefixed(h->name, h->name_len) ? prefix : 0;

		if (h->next != NULL && !h->repeats) {
			*names += added + more_prefix + h->name_len;
			*more += mqs_amqp_more_room(h->next);
			added += more_prefix;
		}
		if (h->name_len + added > MQS_AMQP_HEADER_NAME)
			return mqs_fail(err, MQS_EDATA, "name of header %zu has %zu bytes, at "
			    "most %zu on RabbitMQ", i + 1, h->name_len,
			    MQS_AMQP_HEADER_NAME - added);
		if (added > 0)
			*names += added + h->name_len;
	}
	return MQS_OK;
}

/* Adds all values but the first of a name that comes more than once. */
static int
add_more(struct mqs_amqp_properties *p, amqp_bytes_t name, const struct mqs_header *h)
{
	const size_t start = p->more.n;
	amqp_table_entry_t e = { .key = mqs_amqp_properties_prefixed(p, MQS_AMQP_MORE_PREFIX,
	    name), .value.kind = AMQP_FIELD_KIND_UTF8 };

	if (mqs_amqp_more_write(&p->more, h) == -1)
		return -1;
	e.value.value.bytes = mqs_amqp_bytes(p->more.p + start, p->more.n - start);
	mqs_amqp_properties_add(p, e);
	return 0;
}

static int
add_header(struct mqs_amqp_properties *p, const struct mqs_header *h)
{
	amqp_table_entry_t e = { .key = mqs_amqp_bytes(h->name, h->name_len),
	    .value = mqs_amqp_string(h->value) };

	if (mqs_amqp_header_prefixed(h->name, h->name_len))
		e.key = mqs_amqp_properties_prefixed(p, MQS_AMQP_HEADER_PREFIX, e.key);
	mqs_amqp_properties_add(p, e);
	return h->next == NULL ? 0 : add_more(p, e.key, h->next);
}

/* 1 if a header became the property reply-to. */
static int
is_reply_to(struct mqs_amqp_properties *p, const struct mqs_header *h, int direct_reply)
{
	if (strcmp(h->name, MQS_REPLY_TO) != 0 || h->next != NULL || *h->value == '\0' ||
	    strlen(h->value) > MQS_AMQP_SHORT_TEXT ||
	    (!direct_reply && strcmp(h->value, MQS_AMQP_DIRECT_REPLY) == 0))
		return 0;
	mqs_amqp_properties_set(p, AMQP_BASIC_REPLY_TO_FLAG, &p->basic.reply_to,
	    mqs_amqp_text(h->value));
	return 1;
}

/* Sets the property that a header stands for. */
static void
set_property(struct mqs_amqp_properties *p, const struct mqs_header *h)
{
	size_t i;

	if (strncmp(h->name, "mq-", 3) != 0 || h->next != NULL ||
	    strlen(h->value) > MQS_AMQP_SHORT_TEXT)
		return;
	for (i = 0; i < MQS_AMQP_PROPERTY_HEADERS; i++) {
		const struct mqs_amqp_property *which = &mqs_amqp_property_headers[i];

		if (!which->read_only && strcmp(h->name, which->header) == 0)
			mqs_amqp_properties_set(p, which->flag,
			    mqs_amqp_property_value(&p->basic, which),
			    mqs_amqp_text(h->value));
	}
}

static int
add_headers(struct mqs_amqp_properties *p, const struct mqs_header_list *l, int direct_reply)
{
	size_t i;

	for (i = 0; i < l->count; i++) {
		const struct mqs_header *h = &l->all[i];

		if (h->repeats || is_reply_to(p, h, direct_reply))
			continue;
		set_property(p, h);
		if (add_header(p, h) == -1)
			return -1;
	}
	return 0;
}

/* ---------------------------------------------------------- properties -- */

static void
set_id(struct mqs_amqp_properties *p, const struct mqs_message *m, const char *id)
{
	int64_t time;

	(void)snprintf(p->id, sizeof(p->id), "%s", id);
	mqs_amqp_properties_add(p, mqs_amqp_entry("mq-id", p->id));
	mqs_amqp_properties_set(p, AMQP_BASIC_MESSAGE_ID_FLAG, &p->basic.message_id,
	    m->message_id == NULL ? mqs_amqp_text(p->id) :
	    mqs_amqp_bytes(m->message_id, m->message_id_len));
	if (mqs_amqp_id_read(id, strlen(id), &time)) {
		p->basic._flags |= AMQP_BASIC_TIMESTAMP_FLAG;
		p->basic.timestamp = (uint64_t)(time / MQS_SECOND);
	}
}

static void
set_expiry(struct mqs_amqp_properties *p, int64_t expires, int64_t now)
{
	int64_t left = expires > now ? expires - now : 0;

	mqs_format_time(expires, p->expires);
	mqs_amqp_properties_add(p, mqs_amqp_entry("mq-expires", p->expires));
	left = left / MQS_MSEC + (left % MQS_MSEC != 0);
	if (p->exchange != NULL || left > MQS_AMQP_EXPIRATION_MAX)
		return;
	(void)snprintf(p->expiration, sizeof(p->expiration), "%" PRId64, left);
	mqs_amqp_properties_set(p, AMQP_BASIC_EXPIRATION_FLAG, &p->basic.expiration,
	    mqs_amqp_text(p->expiration));
}

static int
set_times(struct mqs_amqp_properties *p, const struct mqs_message *m,
    const struct mqs_amqp_publish *how, struct mqs_error *err)
{
	uint32_t seconds;
	int rc;

	if (m->not_before != 0) {
		if ((rc = mqs_amqp_delay_until(m->not_before, how->now, &seconds, err)) != MQS_OK)
			return rc;
		mqs_format_time(m->not_before, p->not_before);
		mqs_amqp_properties_add(p, mqs_amqp_entry("mq-not-before", p->not_before));
		if (seconds > 0)
			mqs_amqp_properties_delay(p, seconds, how->queue, NULL);
	}
	if (m->expires != 0)
		set_expiry(p, m->expires, how->now);
	return MQS_OK;
}

static int
fill(struct mqs_amqp_properties *p, const struct mqs_message *m,
    const struct mqs_header_list *l, const struct mqs_amqp_publish *how, struct mqs_error *err)
{
	int rc;

	p->basic._flags = AMQP_BASIC_DELIVERY_MODE_FLAG;
	p->basic.delivery_mode = AMQP_DELIVERY_PERSISTENT;
	mqs_amqp_properties_set(p, AMQP_BASIC_CONTENT_TYPE_FLAG, &p->basic.content_type,
	    mqs_amqp_text(mqs_amqp_content_type(m)));
	if (m->priority > 0) {
		p->basic._flags |= AMQP_BASIC_PRIORITY_FLAG;
		p->basic.priority = (uint8_t)m->priority;
	}
	set_id(p, m, how->id);
	if ((rc = set_times(p, m, how, err)) != MQS_OK)
		return rc;
	if (add_headers(p, l, how->direct_reply) == -1)
		return mqs_fail_errno(err, "headers");
	mqs_amqp_properties_end(p);
	if (p->size > p->limit)
		return mqs_fail(err, MQS_EDATA, "headers have %zu bytes as RabbitMQ takes them, "
		    "at most %zu", p->size, p->limit);
	return MQS_OK;
}

int
mqs_amqp_properties_write(struct mqs_amqp_properties *p, const struct mqs_message *m,
    const struct mqs_amqp_publish *how, struct mqs_error *err)
{
	struct mqs_header_list list;
	size_t names, more;
	int rc;

	if (mqs_header_list_make(&list, m->headers, m->headers_len) == -1)
		return mqs_fail_errno(err, "headers");
	if ((rc = check_names(&list, &names, &more, err)) == MQS_OK &&
	    mqs_amqp_properties_begin(p, list.count + OURS + MQS_AMQP_DELAY_HEADERS,
	    names, more, how->frame_max) == -1)
		rc = mqs_fail_errno(err, "headers");
	if (rc == MQS_OK)
		rc = fill(p, m, &list, how, err);
	mqs_header_list_free(&list);
	return rc;
}
