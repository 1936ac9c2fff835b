/*
 * envelope_fields.c - reads the fields of an envelope, one by one
 *
 * A table names the fields and the function that reads each.  An unknown field is an error,
 * since it may be a misspelt one.  A value of another type is an error, since converting it
 * might lose something.
 */
#include <limits.h>
#include <stddef.h>

#include "base/base64.h"
#include "base/clock.h"
#include "base/error.h"
#include "base/units.h"
#include "message/envelope_fields.h"
#include "message/json_text.h"

struct field {
	const char	*name;
	int		(*take)(struct mqs_fields *, const struct field *, json_t *);
	size_t		 offset;	/* in struct mqs_envelope of what it sets */
};

const char *
mqs_json_type(const json_t *v)
{
	switch (json_typeof(v)) {
	case JSON_OBJECT:
		return "an object";
	case JSON_ARRAY:
		return "an array";
	case JSON_STRING:
		return "a string";
	case JSON_INTEGER:
	case JSON_REAL:
		return "a number";
	case JSON_NULL:
		return "null";
	default:
		return "a boolean";
	}
}

static int
wrong_type(struct mqs_fields *p, const struct field *f, const json_t *v,
    const char *wanted)
{
	return mqs_fail(p->err, MQS_EDATA, "\"%s\" is %s, not %s", f->name,
	    mqs_json_type(v), wanted);
}

const char *
mqs_fields_keep(struct mqs_fields *p, const char *bytes, size_t n)
{
	struct mqs_buf *store = &p->e->store;
	char *at = store->p + store->n;

	memcpy(at, bytes, n);
	at[n] = '\0';
	store->n += n + 1;
	return at;
}

/* ----------------------------------------------- one function a type -- */

/* Text that ends at its NUL. */
static int
take_text(struct mqs_fields *p, const struct field *f, json_t *v)
{
	const char *s = json_string_value(v);
	const char **to = (const char **)(void *)((char *)p->e + f->offset);

	if (s == NULL)
		return wrong_type(p, f, v, "a string");
	if (strlen(s) != json_string_length(v))
		return mqs_fail(p->err, MQS_EDATA, "\"%s\" contains NUL", f->name);
	*to = mqs_fields_keep(p, s, strlen(s));
	return MQS_OK;
}

static int
take_key(struct mqs_fields *p, const struct field *f, json_t *v)
{
	struct mqs_message *m = &p->e->message;

	if (!json_is_string(v))
		return wrong_type(p, f, v, "a string");
	m->key_len = json_string_length(v);
	m->key = mqs_fields_keep(p, json_string_value(v), m->key_len);
	return MQS_OK;
}

static int
take_message_id(struct mqs_fields *p, const struct field *f, json_t *v)
{
	struct mqs_message *m = &p->e->message;

	if (!json_is_string(v))
		return wrong_type(p, f, v, "a string");
	m->message_id_len = json_string_length(v);
	m->message_id = mqs_fields_keep(p, json_string_value(v),
	    m->message_id_len);
	return MQS_OK;
}

static int
take_integer(struct mqs_fields *p, const struct field *f, json_t *v, json_int_t max,
    json_int_t *n)
{
	if (json_is_real(v))
		return mqs_fail(p->err, MQS_EDATA, "\"%s\" is not an integer",
		    f->name);
	if (!json_is_integer(v))
		return wrong_type(p, f, v, "a number");
	*n = json_integer_value(v);
	if (*n < 0 || *n > max)
		return mqs_fail(p->err, MQS_EDATA,
		    "\"%s\" is %" JSON_INTEGER_FORMAT ", not 0 to %"
		    JSON_INTEGER_FORMAT, f->name, *n, max);
	return MQS_OK;
}

static int
take_priority(struct mqs_fields *p, const struct field *f, json_t *v)
{
	json_int_t n = 0;
	int rc;

	if ((rc = take_integer(p, f, v, 9, &n)) == MQS_OK)
		p->e->message.priority = (int)n;
	return rc;
}

static int
take_attempt(struct mqs_fields *p, const struct field *f, json_t *v)
{
	json_int_t n = 0;
	int rc;

	if ((rc = take_integer(p, f, v, UINT_MAX, &n)) == MQS_OK)
		p->e->message.attempt = (unsigned)n;
	return rc;
}

/*
 * A date and time, or seconds since the epoch.  "now" and "+2h", which options
 * take, are refused: what an envelope says must not depend on when it is read.
 */
