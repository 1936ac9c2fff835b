/*
 * binding.c - see binding.h
 *
 * The normal form sorts headers, so that two command lines that give the same headers in
 * another order make the same binding.
 */
#include <errno.h>
#include <stdlib.h>

#include "base/error.h"
#include "message/binding.h"
#include "message/headers.h"
#include "message/pattern.h"

static int
is_headers(const struct mqs_binding *b)
{
	return b->kind == MQS_BIND_ALL || b->kind == MQS_BIND_ANY;
}

static int
check_headers(const struct mqs_binding *b, struct mqs_error *err)
{
	struct mqs_message m = MQS_MESSAGE_INIT;
	struct mqs_error why;

	if (b->text_len == 0)
		return mqs_fail(err, MQS_EINVAL, "binding to no headers");
	m.headers = b->text;
	m.headers_len = b->text_len;
	if (mqs_message_check(&m, &why) != MQS_OK)
		return mqs_fail(err, MQS_EINVAL, "binding: %s", why.text);
	return MQS_OK;
}

int
mqs_binding_check(const struct mqs_binding *b, struct mqs_error *err)
{
	struct mqs_error why;

	if (b->text == NULL && b->text_len != 0)
		return mqs_fail(err, MQS_EINVAL, "binding has %zu bytes at NULL",
		    b->text_len);
	switch (b->kind) {
	case MQS_BIND_PATTERN:
	case MQS_BIND_KEY:
		if (mqs_pattern_check(b->text, b->text_len, &why) != MQS_OK)
			return mqs_fail(err, MQS_EINVAL, "%s %s",
			    b->kind == MQS_BIND_KEY ? "key" : "pattern", why.text);
		return MQS_OK;
	case MQS_BIND_ALL:
	case MQS_BIND_ANY:
		return check_headers(b, err);
	}
	return mqs_fail(err, MQS_EINVAL, "binding of an unknown kind (%d)",
	    (int)b->kind);
}

/* ----------------------------------------------------------- matching -- */

/* first: of a name that comes more than once, only the first value counts. */
static int
has_header(const struct mqs_message *m, const char *name, const char *value, int first)
{
	const char *n, *v;
	size_t pos = 0;

	while (mqs_headers_next(m->headers, m->headers_len, &pos, &n, &v)) {
		if (strcmp(n, name) != 0)
			continue;
		if (strcmp(v, value) == 0)
			return 1;
		if (first)
			return 0;
	}
	return 0;
}

static int
match_headers(const struct mqs_binding *b, const struct mqs_message *m, int first)
{
	const char *name, *value;
	size_t pos = 0;
	int all = b->kind == MQS_BIND_ALL;

	if (m->headers_len == 0)
		return 0;
	while (mqs_headers_next(b->text, b->text_len, &pos, &name, &value))
		if (has_header(m, name, value, first) != all)
			return !all;
	return all;
}

static int
match(const struct mqs_binding *b, const struct mqs_message *m, int first)
{
	const struct mqs_slice text = { b->text, b->text_len };
	const struct mqs_slice key = { m->key, m->key_len };

	if (is_headers(b))
		return match_headers(b, m, first);
	if (b->kind == MQS_BIND_PATTERN)
		return mqs_pattern_match(text, key);
	return text.n == key.n && (key.n == 0 || memcmp(text.p, key.p, key.n) == 0);
}

int
mqs_binding_match(const struct mqs_binding *b, const struct mqs_message *m)
{
	return match(b, m, 0);
}

int
mqs_binding_match_first(const struct mqs_binding *b, const struct mqs_message *m)
{
	return match(b, m, 1);
}

/* -------------------------------------------------------- normal form -- */

struct header {
	const char	*name, *value;
};

static int
compare(const void *a, const void *b)
{
	const struct header *x = a, *y = b;
	int by_name = strcmp(x->name, y->name);

	return by_name != 0 ? by_name : strcmp(x->value, y->value);
}

