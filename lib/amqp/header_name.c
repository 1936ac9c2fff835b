/* header_name.c - see header_name.h */
#include <string.h>

#include "amqp/delay.h"
#include "amqp/header_name.h"
#include "amqp/repeated_header.h"

struct word {
	const char	*text;
	size_t		 n;
};

#define WORD(text)	{ text, sizeof(text) - 1 }

static const struct word engine_names[] = {
	WORD("mq-id"), WORD("mq-attempt"), WORD("mq-not-before"), WORD("mq-expires"),
	WORD("mq-headers-dropped")
};
static const struct word engine_prefixes[] = { WORD("mq-delay-"), WORD(MQS_AMQP_MORE_PREFIX) };
static const struct word dead[] = { WORD("mq-dead-") };

/* Brokers of 3.10 to 4.x add these.  What else begins with x- was sent by a client. */
static const struct word broker_names[] = {
	WORD("x-death"), WORD("x-delivery-count"), WORD("x-acquired-count"),
	WORD("x-stream-offset"), WORD("x-received-from")
};
static const struct word broker_prefixes[] = {
	WORD("x-first-death-"), WORD("x-last-death-"), WORD("x-opt-")
};

#define COUNT(words)	(sizeof(words) / sizeof((words)[0]))

static int
is_one_of(const struct word *words, size_t count, const char *name, size_t n)
{
	size_t i;

	for (i = 0; i < count; i++)
		if (words[i].n == n && n > 0 && memcmp(words[i].text, name, n) == 0)
			return 1;
	return 0;
}

static int
begins_with(const struct word *words, size_t count, const char *name, size_t n)
{
	size_t i;

	for (i = 0; i < count; i++)
		if (words[i].n <= n && memcmp(words[i].text, name, words[i].n) == 0)
			return 1;
	return 0;
}

int
mqs_amqp_header_prefixed_in_binding(const char *name, size_t n)
{
	static const struct word prefixes[] = { WORD("x-"), WORD(MQS_AMQP_HEADER_PREFIX) };
	static const struct word names[] = { WORD("CC"), WORD("BCC") };

	return n == 0 || is_one_of(names, COUNT(names), name, n) ||
	    begins_with(prefixes, COUNT(prefixes), name, n) ||
	    is_one_of(engine_names, COUNT(engine_names), name, n) ||
	    begins_with(engine_prefixes, COUNT(engine_prefixes), name, n);
}

int
mqs_amqp_header_prefixed(const char *name, size_t n)
{
	return begins_with(dead, COUNT(dead), name, n) ||
	    mqs_amqp_header_prefixed_in_binding(name, n);
}

/* Moves a name behind a prefix: 1, or 0 if it has no such prefix, or nothing else. */
static int
strip(const char **name, size_t *n, const char *prefix)
{
	const size_t len = strlen(prefix);

	if (*n <= len || memcmp(*name, prefix, len) != 0)
		return 0;
	*name += len;
	*n -= len;
	return 1;
}

enum mqs_amqp_header_owner
mqs_amqp_header_owner(const char **name, size_t *n)
{
	if (strip(name, n, MQS_AMQP_HEADER_PREFIX))
		return MQS_AMQP_HEADER_MESSAGE;
	if (strip(name, n, MQS_AMQP_MORE_PREFIX)) {
		(void)strip(name, n, MQS_AMQP_HEADER_PREFIX);
		return MQS_AMQP_HEADER_MORE;
	}
	if (begins_with(dead, COUNT(dead), *name, *n))
		return MQS_AMQP_HEADER_DEAD;
	if (is_one_of(engine_names, COUNT(engine_names), *name, *n) ||
	    begins_with(engine_prefixes, COUNT(engine_prefixes), *name, *n))
		return MQS_AMQP_HEADER_ENGINE;
	if (is_one_of(broker_names, COUNT(broker_names), *name, *n) ||
	    begins_with(broker_prefixes, COUNT(broker_prefixes), *name, *n))
		return MQS_AMQP_HEADER_BROKER;
	return MQS_AMQP_HEADER_MESSAGE;
}
