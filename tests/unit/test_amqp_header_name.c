/* test_amqp_header_name.c - names of headers on RabbitMQ */
#include "amqp/header_name.h"
#include "check.h"

static int
prefixed(const char *name)
{
	return mqs_amqp_header_prefixed(name, strlen(name));
}

static void
test_prefixed(void)
{
	static const char *const with[] = { "CC", "BCC", "x-a", "x-", "x-death", "mq-id",
	    "mq-attempt", "mq-not-before", "mq-expires", "mq-delay-to", "mq-delay-3",
	    "mq-dead-queue", "mq-headers-dropped", "mq-h-", "mq-h-a", "mq-h-mq-h-a", "mq-more-a", "" };
	static const char *const without[] = { "a", "cc", "CCC", "X-a", "x", "mq-idea",
	    "mq-origin-id", "mq-reply-to", "mq-h", "mq-dead", "mq-delay", "mq-type", "\xc3\xa4" };
	size_t i;

	for (i = 0; i < sizeof(with) / sizeof(with[0]); i++)
		if (!check(prefixed(with[i])))
			printf("# %s\n", with[i]);
	for (i = 0; i < sizeof(without) / sizeof(without[0]); i++)
		if (!check(!prefixed(without[i])))
			printf("# %s\n", without[i]);
}

/* A group of a dead-letter queue asks for the headers that the engine gave the letter. */
static void
test_binding(void)
{
	check(!mqs_amqp_header_prefixed_in_binding("mq-dead-queue", 13));
	check(mqs_amqp_header_prefixed_in_binding("x-a", 3));
	check(mqs_amqp_header_prefixed_in_binding("CC", 2));
	check(!mqs_amqp_header_prefixed_in_binding("a", 1));
}

static enum mqs_amqp_header_owner
owner(const char *wire, const char *want)
{
	size_t n = strlen(wire);
	enum mqs_amqp_header_owner o = mqs_amqp_header_owner(&wire, &n);

	check_mem(wire, n, want, strlen(want));
	return o;
}

static void
test_owner(void)
{
	check_int(owner("a", "a"), MQS_AMQP_HEADER_MESSAGE);
	check_int(owner("mq-h-x-a", "x-a"), MQS_AMQP_HEADER_MESSAGE);
	check_int(owner("mq-h-mq-id", "mq-id"), MQS_AMQP_HEADER_MESSAGE);
	check_int(owner("mq-h-mq-dead-id", "mq-dead-id"), MQS_AMQP_HEADER_MESSAGE);
	check_int(owner("mq-h-mq-h-a", "mq-h-a"), MQS_AMQP_HEADER_MESSAGE);
	check_int(owner("mq-h-x-death", "x-death"), MQS_AMQP_HEADER_MESSAGE);
	check_int(owner("mq-h-", "mq-h-"), MQS_AMQP_HEADER_MESSAGE);
	check_int(owner("", ""), MQS_AMQP_HEADER_MESSAGE);
	check_int(owner("CC", "CC"), MQS_AMQP_HEADER_MESSAGE);
	check_int(owner("x-request-id", "x-request-id"), MQS_AMQP_HEADER_MESSAGE);
	check_int(owner("mq-more-a", "a"), MQS_AMQP_HEADER_MORE);
	check_int(owner("mq-more-mq-h-x-a", "x-a"), MQS_AMQP_HEADER_MORE);
	check_int(owner("mq-h-mq-more-a", "mq-more-a"), MQS_AMQP_HEADER_MESSAGE);
	check_int(owner("mq-more-", "mq-more-"), MQS_AMQP_HEADER_ENGINE);
	check_int(owner("mq-dead-id", "mq-dead-id"), MQS_AMQP_HEADER_DEAD);
	check_int(owner("mq-id", "mq-id"), MQS_AMQP_HEADER_ENGINE);
	check_int(owner("mq-delay-27", "mq-delay-27"), MQS_AMQP_HEADER_ENGINE);
	check_int(owner("x-death", "x-death"), MQS_AMQP_HEADER_BROKER);
	check_int(owner("x-first-death-queue", "x-first-death-queue"), MQS_AMQP_HEADER_BROKER);
	check_int(owner("x-delivery-count", "x-delivery-count"), MQS_AMQP_HEADER_BROKER);
	check_int(owner("x-stream-offset", "x-stream-offset"), MQS_AMQP_HEADER_BROKER);
}

int
main(void)
{
	run_test("which names travel with the prefix", test_prefixed);
	run_test("bindings mean a dead letter's headers without it", test_binding);
	run_test("whose a name is, and without the prefix", test_owner);
	return finish_tests();
}
