/*
 * format.c - printf-like output formats, as in kcat -f
 *
 * A format is compiled once into a list of steps: one for each conversion, and one for each
 * run of plain text between them.  Escapes are resolved at that time, so "\x25" is a plain
 * per cent sign and begins no conversion.
 */
#include <errno.h>
#include <stdlib.h>
#include <string.h>

#include "base/error.h"
#include "base/name.h"
#include "message/format.h"
#include "message/framing.h"

#define TEXT		'\0'	/* the kind of a step that is plain text */
#define CONVERSIONS	"sSkKThtgoarp"

struct step {
	char	 kind;		/* TEXT, or a conversion's letter */
	size_t	 off, len;	/* TEXT: where it is in text */
};

struct mqs_format {
	struct step	*steps;
	unsigned	 n;
	struct mqs_buf	 text;	/* all plain text */
};

/* Resolves the escapes of n bytes at s as the next plain text. */
static int
add_text(struct mqs_format *f, const char *s, size_t n, struct mqs_error *err)
{
	const char *why = NULL;
	char *copy;
	long len;

	if (n == 0)
		return MQS_OK;
	if ((copy = strndup(s, n)) == NULL || mqs_buf_reserve(&f->text, n) == -1) {
		free(copy);
		return mqs_fail_errno(err, "format");
	}
	len = mqs_unescape(copy, f->text.p + f->text.n, n, &why);
	free(copy);
	if (len == -1)
		return mqs_fail(err, MQS_EINVAL, "format %s", why);
	f->steps[f->n++] = (struct step){ .kind = TEXT, .off = f->text.n,
	    .len = (size_t)len };
	f->text.n += (size_t)len;
	return MQS_OK;
}

/* Adds the conversion of this letter. */
static int
add_conversion(struct mqs_format *f, char letter, struct mqs_error *err)
{
	if (letter == '\0')
		return mqs_fail(err, MQS_EINVAL,
		    "format ends in a lone %%; write %%%% for a per cent sign");
	if (letter == '%')
		return add_text(f, "%", 1, err);
	if (strchr(CONVERSIONS, letter) == NULL)
		return mqs_fail(err, MQS_EINVAL, "format has an unknown %%%c", letter);
	f->steps[f->n++].kind = letter;
	return MQS_OK;
}

static int
compile(struct mqs_format *f, const char *s, struct mqs_error *err)
{
	size_t n;
	int rc;

	for (;;) {
		n = strcspn(s, "%");
		if ((rc = add_text(f, s, n, err)) != MQS_OK)
			return rc;
		s += n;
		if (*s == '\0')
			return MQS_OK;
		if ((rc = add_conversion(f, s[1], err)) != MQS_OK)
			return rc;
		s += 2;
	}
}

int
mqs_format_new(struct mqs_format **out, const char *text, struct mqs_error *err)
{
	struct mqs_format *f;
	int rc;

	*out = NULL;
	/* Every step comes from one byte of the text at least. */
	if ((f = calloc(1, sizeof(*f))) == NULL ||
	    (f->steps = calloc(strlen(text) + 1, sizeof(*f->steps))) == NULL) {
		free(f);
		return mqs_fail_errno(err, "format");
	}
	if ((rc = compile(f, text, err)) != MQS_OK) {
		mqs_format_free(f);
		return rc;
	}
	*out = f;
	return MQS_OK;
}

void
mqs_format_free(struct mqs_format *f)
{
	if (f == NULL)
		return;
	mqs_buf_free(&f->text);
	free(f->steps);
	free(f);
}

int
mqs_format_has_receipt(const struct mqs_format *f)
{
	unsigned i;

	for (i = 0; i < f->n; i++) {
		if (f->steps[i].kind == 'r')
			return 1;
	}
	return 0;
}

/* All of these return 0, or -1 with errno ENOMEM. */

static int
put_string(struct mqs_buf *buf, const char *s)
{
	return s == NULL ? 0 : mqs_buf_add(buf, s, strlen(s));
}

static int
put_number(struct mqs_buf *buf, uint64_t v)
{
	char digits[24];
	size_t n = mqs_format_u64(v, digits);

	return mqs_buf_add(buf, digits, n);
}

/* Milliseconds since 1970, which may be before. */
static int
put_time(struct mqs_buf *buf, int64_t ns)
{
	int64_t ms = ns / 1000000;

	if (ms < 0 && mqs_buf_addc(buf, '-') == -1)
		return -1;
	return put_number(buf, (uint64_t)(ms < 0 ? -ms : ms));
}

static int
put_headers(struct mqs_buf *buf, const struct mqs_message *m)
{
	const char *name, *value;
	size_t pos = 0;

	while (mqs_headers_next(m->headers, m->headers_len, &pos, &name, &value)) {
		if (name != m->headers && mqs_buf_addc(buf, ',') == -1)
			return -1;
		if (put_string(buf, name) == -1 || mqs_buf_addc(buf, '=') == -1 ||
		    put_string(buf, value) == -1)
			return -1;
	}
	return 0;
}

static int
put_conversion(char letter, struct mqs_buf *buf, const struct mqs_message *m,
    const struct mqs_envelope_place *place)
{
	switch (letter) {
	case 's':
		return m->body == NULL ? 0 :
		    mqs_buf_add(buf, m->body, (size_t)m->body_len);
	case 'S':
		return put_number(buf, m->body_len);
	case 'k':
		return mqs_buf_add(buf, m->key, m->key_len);
	case 'K':
		return put_number(buf, m->key_len);
	case 'T':
		return put_time(buf, m->time);
	case 'h':
		return put_headers(buf, m);
	case 't':
		return put_string(buf, place->queue);
	case 'g':
		return put_string(buf, place->group);
	case 'o':
		return m->id != NULL ? mqs_buf_add(buf, m->id, strlen(m->id)) :
		    put_number(buf, m->seq);
	case 'a':
		return put_number(buf, m->attempt);
	case 'r':
		return put_string(buf, place->receipt);
	default:	/* 'p', the last of CONVERSIONS */
		return put_number(buf, (uint64_t)m->priority);
	}
}

int
mqs_format_step(const struct mqs_format *f, unsigned *step, struct mqs_buf *buf,
    const struct mqs_message *m, const struct mqs_envelope_place *place,
    struct mqs_error *err)
{
	const struct step *s;
	int rc;

	while (*step < f->n) {
		s = &f->steps[(*step)++];
		if (s->kind == 's' && m->body == NULL && m->body_fd != -1)
			return 1;
		if (s->kind == TEXT)
			rc = mqs_buf_add(buf, f->text.p + s->off, s->len);
		else
			rc = put_conversion(s->kind, buf, m, place);
		if (rc == -1)
			return mqs_fail_errno(err, "format");
	}
	return 0;
}
