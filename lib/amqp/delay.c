/* delay.c - see delay.h */
#include "amqp/delay.h"
#include "amqp/table.h"
#include "base/clock.h"
#include "base/error.h"

struct level {
	const char	*exchange;	/* and the queue of the same name */
	const char	*header;
};

#define LEVEL(n)	{ "mq.delay." #n, "mq-delay-" #n }
static const struct level levels[MQS_AMQP_DELAY_LEVELS] = {
	LEVEL(0), LEVEL(1), LEVEL(2), LEVEL(3), LEVEL(4), LEVEL(5), LEVEL(6), LEVEL(7),
	LEVEL(8), LEVEL(9), LEVEL(10), LEVEL(11), LEVEL(12), LEVEL(13), LEVEL(14), LEVEL(15),
	LEVEL(16), LEVEL(17), LEVEL(18), LEVEL(19), LEVEL(20), LEVEL(21), LEVEL(22), LEVEL(23),
	LEVEL(24), LEVEL(25), LEVEL(26), LEVEL(27)
};

int
mqs_amqp_delay_until(int64_t not_before, int64_t now, uint32_t *seconds,
    struct mqs_error *err)
{
	int64_t wait = not_before > now ? not_before - now : 0;
	int64_t whole = wait / MQS_SECOND + (wait % MQS_SECOND != 0);

	if (whole > MQS_AMQP_DELAY_MAX)
		return mqs_fail(err, MQS_EDATA, "not-before time is %lld s ahead, at most %lld on "
		    "RabbitMQ (8.5 years)", (long long)whole, (long long)MQS_AMQP_DELAY_MAX);
	*seconds = (uint32_t)whole;
	return MQS_OK;
}

uint32_t
mqs_amqp_delay_of_retry(int64_t delay)
{
	int64_t whole;

	if (delay <= 0)
		return 0;
	whole = delay / MQS_SECOND + (delay % MQS_SECOND >= MQS_SECOND / 2);
	if (whole > MQS_AMQP_DELAY_MAX)
		return MQS_AMQP_DELAY_MAX;
	return whole == 0 ? 1 : (uint32_t)whole;
}

/* The level of the highest bit; -1 if there is none. */
static int
highest(uint32_t seconds)
{
	int level = MQS_AMQP_DELAY_LEVELS - 1;

	while (level >= 0 && (seconds >> level & 1) == 0)
		level--;
	return level;
}

int
mqs_amqp_delay_levels(uint32_t seconds)
{
	return highest(seconds) < MQS_AMQP_DELAY_SHORT ? MQS_AMQP_DELAY_SHORT : MQS_AMQP_DELAY_LEVELS;
}

const char *
mqs_amqp_delay_level(int level)
{
	return level < 0 ? MQS_AMQP_DELAY_OUT : levels[level].exchange;
}

const char *
mqs_amqp_delay_exchange(uint32_t seconds)
{
	return mqs_amqp_delay_level(highest(seconds));
}

size_t
mqs_amqp_delay_headers(uint32_t seconds, amqp_table_entry_t entries[MQS_AMQP_DELAY_HEADERS])
{
	size_t n = 0;
	int level;

	for (level = highest(seconds); level >= 0; level--)
		entries[n++] = mqs_amqp_entry(levels[level].header,
		    seconds >> level & 1 ? "1" : "0");
	return n;
}

size_t
mqs_amqp_delay_queue_arguments(int level, amqp_table_entry_t entries[MQS_AMQP_DELAY_ARGUMENTS])
{
	size_t n = 0;

	entries[n++] = mqs_amqp_entry("x-queue-type", "quorum");
	entries[n++] = mqs_amqp_entry_number("x-message-ttl", INT64_C(1000) << level);
	entries[n++] = mqs_amqp_entry("x-dead-letter-exchange", mqs_amqp_delay_level(level - 1));
	entries[n++] = mqs_amqp_entry("x-dead-letter-strategy", "at-least-once");
	/* At-least-once needs it; there is no limit that would make the queue refuse. */
	entries[n++] = mqs_amqp_entry("x-overflow", "reject-publish");
	return n;
}

size_t
mqs_amqp_delay_binding_arguments(int level, int waits,
    amqp_table_entry_t entries[MQS_AMQP_DELAY_ARGUMENTS])
{
	entries[0] = mqs_amqp_entry("x-match", "all");
	entries[1] = mqs_amqp_entry(levels[level].header, waits ? "1" : "0");
	return 2;
}

size_t
mqs_amqp_delay_target_arguments(const char *target,
    amqp_table_entry_t entries[MQS_AMQP_DELAY_ARGUMENTS])
{
	entries[0] = mqs_amqp_entry("x-match", "all");
	entries[1] = mqs_amqp_entry(MQS_AMQP_DELAY_TO, target);
	return 2;
}
