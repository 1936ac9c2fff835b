/* header_value.c - see header_value.h */
#include <math.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>

#include "amqp/header_value.h"
#include "base/clock.h"
#include "base/name.h"
#include "base/units.h"
#include "message/json.h"

/* ------------------------------------------------------------- numbers -- */

/* An integer of any type: 1, its size without sign, and whether it is below 0; or 0. */
static int
integer(const amqp_field_value_t *v, uint64_t *size, int *negative)
{
	int64_t n;

	*negative = 0;
	switch (v->kind) {
	case AMQP_FIELD_KIND_I8:	n = (int)v->value.i8; break;
	case AMQP_FIELD_KIND_I16:	n = v->value.i16; break;
	case AMQP_FIELD_KIND_I32:	n = v->value.i32; break;
	case AMQP_FIELD_KIND_I64:	n = v->value.i64; break;
	case AMQP_FIELD_KIND_U8:	*size = v->value.u8; return 1;
	case AMQP_FIELD_KIND_U16:	*size = v->value.u16; return 1;
	case AMQP_FIELD_KIND_U32:	*size = v->value.u32; return 1;
	case AMQP_FIELD_KIND_U64:	*size = v->value.u64; return 1;
	default:			return 0;
	}
	*negative = n < 0;
	*size = n < 0 ? -(uint64_t)n : (uint64_t)n;
	return 1;
}

/* The decimal point is the locale's; text that others read has one point. */
static int
put_digits(struct mqs_buf *b, char *text)
{
	char *point = text + strspn(text, "+-0123456789e");

	if (*point != '\0')
		*point = '.';
	return mqs_buf_add(b, text, strlen(text));
}

/* A floating-point number in as few digits as read back the same. */
static int
put_float(struct mqs_buf *b, const amqp_field_value_t *v, int json)
{
	const int is_float = v->kind == AMQP_FIELD_KIND_F32;
	const double d = is_float ? (double)v->value.f32 : v->value.f64;
	char text[40];
	int digits;

	if (!isfinite(d))
		return mqs_buf_addf(b, "%s", json ? "null" : isnan(d) ? "nan" :
		    d < 0 ? "-inf" : "inf");
	for (digits = 1; ; digits++) {
		(void)snprintf(text, sizeof(text), "%.*g", digits, d);
		if (digits == 17 || (is_float ? strtof(text, NULL) == v->value.f32 :
		    strtod(text, NULL) == d))
			return put_digits(b, text);
	}
}

/* 10^-decimals times a number without sign. */
static int
put_decimal(struct mqs_buf *b, const amqp_decimal_t *d)
{
	char digits[24];
	size_t n = mqs_format_u64(d->value, digits);
	size_t zeros;

	if (d->decimals == 0)
		return mqs_buf_add(b, digits, n);
	if (n > d->decimals)
		return mqs_buf_addf(b, "%.*s.%s", (int)(n - d->decimals), digits,
		    digits + (n - d->decimals));
	if (mqs_buf_addf(b, "0.") == -1)
		return -1;
	for (zeros = d->decimals - n; zeros > 0; zeros--)
		if (mqs_buf_addc(b, '0') == -1)
			return -1;
	return mqs_buf_add(b, digits, n);
}

/* A timestamp is in seconds; one that is too far off for a date stays a number. */
static int
put_timestamp(struct mqs_buf *b, uint64_t seconds)
{
	char text[MQS_TIME_SIZE], *fraction;

	if (seconds > (uint64_t)(INT64_MAX / MQS_SECOND))
		return mqs_buf_addf(b, "%llu", (unsigned long long)seconds);
	mqs_format_time((int64_t)seconds * MQS_SECOND, text);
	if ((fraction = strchr(text, '.')) != NULL)
		*fraction = '\0';
	return mqs_buf_addf(b, "%sZ", text);
}

/* A number, boolean, or timestamp, which looks the same in JSON but for its quotes. */
static int
put_scalar(struct mqs_buf *b, const amqp_field_value_t *v, int json)
{
	uint64_t size;
	int negative;

	if (integer(v, &size, &negative))
		return mqs_buf_addf(b, "%s%llu", negative ? "-" : "", (unsigned long long)size);
	switch (v->kind) {
	case AMQP_FIELD_KIND_BOOLEAN:
		return mqs_buf_addf(b, "%s", v->value.boolean ? "true" : "false");
	case AMQP_FIELD_KIND_F32:
	case AMQP_FIELD_KIND_F64:
		return put_float(b, v, json);
	case AMQP_FIELD_KIND_DECIMAL:
		return put_decimal(b, &v->value.decimal);
	case AMQP_FIELD_KIND_TIMESTAMP:
		return put_timestamp(b, v->value.u64);
	default:
		return json ? mqs_buf_addf(b, "null") : 0;
	}
}

/* ---------------------------------------------------------------- JSON -- */

static int	put_json(struct mqs_buf *, const amqp_field_value_t *, unsigned depth);

