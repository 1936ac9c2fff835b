/*
 * settle_socket_receipt.c - see settle_socket_receipt.h
 *
 * A token has the process id in its upper bits, so that a socket whose process is gone is
 * known without connecting to it.  Linux has process ids of up to 22 bits; what is left is
 * random, so that a later process of the same number does not get an earlier one's receipts.
 */
#include <bsd/stdlib.h>

#include <inttypes.h>
#include <stdio.h>
#include <string.h>
#include <unistd.h>

#include "base/hash.h"
#include "base/name.h"
#include "engine/settle_socket_receipt.h"

#define PID_SHIFT	42
#define CHECK_LEN	4
#define TOKEN_LEN	(MQS_SETTLE_TOKEN_SIZE - 1)

struct mqs_settle_token
mqs_settle_token_new(void)
{
	struct mqs_settle_token token;

	arc4random_buf(&token.value, sizeof(token.value));
	token.value >>= 64 - PID_SHIFT;
	token.value |= (uint64_t)getpid() << PID_SHIFT;
	return token;
}

int64_t
mqs_settle_token_pid(struct mqs_settle_token token)
{
	return (int64_t)(token.value >> PID_SHIFT);
}

char *
mqs_settle_token_format(struct mqs_settle_token token, char buf[MQS_SETTLE_TOKEN_SIZE])
{
	(void)snprintf(buf, MQS_SETTLE_TOKEN_SIZE, "%016" PRIx64, token.value);
	return buf;
}

/* Reads 1 to 16 hexadecimal digits at *s and moves *s behind them: 0 or -1. */
static int
take_hex(const char **s, const char *end, uint64_t *v)
{
	const char *p = *s;

	for (*v = 0; p < end && p - *s < 16; p++) {
		if (*p >= '0' && *p <= '9')
			*v = *v << 4 | (uint64_t)(*p - '0');
		else if (*p >= 'a' && *p <= 'f')
			*v = *v << 4 | (uint64_t)(*p - 'a' + 10);
		else
			break;
	}
	if (p == *s)
		return -1;
	*s = p;
	return 0;
}

int
mqs_settle_token_parse(const char *s, size_t n, struct mqs_settle_token *token)
{
	const char *end = s + n;

	return n == TOKEN_LEN && take_hex(&s, end, &token->value) == 0 && s == end ? 0 : -1;
}

static unsigned
check_of(const char *s, size_t n)
{
	return (unsigned)(XXH3_64bits(s, n) & 0xffff);
}

char *
mqs_settle_receipt_format(const char *queue, const char *group, const char *id,
    struct mqs_settle_token token, uint64_t seq, uint64_t lease, char buf[MQS_RECEIPT_SIZE])
{
	/* At most 95 + 1 + 95 + 1 + 47 + 1 + 16 + 1 + 16 + 1 + 16 + 1 + 4 bytes and NUL. */
	int n = snprintf(buf, MQS_RECEIPT_SIZE, "%.*s/%.*s/%.*s.%016" PRIx64 "-%" PRIx64 "-%" PRIx64,
	    MQS_NAME_MAX, queue, MQS_NAME_MAX, group, MQS_ID_SIZE - 1, id, token.value, seq, lease);

	if (n > 0 && n < MQS_RECEIPT_SIZE - 1 - CHECK_LEN)
		(void)snprintf(buf + n, MQS_RECEIPT_SIZE - (size_t)n, "-%04x",
		    check_of(buf, (size_t)n));
	return buf;
}

/* Reads what follows the last dot. */
static int
parse_opaque(const char *s, const char *p, const char *end, struct mqs_settle_receipt *r)
{
	uint64_t check;
	const char *last;

	if (end - p < TOKEN_LEN || mqs_settle_token_parse(p, TOKEN_LEN, &r->token) == -1)
		return -1;
	p += TOKEN_LEN;
	if (*p++ != '-' || take_hex(&p, end, &r->seq) == -1 ||
	    *p++ != '-' || take_hex(&p, end, &r->lease) == -1 || *p != '-')
		return -1;
	last = p++;
	if (end - p != CHECK_LEN || take_hex(&p, end, &check) == -1 || p != end)
		return -1;
	return check == check_of(s, (size_t)(last - s)) ? 0 : 1;
}

int
mqs_settle_receipt_parse(const char *s, struct mqs_settle_receipt *r, const char **why)
{
	char queue[MQS_NAME_MAX + 1], group[MQS_NAME_MAX + 1];
	const char *rest, *dot;
	int rc;

	if (mqs_receipt_split(s, queue, group, &rest, why) == -1)
		return -1;
	rc = (dot = strrchr(rest, '.')) == NULL ? -1 :
	    parse_opaque(s, dot + 1, s + strlen(s), r);
	if (rc == 0)
		return 0;
	*why = rc == 1 ? "it is not whole, or was changed" :
	    "a receipt of this engine is QUEUE/GROUP/ID.TOKEN-SEQ-LEASE-CHECK";
	return -1;
}
