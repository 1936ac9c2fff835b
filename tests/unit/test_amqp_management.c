/* test_amqp_management.c - the servers of the management API, and what its answers say */
#include <string.h>

#include "amqp/broker_stats.h"
#include "amqp/management_servers.h"
#include "check.h"

/* The servers for an address and a configuration, divided by blanks. */
static void
servers(const char *where, const char *management, const char *want)
{
	struct mqs_amqp_address a;
	struct mqs_amqp_servers s;
	char text[256] = "";
	size_t i;

	if (!check(mqs_amqp_address_parse(&a, where, NULL) == 0))
		return;
	check(management == NULL || mqs_amqp_servers_check(management) == NULL);
	check(mqs_amqp_servers_make(&s, &a, management) == 0);
	for (i = 0; i < s.n; i++) {
		strcat(text, i > 0 ? " " : "");
		strcat(text, s.urls[i]);
	}
	check_str(text, want);
	mqs_amqp_servers_free(&s);
	mqs_amqp_address_free(&a);
}

static void
test_servers(void)
{
	servers("amqp://h", NULL, "http://h:15672");
	servers("amqp://a,b:7,[::1]/v", NULL, "http://a:15672 http://b:15672 http://[::1]:15672");
	servers("amqps://a,b", NULL, "https://a:15671 https://b:15671");
	servers("amqp://a,b", "99", "http://a:99 http://b:99");
	servers("amqps://a", "https://m/", "https://m");
	servers("amqp://a", "http://m:1,HTTPS://n/x/,7", "http://m:1 HTTPS://n/x http://a:7");
	servers("amqp://a", "no", "");
}

static void
test_bad_servers(void)
{
	static const char *const bad[] = { "", "yes", "0", "65536", "-1", ",1", "1,", "1,,2", "http://",
	    "https://", "ftp://h", "h:15672", "http://u:p@h" };
	size_t i;

	for (i = 0; i < sizeof(bad) / sizeof(bad[0]); i++)
		if (!check(mqs_amqp_servers_check(bad[i]) != NULL))
			check_str(bad[i], "");
}

static void
look_at(struct mqs_amqp_broker_stats *b, const char *queues, const char *exchanges)
{
	mqs_amqp_broker_stats_init(b, json_loads(queues, 0, NULL), json_loads(exchanges, 0, NULL));
}

static void
test_numbers(void)
{
	struct mqs_amqp_broker_stats b;
	struct mqs_amqp_queue_numbers n;

	look_at(&b, "[{\"name\":\"q/g\",\"messages\":7,\"messages_unacknowledged\":2,\"message_bytes\":70,"
	    "\"message_stats\":{\"deliver_get\":9}},{\"name\":\"new\"},"
	    "{\"name\":\"mq.delay.3\",\"messages\":1},{\"name\":\"mq.delay.0\",\"messages\":2},"
	    "{\"name\":\"mq.delay.lost\",\"messages\":50}]",
	    "[{\"name\":\"q\",\"message_stats\":{\"publish_in\":11,\"publish_out\":3}},{\"name\":\"r\"}]");
	mqs_amqp_broker_stats_queue(&b, "q/g", &n);
	check_u64(n.messages, 7);
	check_u64(n.unacked, 2);
	check_u64(n.bytes, 70);
	check_u64(n.delivered, 9);
	check_u64(n.acked, 0);
	mqs_amqp_broker_stats_queue(&b, "new", &n);
	check(n.messages == MQS_UNKNOWN && n.delivered == MQS_UNKNOWN);
	mqs_amqp_broker_stats_queue(&b, "none", &n);
	check(n.unacked == MQS_UNKNOWN && n.acked == MQS_UNKNOWN);
	check_u64(b.waiting, 3);
	check_u64(mqs_amqp_broker_stats_published(&b, "q"), 11);
	check(mqs_amqp_broker_stats_published(&b, "r") == MQS_UNKNOWN);
	mqs_amqp_broker_stats_free(&b);
}

static void
test_waiting(void)
{
	struct mqs_amqp_broker_stats b;

	look_at(&b, "[]", "[]");
	check_u64(b.waiting, 0);
	mqs_amqp_broker_stats_free(&b);
	look_at(&b, "[{\"name\":\"mq.delay.3\",\"messages\":1},{\"name\":\"mq.delay.4\"}]", "[]");
	check(b.waiting == MQS_UNKNOWN);
	mqs_amqp_broker_stats_free(&b);
}

int
main(void)
{
	run_test("servers, from the address and the file", test_servers);
	run_test("what names no server", test_bad_servers);
	run_test("what answers say, and what they leave out", test_numbers);
	run_test("what waits in the delays", test_waiting);
	return finish_tests();
}
