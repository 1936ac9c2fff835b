/* publisher_limit.c - see publisher_limit.h */
#include <inttypes.h>
#include <stdlib.h>
#include <string.h>

#include "amqp/publisher_limit.h"
#include "base/error.h"

#define MIB	(UINT64_C(1) << 20)

uint64_t
mqs_amqp_limit_of_version(const char *version)
{
	return strtoul(version, NULL, 10) >= 4 ? 16 * MIB : 128 * MIB;
}

uint64_t
mqs_amqp_limit_of_text(const char *text)
{
	static const char before[] = "larger than configured max size ";
	const char *found = strstr(text, before);

	return found == NULL ? 0 : strtoull(found + sizeof(before) - 1, NULL, 10);
}

int
mqs_amqp_too_large(const char *queue, uint64_t max, struct mqs_error *err)
{
	return mqs_fail(err, MQS_EDATA, "%s: message of more than %" PRIu64 " bytes "
	    "(max_message_size of RabbitMQ)", queue, max);
}
