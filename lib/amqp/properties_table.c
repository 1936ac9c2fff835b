/* properties_table.c - see properties_table.h */
#include <stdio.h>
#include <stdlib.h>
#include <string.h>

#include "amqp/header_name.h"
#include "amqp/header_value.h"
#include "amqp/properties_table.h"
#include "amqp/table.h"

#define FRAME	64	/* of a header frame: its own bytes, flags, priority, timestamp, ... */

void
mqs_amqp_properties_free(struct mqs_amqp_properties *p)
{
	free(p->entries);
	mqs_buf_free(&p->names);
	mqs_buf_free(&p->more);
	memset(p, 0, sizeof(*p));
}

/* Makes an array of n elements of that size: 0, or -1 with errno (ENOMEM). */
static int
reserve(void *array, size_t *cap, size_t n, size_t size)
{
	void **p = array, *more;

	if (n <= *cap)
		return 0;
	if ((more = reallocarray(*p, n, size)) == NULL)
		return -1;
	*p = more;
	*cap = n;
	return 0;
}

int
mqs_amqp_properties_begin(struct mqs_amqp_properties *p, size_t entries, size_t names,
    size_t more, uint32_t frame_max)
{
	const size_t frame = frame_max == 0 ? MQS_AMQP_FRAME_MAX : frame_max;

	memset(&p->basic, 0, sizeof(p->basic));
	p->exchange = NULL;
	p->size = FRAME;
	p->limit = frame >= 2 * MQS_AMQP_HEADROOM ? frame - MQS_AMQP_HEADROOM : frame / 2;
	p->nentries = 0;
	p->names.n = p->more.n = 0;
	if (reserve(&p->entries, &p->entries_cap, entries, sizeof(p->entries[0])) == -1 ||
	    mqs_buf_reserve(&p->names, names) == -1)
		return -1;
	return mqs_buf_reserve(&p->more, more);
}

void
mqs_amqp_properties_add(struct mqs_amqp_properties *p, amqp_table_entry_t entry)
{
	p->size += mqs_amqp_entry_size(&entry);
	p->entries[p->nentries++] = entry;
}

void
mqs_amqp_properties_delay(struct mqs_amqp_properties *p, uint32_t seconds, const char *queue,
    const char *group)
{
	amqp_table_entry_t levels[MQS_AMQP_DELAY_HEADERS];
	size_t i, n = mqs_amqp_delay_headers(seconds, levels);

	p->exchange = mqs_amqp_delay_exchange(seconds);
	(void)snprintf(p->to, sizeof(p->to), "%s%s%s", queue, group == NULL ? "" : "/",
	    group == NULL ? "" : group);
	mqs_amqp_properties_add(p, mqs_amqp_entry(MQS_AMQP_DELAY_TO, p->to));
	for (i = 0; i < n; i++)
		mqs_amqp_properties_add(p, levels[i]);
}

amqp_bytes_t
mqs_amqp_properties_prefixed(struct mqs_amqp_properties *p, const char *prefix,
    amqp_bytes_t name)
{
	const size_t len = strlen(prefix);
	char *at = p->names.p + p->names.n;

	memcpy(at, prefix, len);
	if (name.len > 0)
		memcpy(at + len, name.bytes, name.len);
	p->names.n += len + name.len;
	return mqs_amqp_bytes(at, len + name.len);
}

void
mqs_amqp_properties_set(struct mqs_amqp_properties *p, amqp_flags_t flag,
    amqp_bytes_t *property, amqp_bytes_t value)
{
	p->size += 1 + value.len;
	p->basic._flags |= flag;
	*property = value;
}

/* user-id would be refused, and expiration would end its life in a level of delays. */
void
mqs_amqp_properties_keep(struct mqs_amqp_properties *p, const amqp_basic_properties_t *from)
{
	const amqp_flags_t numbers = AMQP_BASIC_PRIORITY_FLAG | AMQP_BASIC_TIMESTAMP_FLAG;
	const struct {
		amqp_flags_t		 flag;
		amqp_bytes_t		*to;
		const amqp_bytes_t	*value;
	} texts[] = {
		{ AMQP_BASIC_CONTENT_TYPE_FLAG, &p->basic.content_type, &from->content_type },
		{ AMQP_BASIC_CONTENT_ENCODING_FLAG, &p->basic.content_encoding,
		    &from->content_encoding },
		{ AMQP_BASIC_CORRELATION_ID_FLAG, &p->basic.correlation_id, &from->correlation_id },
		{ AMQP_BASIC_REPLY_TO_FLAG, &p->basic.reply_to, &from->reply_to },
		{ AMQP_BASIC_MESSAGE_ID_FLAG, &p->basic.message_id, &from->message_id },
		{ AMQP_BASIC_TYPE_FLAG, &p->basic.type, &from->type },
		{ AMQP_BASIC_APP_ID_FLAG, &p->basic.app_id, &from->app_id }
	};
	size_t i;

	p->basic._flags = AMQP_BASIC_DELIVERY_MODE_FLAG | (from->_flags & numbers);
	p->basic.delivery_mode = AMQP_DELIVERY_PERSISTENT;
	p->basic.priority = from->priority;
	p->basic.timestamp = from->timestamp;
	for (i = 0; i < sizeof(texts) / sizeof(texts[0]); i++)
		if (from->_flags & texts[i].flag)
			mqs_amqp_properties_set(p, texts[i].flag, texts[i].to, *texts[i].value);
}

void
mqs_amqp_properties_end(struct mqs_amqp_properties *p)
{
	if (p->nentries == 0)
		return;
	p->basic._flags |= AMQP_BASIC_HEADERS_FLAG;
	p->basic.headers = mqs_amqp_table(p->entries, p->nentries);
}

/* ---------------------------------------------------------------- size -- */

static size_t	value_size(const amqp_field_value_t *, unsigned depth);

/* SIZE_MAX is more than any sum, and stays. */
static size_t
sum(size_t a, size_t b)
{
	return a == SIZE_MAX || b == SIZE_MAX ? SIZE_MAX : a + b;
}

static size_t
table_size(const amqp_table_t *table, unsigned depth)
{
	size_t n = 4;
	int i;

	for (i = 0; i < table->num_entries; i++)
		n = sum(n, sum(1 + table->entries[i].key.len,
		    value_size(&table->entries[i].value, depth)));
	return n;
}

static size_t
array_size(const amqp_array_t *array, unsigned depth)
{
	size_t n = 4;
	int i;

	for (i = 0; i < array->num_entries; i++)
		n = sum(n, value_size(&array->entries[i], depth));
	return n;
}

/* Numbers count as the longest. */
static size_t
value_size(const amqp_field_value_t *v, unsigned depth)
{
	if (depth >= MQS_AMQP_VALUE_DEPTH)
		return SIZE_MAX;
	switch (v->kind) {
	case AMQP_FIELD_KIND_UTF8:
	case AMQP_FIELD_KIND_BYTES:
		return 1 + 4 + v->value.bytes.len;
	case AMQP_FIELD_KIND_TABLE:
		return sum(1, table_size(&v->value.table, depth + 1));
	case AMQP_FIELD_KIND_ARRAY:
		return sum(1, array_size(&v->value.array, depth + 1));
	default:
		return 1 + 8;
	}
}

size_t
mqs_amqp_entry_size(const amqp_table_entry_t *e)
{
	return sum(1 + e->key.len, value_size(&e->value, 0));
}