static int
take_time(struct mqs_fields *p, const struct field *f, json_t *v)
{
	int64_t *to = (int64_t *)(void *)((char *)p->e + f->offset);
	const char *s = json_string_value(v), *why = "out of range";
	double seconds = json_number_value(v);

	if (s == NULL && !json_is_number(v))
		return wrong_type(p, f, v, "a time");
	if (s != NULL) {
		if (strlen(s) != json_string_length(v))
			why = "contains NUL";
		else if (*s == 'n' || *s == '+' || *s == '-')
			why = "not a point in time";
		else if (mqs_parse_time(s, 0, to, &why) == 0) {
			if (*to >= 0)
				return MQS_OK;
			why = "before 1970";
		}
		return mqs_fail(p->err, MQS_EDATA, "\"%s\": %.64s: %s", f->name,
		    s, why);
	}
	if (seconds < 0 || seconds >= (double)(INT64_MAX / MQS_SECOND))
		return mqs_fail(p->err, MQS_EDATA, "\"%s\": %.15g: %s", f->name,
		    seconds, seconds < 0 ? "before 1970" : why);
	if (json_is_integer(v))
		*to = json_integer_value(v) * MQS_SECOND;
	else
		*to = (int64_t)seconds * MQS_SECOND + (int64_t)((seconds -
		    (double)(int64_t)seconds) * (double)MQS_SECOND + 0.5);
	return MQS_OK;
}

static int
take_headers(struct mqs_fields *p, const struct field *f, json_t *v)
{
	if (!json_is_object(v))
		return wrong_type(p, f, v, "an object");
	p->headers = v;
	return MQS_OK;
}

static int
only_body(struct mqs_fields *p, const struct field *f)
{
	int later = p->body_field != NULL && strcmp(p->body_field, f->name) > 0;

	if (p->body_field != NULL)
		return mqs_fail(p->err, MQS_EDATA, "\"%s\" and \"%s\" are both there",
		    later ? f->name : p->body_field, later ? p->body_field : f->name);
	p->body_field = f->name;
	return MQS_OK;
}

static int
take_body(struct mqs_fields *p, const struct field *f, json_t *v)
{
	struct mqs_message *m = &p->e->message;

	if (!json_is_string(v))
		return wrong_type(p, f, v, "a string");
	m->body_len = json_string_length(v);
	m->body = mqs_fields_keep(p, json_string_value(v),
	    (size_t)m->body_len);
	return only_body(p, f);
}

static int
take_base64(struct mqs_fields *p, const struct field *f, json_t *v)
{
	struct mqs_message *m = &p->e->message;
	struct mqs_buf *store = &p->e->store;
	const char *why;
	size_t n, at;

	if (!json_is_string(v))
		return wrong_type(p, f, v, "a string");
	if (mqs_base64_decode(store->p + store->n, &n, json_string_value(v),
	    json_string_length(v), &why, &at) == -1)
		return mqs_fail(p->err, MQS_EDATA, "\"%s\": %s (character %zu)",
		    f->name, why, at);
	m->body = store->p + store->n;
	m->body_len = n;
	store->n += n;
	return only_body(p, f);
}

/* The value is not what was decoded, which has lost digits, but the text of it. */
static int
take_json(struct mqs_fields *p, const struct field *f, json_t *v)
{
	struct mqs_message *m = &p->e->message;
	struct mqs_buf *store = &p->e->store;

	(void)v;
	if (p->json == NULL)	/* the name was not found as it stands */
		return mqs_fail(p->err, MQS_EDATA, "\"%s\": its name is written with escapes",
		    f->name);
	m->body = store->p + store->n;
	if (mqs_json_compact(store, p->json, p->json_len) == -1)
		return mqs_fail_errno(p->err, "envelope");
	m->body_len = (size_t)(store->p + store->n - (const char *)m->body);
	return only_body(p, f);
}

static const struct field fields[] = {
	{ "id", take_text, offsetof(struct mqs_envelope, id) },
	{ "queue", take_text, offsetof(struct mqs_envelope, queue) },
	{ "queue_uuid", take_text, offsetof(struct mqs_envelope, queue_uuid) },
	{ "group", take_text, offsetof(struct mqs_envelope, group) },
	{ "time", take_time, offsetof(struct mqs_envelope, time) },
	{ "key", take_key, 0 },
	{ "headers", take_headers, 0 },
	{ "priority", take_priority, 0 },
	{ "attempt", take_attempt, 0 },
	{ "receipt", take_text, offsetof(struct mqs_envelope, receipt) },
	{ "message_id", take_message_id, 0 },
	{ "not_before", take_time,
	    offsetof(struct mqs_envelope, message.not_before) },
	{ "expires", take_time, offsetof(struct mqs_envelope, message.expires) },
	{ "body", take_body, 0 },
	{ "body_base64", take_base64, 0 },
	{ "json", take_json, 0 }
};

int
mqs_fields_take(struct mqs_fields *p, const char *name, json_t *v)
{
	size_t i;

	for (i = 0; i < sizeof(fields) / sizeof(fields[0]); i++)
		if (strcmp(fields[i].name, name) == 0)
			return fields[i].take(p, &fields[i], v);
	return mqs_fail(p->err, MQS_EDATA, "unknown field \"%.64s\"", name);
}
