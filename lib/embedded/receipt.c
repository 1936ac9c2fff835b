/* receipt.c - see receipt.h */
#include <string.h>

#include "base/name.h"
#include "embedded/receipt.h"

int
mqs_receipt_parse(const char *s, struct mqs_receipt *r, const char **why)
{
	const char *numbers, *dot;

	if (mqs_receipt_split(s, r->queue, r->group, &numbers, why) == -1)
		return -1;
	if ((dot = strchr(numbers, '.')) == NULL ||
	    mqs_parse_u64(numbers, (size_t)(dot - numbers), &r->id) == -1 ||
	    mqs_parse_u64(dot + 1, strlen(dot + 1), &r->lease) == -1) {
		*why = "a receipt is QUEUE/GROUP/ID.LEASE";
		return -1;
	}
	return 0;
}

/* Copies s without its NUL; returns the byte after it. */
static char *
put_name(char *p, const char *s)
{
	size_t n = strnlen(s, MQS_NAME_MAX);

	memcpy(p, s, n);
	return p + n;
}

char *
mqs_receipt_format(const char *queue, const char *group, uint64_t id, uint64_t lease,
    char buf[MQS_RECEIPT_SIZE])
{
	char *p = buf;	/* at most 95 + 1 + 95 + 1 + 20 + 1 + 20 bytes and NUL */

	p = put_name(p, queue);
	*p++ = '/';
	p = put_name(p, group);
	*p++ = '/';
	p += mqs_format_u64(id, p);
	*p++ = '.';
	(void)mqs_format_u64(lease, p);
	return buf;
}
