/*
 * envelope_write.c - writing a message as one line of JSON
 *
 * Fields are written in the order of envelope.h, each with a comma behind it.  The body is
 * always written, and is the last.  Defaults (no key, priority 0, no time) are left out.
 * After an error the buffer is as it was before.
 */
#include <errno.h>
#include <unistd.h>

#include "base/base64.h"
#include "base/error.h"
#include "base/name.h"
#include "base/units.h"
#include "message/envelope.h"
#include "message/headers.h"
#include "message/json.h"
#include "message/json_text.h"

static int
put(struct mqs_buf *b, const char *literal)
{
	return mqs_buf_add(b, literal, strlen(literal));
}

static int
put_text(struct mqs_buf *b, const char *name, const char *p, size_t n)
{
	if (put(b, name) == -1 || mqs_json_string(b, p, n) == -1)
		return -1;
	return mqs_buf_addc(b, ',');
}

static int
put_name(struct mqs_buf *b, const char *name, const char *s)
{
	return s == NULL ? 0 : put_text(b, name, s, strlen(s));
}

static int
put_number(struct mqs_buf *b, const char *name, uint64_t v)
{
	char digits[24];
	size_t n = mqs_format_u64(v, digits);

	if (v == 0)
		return 0;
	if (put(b, name) == -1 || mqs_buf_add(b, digits, n) == -1)
		return -1;
	return mqs_buf_addc(b, ',');
}

/* As a string, because jq and JavaScript round numbers above 2^53. */
static int
put_id(struct mqs_buf *b, const struct mqs_message *m)
{
	char digits[24];

	if (m->id != NULL)
		return put_name(b, "\"id\":", m->id);
	if (m->seq == 0)
		return 0;
	return put_text(b, "\"id\":", digits, mqs_format_u64(m->seq, digits));
}

static int
put_time(struct mqs_buf *b, const char *name, int64_t t)
{
	char text[MQS_TIME_SIZE];

	return t == 0 ? 0 : put_name(b, name, mqs_format_time(t, text));
}

static int
put_headers(struct mqs_buf *b, const struct mqs_message *m)
{
	if (m->headers_len == 0)
		return 0;
	if (put(b, "\"headers\":") == -1 ||
	    mqs_headers_json(b, m->headers, m->headers_len) == -1)
		return -1;
	return mqs_buf_addc(b, ',');
}

/* A UUID has nothing in it that needs an escape. */
static int
put_uuid(struct mqs_buf *b, const char *uuid)
{
	if (uuid == NULL)
		return 0;
	if (put(b, "\"queue_uuid\":\"") == -1 || put(b, uuid) == -1)
		return -1;
	return mqs_buf_add(b, "\",", 2);
}

static int
put_fields(struct mqs_buf *b, const struct mqs_message *m,
    const struct mqs_envelope_place *at)
{
	if (put_id(b, m) == -1 ||
	    put_name(b, "\"queue\":", at->queue) == -1 ||
	    put_uuid(b, at->queue_uuid) == -1 ||
	    put_name(b, "\"group\":", at->group) == -1 ||
	    put_time(b, "\"time\":", m->time) == -1)
		return -1;
	if (m->key_len != 0 &&
	    put_text(b, "\"key\":", m->key, m->key_len) == -1)
		return -1;
	if (put_headers(b, m) == -1 ||
	    put_number(b, "\"priority\":", (uint64_t)m->priority) == -1 ||
	    put_number(b, "\"attempt\":", m->attempt) == -1 ||
	    put_name(b, "\"receipt\":", at->receipt) == -1)
		return -1;
	if (m->message_id != NULL && put_text(b, "\"message_id\":",
	    m->message_id, m->message_id_len) == -1)
		return -1;
	if (put_time(b, "\"not_before\":", m->not_before) == -1)
		return -1;
	return put_time(b, "\"expires\":", m->expires);
}

static int
put_base64(struct mqs_buf *b, const void *body, size_t n)
{
	size_t room = MQS_BASE64_ENCODED(n);

	if (put(b, "\"body_base64\":\"") == -1 ||
	    mqs_buf_reserve(b, room) == -1)
		return -1;
	mqs_base64_encode(b->p + b->n, body, n);
	b->n += room;
	return mqs_buf_addc(b, '"');
}

static int
put_body(struct mqs_buf *b, const void *body, size_t n, int json)
{
	if (json && mqs_json_valid(body, n))
		return put(b, "\"json\":") == -1 ? -1 : mqs_json_compact(b, body, n);
	if (mqs_utf8_valid(body, n, 0) < n)
		return put_base64(b, body, n);
	if (put(b, "\"body\":") == -1)
		return -1;
	return mqs_json_utf8(b, body, n);
}

/* Reads a body that is in a file; whoever holds its descriptor may be reading too. */
static int
read_body(struct mqs_buf *to, const struct mqs_message *m, struct mqs_error *err)
{
	if (m->body_len > SIZE_MAX / 8 ||
	    mqs_buf_reserve(to, (size_t)m->body_len) == -1) {
		errno = ENOMEM;
		return mqs_fail_errno(err, "body of %llu bytes",
		    (unsigned long long)m->body_len);
	}
	while (to->n < m->body_len) {
		ssize_t n = pread(m->body_fd, to->p + to->n,
		    (size_t)m->body_len - to->n, (off_t)to->n);

		if (n == -1 && errno == EINTR)
			continue;
		if (n == -1)
			return mqs_fail_errno(err, "body");
		if (n == 0)
			return mqs_fail(err, MQS_EDAMAGED,
			    "body ends after %zu of %llu bytes", to->n,
			    (unsigned long long)m->body_len);
		to->n += (size_t)n;
	}
	return MQS_OK;
}

int
mqs_envelope_write(struct mqs_buf *b, const struct mqs_message *m,
    const struct mqs_envelope_place *at, struct mqs_error *err)
{
	struct mqs_buf file = { 0 };
	const void *body = m->body;
	size_t start = b->n;
	int rc;

	if (body == NULL && m->body_len != 0) {
		if ((rc = read_body(&file, m, err)) != MQS_OK)
			goto out;
		body = file.p;
	}
	rc = MQS_OK;
	if (mqs_buf_addc(b, '{') == -1 || put_fields(b, m, at) == -1 ||
	    put_body(b, body, (size_t)m->body_len, at->json) == -1 ||
	    mqs_buf_addc(b, '}') == -1) {
		b->n = start;
		rc = mqs_fail_errno(err, "envelope");
	}
out:
	mqs_buf_free(&file);
	return rc;
}
