/* test_amqp_delay.c - the levels of a delay on RabbitMQ */
#include <stdlib.h>

#include "amqp/delay.h"
#include "amqp/table.h"
#include "base/clock.h"
#include "check.h"

#define DAY	(24 * 3600 * MQS_SECOND)

static int
until(int64_t not_before, int64_t now, uint32_t *seconds)
{
	struct mqs_error err;

	*seconds = 12345;
	return mqs_amqp_delay_until(not_before, now, seconds, &err);
}

static void
test_seconds(void)
{
	const int64_t now = 1000 * DAY;
	uint32_t s;

	check_int(until(now, now, &s), 0);
	check_u64(s, 0);
	check_int(until(5, now, &s), 0);
	check_u64(s, 0);
	check_int(until(now + 1, now, &s), 0);
	check_u64(s, 1);
	check_int(until(now + MQS_SECOND, now, &s), 0);
	check_u64(s, 1);
	check_int(until(now + MQS_SECOND + 1, now, &s), 0);
	check_u64(s, 2);
	check_int(until(now + MQS_AMQP_DELAY_MAX * MQS_SECOND, now, &s), 0);
	check_u64(s, MQS_AMQP_DELAY_MAX);
	check_int(until(now + MQS_AMQP_DELAY_MAX * MQS_SECOND + 1, now, &s), MQS_EDATA);
	check_int(until(INT64_MAX, 0, &s), MQS_EDATA);
}

static void
test_retry_seconds(void)
{
	check_u64(mqs_amqp_delay_of_retry(0), 0);
	check_u64(mqs_amqp_delay_of_retry(1), 1);
	check_u64(mqs_amqp_delay_of_retry(1499 * MQS_MSEC), 1);
	check_u64(mqs_amqp_delay_of_retry(1500 * MQS_MSEC), 2);
	check_u64(mqs_amqp_delay_of_retry(37 * MQS_SECOND), 37);
	check_u64(mqs_amqp_delay_of_retry(INT64_MAX), MQS_AMQP_DELAY_MAX);
}

static void
test_levels(void)
{
	check_int(mqs_amqp_delay_levels(0), 12);
	check_int(mqs_amqp_delay_levels(4095), 12);
	check_int(mqs_amqp_delay_levels(4096), 28);
	check_int(mqs_amqp_delay_levels(MQS_AMQP_DELAY_MAX), 28);
}

static int
is(const amqp_table_entry_t *e, const char *name, const char *value)
{
	return check(mqs_amqp_bytes_are(e->key, name)) &&
	    check(e->value.kind == AMQP_FIELD_KIND_UTF8) &&
	    check(mqs_amqp_bytes_are(e->value.value.bytes, value));
}

static void
test_headers(void)
{
	amqp_table_entry_t e[MQS_AMQP_DELAY_HEADERS];

	check_u64(mqs_amqp_delay_headers(0, e), 0);
	check_str(mqs_amqp_delay_exchange(0), "mq.delay.out");
	check_u64(mqs_amqp_delay_headers(1, e), 1);
	is(&e[0], "mq-delay-0", "1");
	check_str(mqs_amqp_delay_exchange(1), "mq.delay.0");
	check_u64(mqs_amqp_delay_headers(5, e), 3);
	is(&e[0], "mq-delay-2", "1");
	is(&e[1], "mq-delay-1", "0");
	is(&e[2], "mq-delay-0", "1");
	check_str(mqs_amqp_delay_exchange(5), "mq.delay.2");
	check_u64(mqs_amqp_delay_headers(MQS_AMQP_DELAY_MAX, e), MQS_AMQP_DELAY_LEVELS);
	is(&e[0], "mq-delay-27", "1");
	is(&e[27], "mq-delay-0", "1");
	check_str(mqs_amqp_delay_exchange(MQS_AMQP_DELAY_MAX), "mq.delay.27");
}

static const amqp_field_value_t *
argument(const amqp_table_entry_t *e, size_t n, const char *name)
{
	size_t i;

	for (i = 0; i < n; i++)
		if (mqs_amqp_bytes_are(e[i].key, name))
			return &e[i].value;
	return NULL;
}

/*
 * Follows a message through the topology that the arguments make: what the bindings say about
 * its headers, and how long the queues keep it.  Returns the milliseconds until it is out.
 */
static int64_t
travel(uint32_t seconds)
{
	amqp_table_entry_t have[MQS_AMQP_DELAY_HEADERS], e[MQS_AMQP_DELAY_ARGUMENTS];
	size_t n = mqs_amqp_delay_headers(seconds, have), k, matched;
	const char *at = mqs_amqp_delay_exchange(seconds);
	int64_t waited = 0;
	int level, waits;

	for (level = MQS_AMQP_DELAY_LEVELS - 1; level >= 0; level--) {
		if (strcmp(at, mqs_amqp_delay_level(level)) != 0)
			continue;
		for (matched = 0, waits = 0; waits <= 1; waits++) {
			const amqp_field_value_t *v;
			char name[MQS_AMQP_DELAY_NAME];

			k = mqs_amqp_delay_binding_arguments(level, waits, e);
			check_u64(k, 2);
			is(&e[0], "x-match", "all");
			(void)snprintf(name, sizeof(name), "%.*s", (int)e[1].key.len,
			    (const char *)e[1].key.bytes);
			v = argument(have, n, name);
			if (v == NULL || v->value.bytes.len != e[1].value.value.bytes.len ||
			    memcmp(v->value.bytes.bytes, e[1].value.value.bytes.bytes,
			    v->value.bytes.len) != 0)
				continue;
			matched++;
			if (!waits)
				continue;
			k = mqs_amqp_delay_queue_arguments(level, e);
			waited += argument(e, k, "x-message-ttl")->value.i64;
			check(mqs_amqp_bytes_are(argument(e, k, "x-dead-letter-exchange")->
			    value.bytes, mqs_amqp_delay_level(level - 1)));
		}
		if (!check_u64(matched, 1))
			return -1;
		at = mqs_amqp_delay_level(level - 1);
	}
	check_str(at, MQS_AMQP_DELAY_OUT);
	return waited;
}

static void
test_travel(void)
{
	static const uint32_t some[] = { 0, 1, 2, 3, 5, 37, 86400, 12345678, MQS_AMQP_DELAY_MAX };
	size_t i;

	for (i = 0; i < sizeof(some) / sizeof(some[0]); i++)
		check_int(travel(some[i]), (int64_t)some[i] * 1000);
}

static void
test_target(void)
{
	amqp_table_entry_t e[MQS_AMQP_DELAY_ARGUMENTS];

	check_u64(mqs_amqp_delay_target_arguments("q/g", e), 2);
	is(&e[0], "x-match", "all");
	is(&e[1], "mq-delay-to", "q/g");
}

int
main(void)
{
	run_test("few levels for short delays, all for others", test_levels);
	run_test("a delay is rounded up to seconds", test_seconds);
	run_test("a retry's delay is rounded, but not to nothing", test_retry_seconds);
	run_test("the headers and the exchange of a delay", test_headers);
	run_test("the levels that a message passes add up to its delay", test_travel);
	run_test("the binding of a target", test_target);
	return finish_tests();
}