static int
put_object(struct mqs_buf *b, const amqp_table_t *table, unsigned depth)
{
	int i;

	if (mqs_buf_addc(b, '{') == -1)
		return -1;
	for (i = 0; i < table->num_entries; i++) {
		const amqp_table_entry_t *e = &table->entries[i];

		if ((i > 0 && mqs_buf_addc(b, ',') == -1) ||
		    mqs_json_string(b, e->key.bytes, e->key.len) == -1 ||
		    mqs_buf_addc(b, ':') == -1 || put_json(b, &e->value, depth) == -1)
			return -1;
	}
	return mqs_buf_addc(b, '}');
}

static int
put_list(struct mqs_buf *b, const amqp_array_t *array, unsigned depth)
{
	int i;

	if (mqs_buf_addc(b, '[') == -1)
		return -1;
	for (i = 0; i < array->num_entries; i++)
		if ((i > 0 && mqs_buf_addc(b, ',') == -1) ||
		    put_json(b, &array->entries[i], depth) == -1)
			return -1;
	return mqs_buf_addc(b, ']');
}

static int
put_quoted(struct mqs_buf *b, const amqp_field_value_t *v)
{
	return mqs_buf_addc(b, '"') == -1 || put_scalar(b, v, 1) == -1 ||
	    mqs_buf_addc(b, '"') == -1 ? -1 : 0;
}

static int
put_json(struct mqs_buf *b, const amqp_field_value_t *v, unsigned depth)
{
	if (depth >= MQS_AMQP_VALUE_DEPTH)
		return mqs_buf_addf(b, "null");
	switch (v->kind) {
	case AMQP_FIELD_KIND_UTF8:
	case AMQP_FIELD_KIND_BYTES:
		return mqs_json_string(b, v->value.bytes.bytes, v->value.bytes.len);
	case AMQP_FIELD_KIND_TABLE:
		return put_object(b, &v->value.table, depth + 1);
	case AMQP_FIELD_KIND_ARRAY:
		return put_list(b, &v->value.array, depth + 1);
	case AMQP_FIELD_KIND_TIMESTAMP:
	case AMQP_FIELD_KIND_DECIMAL:
		return put_quoted(b, v);
	default:
		return put_scalar(b, v, 1);
	}
}

/* ---------------------------------------------------------------- text -- */

int
mqs_amqp_text_escape(struct mqs_buf *b, const void *p, size_t n)
{
	const char *s = p;
	size_t valid;

	while (n > 0) {
		valid = mqs_utf8_valid(s, n, 1);
		if (valid > 0 && mqs_buf_add(b, s, valid) == -1)
			return -1;
		s += valid;
		n -= valid;
		if (n == 0)
			break;
		if (mqs_buf_addf(b, "\\x%02x", (unsigned char)*s) == -1)
			return -1;
		s++;
		n--;
	}
	return 0;
}

int
mqs_amqp_value_text(struct mqs_buf *b, const amqp_field_value_t *v)
{
	switch (v->kind) {
	case AMQP_FIELD_KIND_UTF8:
	case AMQP_FIELD_KIND_BYTES:
		return mqs_amqp_text_escape(b, v->value.bytes.bytes, v->value.bytes.len);
	case AMQP_FIELD_KIND_TABLE:
	case AMQP_FIELD_KIND_ARRAY:
		return put_json(b, v, 0);
	default:
		return put_scalar(b, v, 0);
	}
}

/* ------------------------------------------------------------- reading -- */

int
mqs_amqp_value_number(const amqp_field_value_t *v, uint64_t *number)
{
	int negative;

	if (integer(v, number, &negative))
		return !negative;
	return (v->kind == AMQP_FIELD_KIND_UTF8 || v->kind == AMQP_FIELD_KIND_BYTES) &&
	    mqs_parse_u64(v->value.bytes.bytes, v->value.bytes.len, number) == 0;
}

/* RFC 3339, not the other forms in which people may write a time on a command line. */
static int
read_time(const char *p, size_t n, int64_t *ns)
{
	char text[MQS_TIME_SIZE];
	const char *why;

	if (n < sizeof("2026-01-02T03:04:05Z") - 1 || n >= sizeof(text) || p[4] != '-' ||
	    p[10] != 'T' || (p[n - 1] != 'Z' && p[n - 3] != ':') || memchr(p, '\0', n) != NULL)
		return 0;
	memcpy(text, p, n);
	text[n] = '\0';
	return mqs_parse_time(text, 0, ns, &why) == 0 && *ns >= 0;
}

int
mqs_amqp_value_time(const amqp_field_value_t *v, int64_t *ns)
{
	if (v->kind == AMQP_FIELD_KIND_UTF8)
		return read_time(v->value.bytes.bytes, v->value.bytes.len, ns);
	if (v->kind != AMQP_FIELD_KIND_TIMESTAMP ||
	    v->value.u64 > (uint64_t)(INT64_MAX / MQS_SECOND))
		return 0;
	*ns = (int64_t)v->value.u64 * MQS_SECOND;
	return 1;
}
