/* table.h - entries of AMQP's tables: headers and arguments; all of them borrow their texts */
#ifndef MQS_AMQP_TABLE_H
#define MQS_AMQP_TABLE_H

#include <stdint.h>
#include <string.h>

#include "amqp/librabbitmq.h"

static inline amqp_bytes_t
mqs_amqp_bytes(const void *p, size_t n)
{
	return (amqp_bytes_t){ .len = n, .bytes = (void *)(uintptr_t)p };
}

static inline amqp_bytes_t
mqs_amqp_text(const char *text)
{
	return mqs_amqp_bytes(text, strlen(text));
}

/* 1 if the bytes are that text. */
static inline int
mqs_amqp_bytes_are(amqp_bytes_t bytes, const char *text)
{
	size_t n = strlen(text);

	return bytes.len == n && (n == 0 || memcmp(bytes.bytes, text, n) == 0);
}

static inline amqp_field_value_t
mqs_amqp_string(const char *text)
{
	return (amqp_field_value_t){ .kind = AMQP_FIELD_KIND_UTF8,
	    .value.bytes = mqs_amqp_text(text) };
}

static inline amqp_table_entry_t
mqs_amqp_entry(const char *name, const char *text)
{
	return (amqp_table_entry_t){ .key = mqs_amqp_text(name), .value = mqs_amqp_string(text) };
}

static inline amqp_table_entry_t
mqs_amqp_entry_number(const char *name, int64_t number)
{
	return (amqp_table_entry_t){ .key = mqs_amqp_text(name),
	    .value = { .kind = AMQP_FIELD_KIND_I64, .value.i64 = number } };
}

static inline amqp_table_t
mqs_amqp_table(amqp_table_entry_t *entries, size_t n)
{
	return (amqp_table_t){ .num_entries = (int)n, .entries = entries };
}

#endif
