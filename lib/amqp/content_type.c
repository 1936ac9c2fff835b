/* content_type.c - see content_type.h */
#include "amqp/content_type.h"
#include "base/name.h"
#include "message/json_text.h"

#define BINARY	"application/octet-stream"

/* 1 if text has a control character that text has no use for. */
static int
has_controls(const char *p, size_t n)
{
	size_t i;

	for (i = 0; i < n; i++) {
		unsigned char c = (unsigned char)p[i];

		if ((c < 0x20 && c != '\t' && c != '\n' && c != '\r') || c == 0x7f)
			return 1;
	}
	return 0;
}

/* The first byte that is not white space; NUL if there is none. */
static char
first_byte(const char *p, size_t n)
{
	while (n > 0 && (*p == ' ' || *p == '\t' || *p == '\n' || *p == '\r')) {
		p++;
		n--;
	}
	return n > 0 ? *p : '\0';
}

const char *
mqs_amqp_content_type(const struct mqs_message *m)
{
	const char *p = m->body;
	const size_t n = (size_t)m->body_len;
	char first;

	if (p == NULL || n == 0 || m->body_len > MQS_INLINE_MAX ||
	    mqs_utf8_valid(p, n, 1) < n || has_controls(p, n))
		return BINARY;
	first = first_byte(p, n);
	if ((first == '{' || first == '[') && mqs_json_valid(p, n))
		return "application/json";
	return "text/plain; charset=utf-8";
}
