/* settle_socket_format.c - see settle_socket_format.h */
#include "engine/settle_socket_format.h"

#define LENGTH_BYTES	4
#define REQUEST_FIXED	(4 + 1 + 8 + 8 + 8)	/* a request's bytes before its strings */
#define ANSWER_FIXED	(4 + 4)

/* The length of a string as it is sent. */
static size_t
cut(const char *s)
{
	return s == NULL ? 0 : strnlen(s, MQS_SETTLE_TEXT_MAX);
}

static unsigned char *
put_string(unsigned char *p, const char *s, size_t n)
{
	mqs_put_le16(p, (uint16_t)(s == NULL ? 0 : n + 1));
	if (n > 0)
		memcpy(p + 2, s, n);
	return p + 2 + n;
}

int
mqs_settle_put_request(struct mqs_buf *b, uint32_t number, const struct mqs_settlement *how)
{
	size_t reason = cut(how->reason), detail = cut(how->detail);
	size_t n = REQUEST_FIXED + 2 + reason + 2 + detail;
	unsigned char *p;

	if (mqs_buf_reserve(b, LENGTH_BYTES + n) != 0)
		return -1;
	p = (unsigned char *)b->p + b->n;
	mqs_put_le32(p, (uint32_t)n);
	mqs_put_le32(p + 4, number);
	p[8] = (unsigned char)how->verb;
	mqs_put_le64(p + 9, how->seq);
	mqs_put_le64(p + 17, how->lease);
	mqs_put_le64(p + 25, (uint64_t)how->delay);
	p = put_string(p + LENGTH_BYTES + REQUEST_FIXED, how->reason, reason);
	(void)put_string(p, how->detail, detail);
	b->n += LENGTH_BYTES + n;
	return 0;
}

int
mqs_settle_put_answer(struct mqs_buf *b, uint32_t number, int code, const char *text)
{
	size_t n = text == NULL ? 0 : strnlen(text, MQS_ERROR_TEXT - 1);
	unsigned char *p;

	if (mqs_buf_reserve(b, LENGTH_BYTES + ANSWER_FIXED + n) != 0)
		return -1;
	p = (unsigned char *)b->p + b->n;
	mqs_put_le32(p, (uint32_t)(ANSWER_FIXED + n));
	mqs_put_le32(p + 4, number);
	mqs_put_le32(p + 8, (uint32_t)code);
	if (n > 0)
		memcpy(p + LENGTH_BYTES + ANSWER_FIXED, text, n);
	b->n += LENGTH_BYTES + ANSWER_FIXED + n;
	return 0;
}

/*
 * Looks at the length of a frame of `least' to `most' bytes, the length included: as the
 * functions below return it.
 */
static long
frame_length(const unsigned char *p, size_t n, size_t least, size_t most)
{
	size_t length;

	if (n < LENGTH_BYTES)
		return 0;
	length = mqs_get_le32(p);
	if (length < least - LENGTH_BYTES || length > most - LENGTH_BYTES)
		return -1;
	return n < LENGTH_BYTES + length ? 0 : (long)(LENGTH_BYTES + length);
}

/* Takes a string at *p into buf; *s is buf, or NULL if there is none: 0 or -1. */
static int
take_string(const unsigned char **p, const unsigned char *end, char *buf, const char **s)
{
	size_t n;

	*s = NULL;
	if (end - *p < 2)
		return -1;
	n = mqs_get_le16(*p);
	*p += 2;
	if (n == 0)
		return 0;
	n--;
	if (n > MQS_SETTLE_TEXT_MAX || (size_t)(end - *p) < n || memchr(*p, '\0', n) != NULL)
		return -1;
	memcpy(buf, *p, n);
	buf[n] = '\0';
	*p += n;
	*s = buf;
	return 0;
}

long
mqs_settle_get_request(const void *bytes, size_t n, struct mqs_settle_request_frame *r,
    struct mqs_settle_strings *strings)
{
	const unsigned char *p = bytes, *end;
	long length = frame_length(p, n, LENGTH_BYTES + REQUEST_FIXED + 4, MQS_SETTLE_REQUEST_MAX);

	if (length <= 0)
		return length;
	end = p + length;
	if (p[8] < MQS_ACK || p[8] > MQS_EXTEND)
		return -1;
	r->number = mqs_get_le32(p + 4);
	r->how = (struct mqs_settlement){ .verb = (enum mqs_verb)p[8],
	    .seq = mqs_get_le64(p + 9), .lease = mqs_get_le64(p + 17),
	    .delay = (int64_t)mqs_get_le64(p + 25) };
	p += LENGTH_BYTES + REQUEST_FIXED;
	if (r->how.delay < -1 || take_string(&p, end, strings->reason, &r->how.reason) == -1 ||
	    take_string(&p, end, strings->detail, &r->how.detail) == -1 || p != end)
		return -1;
	return length;
}

long
mqs_settle_get_answer(const void *bytes, size_t n, struct mqs_settle_answer_frame *a)
{
	const unsigned char *p = bytes;
	long length = frame_length(p, n, LENGTH_BYTES + ANSWER_FIXED,
	    MQS_SETTLE_ANSWER_MAX - 1);
	size_t text;

	if (length <= 0)
		return length;
	text = (size_t)length - LENGTH_BYTES - ANSWER_FIXED;
	a->number = mqs_get_le32(p + 4);
	a->code = (int32_t)mqs_get_le32(p + 8);
	if (a->code > MQS_OK || memchr(p + 12, '\0', text) != NULL)
		return -1;
	memcpy(a->text, p + 12, text);
	a->text[text] = '\0';
	return length;
}

long
mqs_settle_get_greeting(const void *p, size_t n)
{
	size_t have = n < MQS_SETTLE_GREETING_LEN ? n : MQS_SETTLE_GREETING_LEN;

	if (memcmp(p, MQS_SETTLE_GREETING, have) != 0)
		return -1;
	return n < MQS_SETTLE_GREETING_LEN ? 0 : MQS_SETTLE_GREETING_LEN;
}
