/* test_amqp_message_id.c - ids of messages on RabbitMQ */
#include "amqp/message_id.h"
#include "check.h"

static int
reads(const char *text)
{
	return mqs_amqp_is_id(text);
}

static void
test_read(void)
{
	int64_t time = 0;

	check(mqs_amqp_id_read("1764207421000000000-1a2b3c4d", 28, &time));
	check_int(time, INT64_C(1764207421000000000));
	check(reads("1-00000000"));
	check(reads("9223372036854775807-ffffffff"));
	check(!reads("9223372036854775808-ffffffff"));	/* no time that there is */
	check(!reads("99999999999999999999-ffffffff"));
	check(!reads(""));
	check(!reads("-1a2b3c4d"));
	check(!reads("0-1a2b3c4d"));
	check(!reads("01-1a2b3c4d"));
	check(!reads("17-1a2b3c4"));
	check(!reads("17-1a2b3c4d5"));
	check(!reads("17-1A2B3C4D"));
	check(!reads("17-1a2b3c4g"));
	check(!reads("17:1a2b3c4d"));
	check(!reads("1x-1a2b3c4d"));
	check(!reads("1764207421000000000"));
	check(!mqs_amqp_id_read("17-1a2b3c4d", 10, NULL));
}

static void
test_make(void)
{
	struct mqs_amqp_ids a, b;
	char first[MQS_ID_SIZE], second[MQS_ID_SIZE], other[MQS_ID_SIZE];
	int64_t time;

	mqs_amqp_ids_init(&a);
	mqs_amqp_ids_init(&b);
	b.random = a.random + 1;
	check_int(mqs_amqp_ids_next(&a, 1000, first), 1000);
	check(reads(first));
	check(mqs_amqp_id_read(first, strlen(first), &time) && time == 1000);
	/* The clock stands still, or goes back: the ids go on. */
	check_int(mqs_amqp_ids_next(&a, 1000, second), 1001);
	check_int(mqs_amqp_ids_next(&a, 5, second), 1002);
	check_int(mqs_amqp_ids_next(&a, 2000, second), 2000);
	check(mqs_amqp_id_compare(first, second) < 0);
	check(mqs_amqp_id_compare(second, first) > 0);
	check_int(mqs_amqp_id_compare(first, first), 0);
	check_int(mqs_amqp_ids_next(&b, 1000, other), 1000);
	check(mqs_amqp_id_compare(first, other) != 0);
}

/* By number, not as text. */
static void
test_compare(void)
{
	check(mqs_amqp_id_compare("9-00000000", "10-00000000") < 0);
	check(mqs_amqp_id_compare("100-00000000", "99-ffffffff") > 0);
	check(mqs_amqp_id_compare("5-00000001", "5-00000002") < 0);
}

int
main(void)
{
	run_test("what is an id and what is not", test_read);
	run_test("ids of a publisher never repeat", test_make);
	run_test("ids compare by time", test_compare);
	return finish_tests();
}
