/* properties_in.c - see properties_in.h */
#include <inttypes.h>
#include <limits.h>
#include <stdio.h>
#include <string.h>

#include "amqp/header_name.h"
#include "amqp/header_value.h"
#include "amqp/message_id.h"
#include "amqp/properties_in.h"
#include "amqp/property_headers.h"
#include "amqp/repeated_header.h"
#include "amqp/table.h"
#include "base/clock.h"
#include "base/error.h"
#include "base/name.h"
#include "message/headers.h"

#define DROPPED		"mq-headers-dropped"
#define DROPPED_SIZE	(sizeof(DROPPED) + 24)	/* of that header, at most */
#define REPLY_SIZE	(sizeof(MQS_REPLY_TO) + 4 * MQS_AMQP_SHORT_TEXT + 1)

void
mqs_amqp_incoming_free(struct mqs_amqp_incoming *in)
{
	mqs_buf_free(&in->headers);
	memset(in, 0, sizeof(*in));
}

/* Copies up to size bytes of text; each that may not be becomes '?'.  Returns the length. */
static size_t
copy_text(char *to, size_t size, amqp_bytes_t from, int controls)
{
	size_t n = from.len < size ? from.len : size, good = 0, i;

	if (n > 0)
		memcpy(to, from.bytes, n);
	while ((good += mqs_utf8_valid(to + good, n - good, 1)) < n)
		to[good++] = '?';
	for (i = 0; i < n && !controls; i++) {
		unsigned char c = (unsigned char)to[i];

		if (c < 0x20 || c == 0x7f)
			to[i] = '?';
		else if (c == 0xc2 && (unsigned char)to[i + 1] < 0xa0)
			to[i] = to[i + 1] = '?';
	}
	return n;
}

/* ------------------------------------------------------------- headers -- */

/*
 * Adds one header.  0; 1 if there is no room for it, and then there is none for others, either;
 * or -1 with errno (ENOMEM).
 */
static int
add(struct mqs_buf *b, amqp_bytes_t name, const amqp_field_value_t *value, size_t room)
{
	const size_t start = b->n;

	if (name.len + 1 > room || start > room - (name.len + 1))
		return 1;
	if (mqs_amqp_text_escape(b, name.bytes, name.len) == -1 ||
	    mqs_buf_addc(b, '\0') == -1 || mqs_amqp_value_text(b, value) == -1 ||
	    mqs_buf_addc(b, '\0') == -1) {
		b->n = start;
		return -1;
	}
	if (b->n <= room)
		return 0;
	b->n = start;
	return 1;
}

/* Counts what could not be added. */
struct added {
	struct mqs_buf	*headers;
	size_t		 room;
	uint64_t	 dropped;
};

/* Adds a header, or one for each element of an array: 0, or -1 with errno (ENOMEM). */
static int
add_each(struct added *a, amqp_bytes_t name, const amqp_field_value_t *v)
{
	const int array = v->kind == AMQP_FIELD_KIND_ARRAY && v->value.array.num_entries > 0;
	const int count = array ? v->value.array.num_entries : 1;
	int i, rc;

	for (i = 0; i < count; i++) {
		if (a->dropped > 0)
			rc = 1;
		else
			rc = add(a->headers, name, array ? &v->value.array.entries[i] : v,
			    a->room);
		if (rc == -1)
			return -1;
		a->dropped += (uint64_t)rc;
	}
	return 0;
}

/* A value of mq-more-NAME. */
struct more {
	struct added	*added;
	amqp_bytes_t	 name;
};

static int
add_one_more(void *arg, const char *value, size_t n)
{
	const struct more *m = arg;
	const amqp_field_value_t v = { .kind = AMQP_FIELD_KIND_UTF8,
	    .value.bytes = mqs_amqp_bytes(value, n) };

	return add_each(m->added, m->name, &v);
}

static int
add_more(struct added *a, amqp_bytes_t name, const amqp_field_value_t *v)
{
	struct more m = { .added = a, .name = name };

	return mqs_amqp_more_read(v, add_one_more, &m);
}