static int
add_sorted(struct mqs_buf *buf, struct header *h, size_t n)
{
	size_t i;

	if (n > 0)
		qsort(h, n, sizeof(*h), compare);
	for (i = 0; i < n; i++)
		if ((i == 0 || compare(&h[i - 1], &h[i]) != 0) &&
		    mqs_headers_add(buf, h[i].name, strlen(h[i].name), h[i].value,
		    strlen(h[i].value)) == -1)
			return -1;
	return 0;
}

static int
normal_headers(struct mqs_buf *buf, const struct mqs_binding *b)
{
	struct header *h;
	size_t pos = 0, n = 0;
	int rc;

	/* A header has 3 bytes at least: a name of one, and two NULs. */
	if ((h = calloc(b->text_len / 3 + 1, sizeof(*h))) == NULL)
		return -1;
	while (mqs_headers_next(b->text, b->text_len, &pos, &h[n].name, &h[n].value))
		n++;
	rc = add_sorted(buf, h, n);
	free(h);
	return rc;
}

int
mqs_binding_normal(struct mqs_buf *buf, const struct mqs_binding *b)
{
	if (mqs_buf_addc(buf, (char)b->kind) == -1)
		return -1;
	if (is_headers(b))
		return normal_headers(buf, b);
	return b->text_len == 0 ? 0 : mqs_buf_add(buf, b->text, b->text_len);
}

int
mqs_binding_decode(struct mqs_binding *b, struct mqs_slice normal,
    struct mqs_error *err)
{
	const char *p = normal.p;
	struct mqs_error why;

	if (normal.n == 0)
		return mqs_fail(err, MQS_EDAMAGED, "empty binding");
	b->kind = (enum mqs_binding_kind)p[0];
	b->text = p + 1;
	b->text_len = normal.n - 1;
	if (mqs_binding_check(b, &why) != MQS_OK)
		return mqs_fail(err, MQS_EDAMAGED, "%s", why.text);
	return MQS_OK;
}

/* ------------------------------------------------------------- as text -- */

static const char *const kinds[] = {
	[MQS_BIND_PATTERN] = "pattern:",
	[MQS_BIND_KEY] = "key:",
	[MQS_BIND_ALL] = "all:",
	[MQS_BIND_ANY] = "any:"
};

/* Appends with %XX for control characters, '%' and those of `special'. */
static int
escape(struct mqs_buf *buf, const char *p, size_t n, const char *special)
{
	size_t i;
	int rc = 0;

	for (i = 0; i < n && rc == 0; i++) {
		unsigned char c = (unsigned char)p[i];

		if (c < 0x20 || c == 0x7f || c == '%' || strchr(special, c) != NULL)
			rc = mqs_buf_addf(buf, "%%%02X", c);
		else
			rc = mqs_buf_addc(buf, p[i]);
	}
	return rc;
}

static int
format_headers(struct mqs_buf *buf, const struct mqs_binding *b)
{
	const char *name, *value, *between = "";
	size_t pos = 0;

	while (mqs_headers_next(b->text, b->text_len, &pos, &name, &value)) {
		if (mqs_buf_add(buf, between, strlen(between)) == -1 ||
		    escape(buf, name, strlen(name), "&=") == -1 ||
		    mqs_buf_addc(buf, '=') == -1 ||
		    escape(buf, value, strlen(value), "&") == -1)
			return -1;
		between = "&";
	}
	return 0;
}

int
mqs_binding_format(struct mqs_buf *buf, const struct mqs_binding *b)
{
	if (mqs_buf_add(buf, kinds[b->kind], strlen(kinds[b->kind])) == -1)
		return -1;
	if ((is_headers(b) ? format_headers(buf, b) :
	    escape(buf, b->text, b->text_len, "")) == -1)
		return -1;
	return mqs_buf_addc(buf, '\0');
}

static int
digit(char c)
{
	if (c >= '0' && c <= '9')
		return c - '0';
	c |= 0x20;
	return c >= 'a' && c <= 'f' ? c - 'a' + 10 : -1;
}

