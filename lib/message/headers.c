/*
 * headers.c - a message's headers, and whether a message may be stored
 *
 * Headers are one run of bytes, so that storing them is one copy and reading them is none.
 * They are checked when a message is published.  A reader of stored headers must still be
 * safe if they are damaged: stepping through bytes that are not well formed ends early and
 * never reads beyond them.
 *
 * Every published message passes mqs_message_check.  A message that has nothing but a body
 * passes after a few comparisons with zero.
 */
#include "base/error.h"
#include "base/name.h"
#include "message/headers.h"

/* The NUL-terminated text at *pos; NULL if there is none. */
static const char *
next_text(const char *headers, size_t len, size_t *pos)
{
	const char *at, *nul;

	if (*pos >= len)
		return NULL;
	at = headers + *pos;
	if ((nul = memchr(at, '\0', len - *pos)) == NULL)
		return NULL;
	*pos += (size_t)(nul - at) + 1;
	return at;
}

int
mqs_headers_next(const char *headers, size_t headers_len, size_t *pos,
    const char **name, const char **value)
{
	const char *n, *v;

	if ((n = next_text(headers, headers_len, pos)) == NULL ||
	    (v = next_text(headers, headers_len, pos)) == NULL)
		return 0;
	*name = n;
	*value = v;
	return 1;
}

int
mqs_headers_add(struct mqs_buf *b, const char *name, size_t name_len,
    const char *value, size_t value_len)
{
	char *at;

	if (mqs_buf_reserve(b, name_len + value_len + 2) == -1)
		return -1;
	at = b->p + b->n;
	memcpy(at, name, name_len);
	at += name_len;
	*at++ = '\0';
	if (value_len != 0)
		memcpy(at, value, value_len);
	at[value_len] = '\0';
	b->n += name_len + value_len + 2;
	return 0;
}

const char *
mqs_headers_get(const char *headers, size_t len, const char *wanted)
{
	const char *name, *value;
	size_t pos = 0;

	while (mqs_headers_next(headers, len, &pos, &name, &value))
		if (strcmp(name, wanted) == 0)
			return value;
	return NULL;
}

int
mqs_headers_fill(struct mqs_buf *buf, const char *headers, size_t len,
    const char *more, size_t more_len)
{
	const char *name, *value;
	size_t pos = 0;

	while (mqs_headers_next(more, more_len, &pos, &name, &value)) {
		if (mqs_headers_get(headers, len, name) == NULL &&
		    mqs_headers_add(buf, name, strlen(name), value,
		    strlen(value)) != 0)
			return -1;
	}
	return 0;
}

/* ------------------------------------------------------------ checking -- */

/* Text of at most max bytes, UTF-8 without NUL. */
static int
check_text(const char *what, const char *p, size_t n, size_t max,
    struct mqs_error *err)
{
	size_t valid;

	if (n > max)
		return mqs_fail(err, MQS_EDATA, "%s has %zu bytes, at most %zu",
		    what, n, max);
	if (p == NULL)
		return mqs_fail(err, MQS_EINVAL, "%s has %zu bytes at NULL",
		    what, n);
	if ((valid = mqs_utf8_valid(p, n, 1)) < n)
		return mqs_fail(err, MQS_EDATA, "%s %s (byte %zu)", what,
		    p[valid] == '\0' ? "contains NUL" : "is not UTF-8",
		    valid + 1);
	return MQS_OK;
}

static int
check_header(unsigned number, const char *name, const char *value,
    struct mqs_error *err)
{
	size_t name_len = strlen(name), value_len = strlen(value), valid;

	if (name_len == 0)
		return mqs_fail(err, MQS_EDATA, "header %u has an empty name",
		    number);
	if ((valid = mqs_utf8_valid(name, name_len, 1)) < name_len)
		return mqs_fail(err, MQS_EDATA,
		    "name of header %u is not UTF-8 (byte %zu)", number,
		    valid + 1);
	if ((valid = mqs_utf8_valid(value, value_len, 1)) < value_len)
		return mqs_fail(err, MQS_EDATA,
		    "value of header %u is not UTF-8 (byte %zu)", number,
		    valid + 1);
	return MQS_OK;
}

static int
check_headers(const char *headers, size_t len, struct mqs_error *err)
{
	const char *name, *value;
	unsigned number = 0;
	size_t pos = 0, end = 0;
	int rc;

	if (len > MQS_HEADERS_MAX)
		return mqs_fail(err, MQS_EDATA,
		    "headers have %zu bytes, at most %d", len, MQS_HEADERS_MAX);
	if (headers == NULL)
		return mqs_fail(err, MQS_EINVAL, "headers have %zu bytes at NULL",
		    len);
	while (mqs_headers_next(headers, len, &pos, &name, &value)) {
		if ((rc = check_header(++number, name, value, err)) != MQS_OK)
			return rc;
		end = pos;
	}
	if (end != len)
		return mqs_fail(err, MQS_EDATA,
		    "header %u has no value (byte %zu of the headers)",
		    number + 1, end + 1);
	return MQS_OK;
}

/* It is for people and logs to compare: a control character is a mistake. */
static int
check_message_id(const char *p, size_t n, struct mqs_error *err)
{
	size_t i;
	int rc;

	if (n == 0)
		return mqs_fail(err, MQS_EDATA, "message id is empty");
	if ((rc = check_text("message id", p, n, MQS_MSGID_MAX, err)) != MQS_OK)
		return rc;
	for (i = 0; i < n; i++) {
		unsigned char c = (unsigned char)p[i];

		/* U+0080 to U+009F are control characters as well. */
		if (c < 0x20 || c == 0x7f ||
		    (c == 0xc2 && (unsigned char)p[i + 1] < 0xa0))
			return mqs_fail(err, MQS_EDATA,
			    "message id has a control character (byte %zu)",
			    i + 1);
	}
	return MQS_OK;
}

static int
check_numbers(const struct mqs_message *m, struct mqs_error *err)
{
	if (m->priority < 0 || m->priority > 9)
		return mqs_fail(err, MQS_EDATA, "priority is %d, not 0 to 9",
		    m->priority);
	if (m->not_before < 0)
		return mqs_fail(err, MQS_EDATA,
		    "not-before time lies before 1970");
	if (m->expires < 0)
		return mqs_fail(err, MQS_EDATA, "expiry lies before 1970");
	if (m->body_len != 0 && m->body == NULL && m->body_fd < 0 &&
	    m->large == NULL)
		return mqs_fail(err, MQS_EINVAL,
		    "body has %llu bytes, and nothing to read them from",
		    (unsigned long long)m->body_len);
	return MQS_OK;
}

int
mqs_message_check(const struct mqs_message *m, struct mqs_error *err)
{
	int rc;

	if ((m->key_len | m->headers_len) == 0 && m->message_id == NULL &&
	    (m->not_before | m->expires | m->priority) == 0 &&
	    (m->body != NULL || m->body_len == 0))
		return MQS_OK;
	if (m->key_len != 0 && (rc = check_text("key", m->key, m->key_len,
	    MQS_KEY_MAX, err)) != MQS_OK)
		return rc;
	if (m->headers_len != 0 &&
	    (rc = check_headers(m->headers, m->headers_len, err)) != MQS_OK)
		return rc;
	if (m->message_id != NULL && (rc = check_message_id(m->message_id,
	    m->message_id_len, err)) != MQS_OK)
		return rc;
	return check_numbers(m, err);
}