/* What a header of the engine or the broker says. */
static void
take(struct mqs_amqp_incoming *in, amqp_bytes_t name, const amqp_field_value_t *v,
    uint64_t *dropped)
{
	struct mqs_message *m = &in->message;
	uint64_t number;

	if (mqs_amqp_bytes_are(name, "mq-attempt")) {
		if (mqs_amqp_value_number(v, &number) && number > 0 && number <= INT_MAX)
			m->attempt = (unsigned)number;
	} else if (mqs_amqp_bytes_are(name, "mq-id")) {
		if (v->kind == AMQP_FIELD_KIND_UTF8 && mqs_amqp_id_read(v->value.bytes.bytes,
		    v->value.bytes.len, &m->time)) {
			memcpy(in->id, v->value.bytes.bytes, v->value.bytes.len);
			in->id[v->value.bytes.len] = '\0';
			in->foreign = 0;
		}
	} else if (mqs_amqp_bytes_are(name, "mq-expires"))
		(void)mqs_amqp_value_time(v, &m->expires);
	else if (mqs_amqp_bytes_are(name, "mq-not-before"))
		(void)mqs_amqp_value_time(v, &m->not_before);
	else if (mqs_amqp_bytes_are(name, "mq-delay-to"))
		in->waited = 1;
	else if (mqs_amqp_bytes_are(name, DROPPED)) {
		if (mqs_amqp_value_number(v, &number))
			*dropped = number;
	} else if (mqs_amqp_bytes_are(name, "x-stream-offset") &&
	    mqs_amqp_value_number(v, &number) && number <= INT64_MAX)
		in->offset = (int64_t)number;
}

/* What is read in one go: the headers of a death come last, and begin with the queue. */
enum part { THE_MESSAGES, DEATH_QUEUE, DEATH_REST };

static int
read_entry(struct mqs_amqp_incoming *in, const amqp_table_entry_t *e, enum part part,
    struct added *a, uint64_t *dropped)
{
	const char *name = e->key.bytes;
	size_t n = e->key.len;
	enum part its = THE_MESSAGES;

	switch (mqs_amqp_header_owner(&name, &n)) {
	case MQS_AMQP_HEADER_ENGINE:
	case MQS_AMQP_HEADER_BROKER:
		if (part == THE_MESSAGES)
			take(in, e->key, &e->value, dropped);
		return 0;
	case MQS_AMQP_HEADER_MORE:
		return 0;
	case MQS_AMQP_HEADER_DEAD:
		its = mqs_amqp_bytes_are(e->key, "mq-dead-queue") ? DEATH_QUEUE : DEATH_REST;
		break;
	default:
		break;
	}
	if (its != part)
		return 0;
	if (n == 0) {
		name = MQS_AMQP_HEADER_PREFIX;
		n = sizeof(MQS_AMQP_HEADER_PREFIX) - 1;
	}
	return add_each(a, mqs_amqp_bytes(name, n), &e->value);
}

/* Adds further values, after all first ones: a stream turns the order of headers round. */
static int
read_more(const amqp_table_t *table, struct added *a)
{
	int i;

	for (i = 0; i < table->num_entries; i++) {
		const amqp_table_entry_t *e = &table->entries[i];
		const char *name = e->key.bytes;
		size_t n = e->key.len;

		if (mqs_amqp_header_owner(&name, &n) == MQS_AMQP_HEADER_MORE &&
		    add_more(a, mqs_amqp_bytes(name, n), &e->value) == -1)
			return -1;
	}
	return 0;
}

/* A stream sorts headers by their names, but a death's begin with its queue (dead_letter.h). */
static int
read_table(struct mqs_amqp_incoming *in, const amqp_table_t *table, struct added *a,
    uint64_t *dropped)
{
	enum part part;
	int i;

	for (part = THE_MESSAGES; part <= DEATH_REST; part++) {
		for (i = 0; i < table->num_entries; i++)
			if (read_entry(in, &table->entries[i], part, a, dropped) == -1)
				return -1;
		if (part == THE_MESSAGES && read_more(table, a) == -1)
			return -1;
	}
	return 0;
}

/* 1 if a content type is a guess of ours, which says no more than the body. */
static int
is_guess(amqp_bytes_t type)
{
	return mqs_amqp_bytes_are(type, "application/octet-stream") ||
	    mqs_amqp_bytes_are(type, "text/plain; charset=utf-8") ||
	    mqs_amqp_bytes_are(type, "application/json");
}