/* Appends n bytes of text without its escapes: 0, or an error. */
static int
unescape(struct mqs_buf *buf, const char *p, size_t n, struct mqs_error *err)
{
	const char *end = p + n;
	int high, low;

	while (p < end) {
		char c = *p++;

		if (c == '%') {
			high = end - p < 2 ? -1 : digit(p[0]);
			low = end - p < 2 ? -1 : digit(p[1]);
			if (high < 0 || low < 0)
				return mqs_fail(err, MQS_EINVAL,
				    "%% without two hexadecimal digits behind it");
			c = (char)(high << 4 | low);
			p += 2;
		}
		/* It would end a name or value before its time. */
		if (c == '\0')
			return mqs_fail(err, MQS_EINVAL, "contains NUL");
		if (mqs_buf_addc(buf, c) == -1)
			return mqs_fail_errno(err, "binding");
	}
	return MQS_OK;
}

static int
add_nul(struct mqs_buf *buf, struct mqs_error *err)
{
	return mqs_buf_addc(buf, '\0') == -1 ? mqs_fail_errno(err, "binding") :
	    MQS_OK;
}

static int
parse_headers(struct mqs_buf *room, const char *text, struct mqs_error *err)
{
	const char *equals;
	size_t n;
	int rc;

	for (;; text += n + 1) {
		n = strcspn(text, "&");
		if ((equals = memchr(text, '=', n)) == NULL)
			return mqs_fail(err, MQS_EINVAL, "a header without '='");
		if ((rc = unescape(room, text, (size_t)(equals - text), err)) != MQS_OK ||
		    (rc = add_nul(room, err)) != MQS_OK ||
		    (rc = unescape(room, equals + 1,
		    n - (size_t)(equals - text) - 1, err)) != MQS_OK ||
		    (rc = add_nul(room, err)) != MQS_OK)
			return rc;
		if (text[n] == '\0')
			return MQS_OK;
	}
}

int
mqs_binding_parse(struct mqs_binding *b, struct mqs_buf *room, const char *text,
    struct mqs_error *err)
{
	int rc, kind;
	size_t n;

	for (kind = MQS_BIND_PATTERN; kind <= MQS_BIND_ANY; kind++) {
		n = strlen(kinds[kind]);
		if (strncmp(text, kinds[kind], n) == 0)
			break;
	}
	if (kind > MQS_BIND_ANY)
		return mqs_fail(err, MQS_EINVAL,
		    "begins with none of pattern:, key:, all: and any:");
	b->kind = (enum mqs_binding_kind)kind;
	room->n = 0;
	rc = is_headers(b) ? parse_headers(room, text + n, err) :
	    unescape(room, text + n, strlen(text + n), err);
	if (rc != MQS_OK)
		return rc;
	b->text = room->p;
	b->text_len = room->n;
	return mqs_binding_check(b, err);
}

/* ---------------------------------------------------------- as options -- */

/* Appends n bytes as part of a quoted word. */
static int
quote(struct mqs_buf *buf, const char *p, size_t n)
{
	size_t i;
	int rc = 0;

	for (i = 0; i < n && rc == 0; i++)
		rc = p[i] == '\'' ? mqs_buf_add(buf, "'\\''", 4) :
		    mqs_buf_addc(buf, p[i]);
	return rc;
}

static int
headers_options(struct mqs_buf *buf, const struct mqs_binding *b)
{
	const char *name, *value;
	size_t pos = 0;

	while (mqs_headers_next(b->text, b->text_len, &pos, &name, &value))
		if (mqs_buf_add(buf, "-H '", 4) == -1 ||
		    quote(buf, name, strlen(name)) == -1 ||
		    mqs_buf_addc(buf, '=') == -1 ||
		    quote(buf, value, strlen(value)) == -1 ||
		    mqs_buf_add(buf, "' ", 2) == -1)
			return -1;
	return b->kind == MQS_BIND_ANY ? mqs_buf_add(buf, "--any ", 6) : 0;
}

int
mqs_binding_options(struct mqs_buf *buf, const struct mqs_binding *b)
{
	const char *option = b->kind == MQS_BIND_KEY ? "--key '" : "-k '";

	if (is_headers(b))
		return headers_options(buf, b);
	if (mqs_buf_add(buf, option, strlen(option)) == -1 ||
	    quote(buf, b->text, b->text_len) == -1)
		return -1;
	return mqs_buf_add(buf, "' ", 2);
}
