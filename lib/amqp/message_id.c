/* message_id.c - see message_id.h */
#include <inttypes.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>

#include "amqp/message_id.h"
#include "base/name.h"

#define HEX_LEN		8
#define DIGITS_MAX	19	/* of INT64_MAX */

void
mqs_amqp_ids_init(struct mqs_amqp_ids *ids)
{
	ids->last = 0;
	arc4random_buf(&ids->random, sizeof(ids->random));
}

int64_t
mqs_amqp_ids_next(struct mqs_amqp_ids *ids, int64_t now, char id[MQS_ID_SIZE])
{
	ids->last = now > ids->last ? now : ids->last + 1;
	(void)snprintf(id, MQS_ID_SIZE, "%" PRId64 "-%08" PRIx32, ids->last, ids->random);
	return ids->last;
}

static int
is_hex(const char *p, size_t n)
{
	size_t i;

	for (i = 0; i < n; i++)
		if ((p[i] < '0' || p[i] > '9') && (p[i] < 'a' || p[i] > 'f'))
			return 0;
	return 1;
}

int
mqs_amqp_id_read(const void *p, size_t n, int64_t *time)
{
	const char *s = p;
	uint64_t ns;
	size_t digits;

	if (n < 1 + 1 + HEX_LEN || n > DIGITS_MAX + 1 + HEX_LEN)
		return 0;
	digits = n - 1 - HEX_LEN;
	if (s[digits] != '-' || s[0] == '0' || mqs_parse_u64(s, digits, &ns) == -1 ||
	    ns > INT64_MAX || !is_hex(s + digits + 1, HEX_LEN))
		return 0;
	if (time != NULL)
		*time = (int64_t)ns;
	return 1;
}

int
mqs_amqp_is_id(const char *text)
{
	return mqs_amqp_id_read(text, strlen(text), NULL);
}

int
mqs_amqp_is_offset(const char *text, int64_t *offset)
{
	uint64_t n;

	if (mqs_parse_u64(text, strlen(text), &n) == -1 || n > INT64_MAX)
		return 0;
	if (offset != NULL)
		*offset = (int64_t)n;
	return 1;
}

int
mqs_amqp_is_place(const char *text)
{
	return mqs_amqp_is_id(text) || mqs_amqp_is_offset(text, NULL);
}

/* More digits are a later time; as many compare as text. */
int
mqs_amqp_id_compare(const char *a, const char *b)
{
	size_t x = strlen(a), y = strlen(b);

	return x != y ? (x < y ? -1 : 1) : strcmp(a, b);
}