/* Adds the headers of properties that the message has no header for. */
static int
read_properties(struct added *a, const amqp_basic_properties_t *from)
{
	amqp_basic_properties_t p = *from;
	size_t i;

	for (i = 0; i < MQS_AMQP_PROPERTY_HEADERS; i++) {
		const struct mqs_amqp_property *which = &mqs_amqp_property_headers[i];
		amqp_field_value_t value = { .kind = AMQP_FIELD_KIND_UTF8 };

		if ((p._flags & which->flag) == 0 || mqs_headers_get(a->headers->p,
		    a->headers->n, which->header) != NULL)
			continue;
		value.value.bytes = *mqs_amqp_property_value(&p, which);
		if (which->flag == AMQP_BASIC_CONTENT_TYPE_FLAG && is_guess(value.value.bytes))
			continue;
		if (add_each(a, mqs_amqp_text(which->header), &value) == -1)
			return -1;
	}
	return 0;
}

/* Adds a header for which room was kept. */
static int
add_last(struct mqs_buf *b, const char *name, amqp_bytes_t value)
{
	const amqp_field_value_t v = { .kind = AMQP_FIELD_KIND_UTF8, .value.bytes = value };

	return add(b, mqs_amqp_text(name), &v, MQS_HEADERS_MAX) == -1 ? -1 : 0;
}

/* All but those for which room is kept; *dropped: how many are missing, now or before. */
static int
read_within(struct mqs_amqp_incoming *in, const amqp_basic_properties_t *p, size_t room,
    uint64_t *dropped)
{
	struct added a = { .headers = &in->headers, .room = room };
	uint64_t before = 0;

	in->headers.n = 0;
	if ((p->_flags & AMQP_BASIC_HEADERS_FLAG &&
	    read_table(in, &p->headers, &a, &before) == -1) || read_properties(&a, p) == -1)
		return -1;
	*dropped = a.dropped + (before > UINT64_MAX - a.dropped ? 0 : before);
	return 0;
}

static int
read_headers(struct mqs_amqp_incoming *in, const amqp_basic_properties_t *p)
{
	const int reply = p->_flags & AMQP_BASIC_REPLY_TO_FLAG && p->reply_to.len > 0;
	const size_t room = MQS_HEADERS_MAX - (reply ? REPLY_SIZE : 0);
	uint64_t dropped;
	char count[24];

	/* What was published here has room; only where something is missing, that is said, too. */
	if (read_within(in, p, room, &dropped) == -1 ||
	    (dropped > 0 && read_within(in, p, room - DROPPED_SIZE, &dropped) == -1) ||
	    (reply && add_last(&in->headers, MQS_REPLY_TO, p->reply_to) == -1))
		return -1;
	mqs_format_u64(dropped, count);
	return dropped == 0 ? 0 : add_last(&in->headers, DROPPED, mqs_amqp_text(count));
}

/* ---------------------------------------------------------- properties -- */

static void
read_message_id(struct mqs_amqp_incoming *in, const amqp_basic_properties_t *p)
{
	struct mqs_message *m = &in->message;

	if ((p->_flags & AMQP_BASIC_MESSAGE_ID_FLAG) == 0 || p->message_id.len == 0 ||
	    mqs_amqp_bytes_are(p->message_id, in->id))
		return;
	m->message_id = in->message_id;
	m->message_id_len = copy_text(in->message_id, sizeof(in->message_id), p->message_id, 0);
}

int
mqs_amqp_properties_read(struct mqs_amqp_incoming *in, const amqp_basic_properties_t *p,
    amqp_bytes_t routing_key, struct mqs_error *err)
{
	struct mqs_message *m = &in->message;

	*m = (struct mqs_message)MQS_MESSAGE_INIT;
	in->offset = MQS_AMQP_NO_OFFSET;
	in->foreign = 1;
	in->waited = 0;
	in->id[0] = '\0';
	m->id = in->id;
	m->attempt = 1;
	m->key = in->key;
	m->key_len = copy_text(in->key, sizeof(in->key), routing_key, 1);
	if (read_headers(in, p) == -1)
		return mqs_fail_errno(err, "headers");
	m->headers = in->headers.p;
	m->headers_len = in->headers.n;
	read_message_id(in, p);
	if (p->_flags & AMQP_BASIC_PRIORITY_FLAG)
		m->priority = p->priority > 9 ? 9 : p->priority;
	if (in->foreign && p->_flags & AMQP_BASIC_TIMESTAMP_FLAG &&
	    p->timestamp <= (uint64_t)(INT64_MAX / MQS_SECOND))
		m->time = (int64_t)p->timestamp * MQS_SECOND;
	return MQS_OK;
}
