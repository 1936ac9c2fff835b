/*
 * test_amqp_delay_topology.c - delayed messages and retries on a real broker
 *
 * usage: test_amqp_delay_topology ADDRESS [SECONDS...]
 *
 * ADDRESS is that of a vhost without any delays (tests/amqp/delays.bats).  Messages are delayed
 * by 1, 2, 3 and 5 s, or SECONDS.  Without an address, as tests/run calls it, there is nothing
 * to test with.
 */
#include <sys/time.h>

#include <stdlib.h>
#include <time.h>

#include "amqp/answer.h"
#include "amqp/delay_topology.h"
#include "amqp/login.h"
#include "amqp/message_id.h"
#include "amqp/properties.h"
#include "amqp/properties_copy.h"
#include "amqp/properties_in.h"
#include "amqp/table.h"
#include "amqp/topology.h"
#include "base/clock.h"
#include "check.h"
#include "message/headers.h"

#define QUEUE	"orders"
#define GROUP	"mail"
#define ALL	"orders/all"	/* a queue that has what is published to the exchange */
#define LATE	(5 * MQS_SECOND)	/* nothing is that late, however busy the machine */
#define LEVELS	MQS_AMQP_DELAY_LEVELS
#define MANY	50		/* more than a level tries at once */

static int seconds[16] = { 1, 2, 3, 5 }, nseconds = 4;
static struct mqs_amqp_link link_;
static struct mqs_amqp_ids ids;
static struct mqs_amqp_properties out;
static struct mqs_amqp_incoming in;
static int64_t latest;		/* the most that a message was late */

static int
connect_to(const char *where)
{
	static struct mqs_amqp_configuration c;
	static struct mqs_amqp_address a;
	struct mqs_error err;

	if (mqs_amqp_address_parse(&a, where, &err) != MQS_OK ||
	    mqs_amqp_configuration_read(&c, &a, &err) != MQS_OK ||
	    mqs_amqp_login(&link_.state, &a, 0, &c, &err) != MQS_OK) {
		printf("Bail out! %s\n", err.text);
		return -1;
	}
	link_.number = 1;
	(void)amqp_channel_open(link_.state, link_.number);
	return mqs_amqp_answer(&link_, where, &err) == MQS_OK ? 0 : -1;
}

static int
ok(int rc, const struct mqs_error *err)
{
	if (rc == MQS_OK)
		return 1;
	printf("# %s\n", err->text);
	return 0;
}

static void
declare_queue(const char *queue)
{
	amqp_table_entry_t e = mqs_amqp_entry("x-queue-type", "quorum");
	struct mqs_error err;

	check(ok(mqs_amqp_queue_declare(&link_, queue, mqs_amqp_table(&e, 1), &err), &err));
}

static void
publish(const char *key)
{
	amqp_bytes_t body = mqs_amqp_text("body");

	check_int(amqp_basic_publish(link_.state, link_.number,
	    mqs_amqp_text(out.exchange == NULL ? QUEUE : out.exchange), mqs_amqp_text(key), 1, 0,
	    &out.basic, body), AMQP_STATUS_OK);
}

/* Publishes a message to QUEUE that is delayed by so many seconds from now. */
static void
publish_delayed(const char *queue, int64_t delay)
{
	struct mqs_amqp_publish how = { .queue = queue, .now = mqs_now() };
	struct mqs_message m = MQS_MESSAGE_INIT;
	char id[MQS_ID_SIZE];
	struct mqs_error err;

	mqs_amqp_ids_next(&ids, how.now, id);
	how.id = id;
	m.headers = "colour\0red\0x-y\0z";
	m.headers_len = sizeof("colour\0red\0x-y\0z");
	m.not_before = how.now + delay;
	if (check(ok(mqs_amqp_properties_write(&out, &m, &how, &err), &err)))
		publish("a.b");
}

/* Publishes a retry of a message, to a group; its not-before time says when it is due. */
static void
publish_retry(const char *group, int64_t delay)
{
	struct mqs_amqp_retry how = { .queue = QUEUE, .group = group, .attempt = 3,
	    .delay = delay, .now = mqs_now() };
	char due[MQS_TIME_SIZE];
	amqp_table_entry_t e[] = { mqs_amqp_entry("colour", "blue"),
	    mqs_amqp_entry("mq-not-before", mqs_format_time(how.now + delay, due)) };
	amqp_basic_properties_t from = { ._flags = AMQP_BASIC_HEADERS_FLAG,
	    .headers = mqs_amqp_table(e, 2) };
	struct mqs_error err;

	if (check(ok(mqs_amqp_properties_retry(&out, &from, &how, &err), &err)))
		publish("c.d");
}

/* Takes the next message of the queue that is consumed into `in': 1, or 0 if there is none in time. */
static int
take(int wait)
{
	struct timeval timeout = { .tv_sec = wait };
	amqp_envelope_t envelope;
	struct mqs_error err;
	int64_t late;
	int rc = 0;

	amqp_maybe_release_buffers(link_.state);
	if (!check_int(amqp_consume_message(link_.state, &envelope, &timeout, 0).reply_type,
	    AMQP_RESPONSE_NORMAL))
		return 0;
	late = mqs_now();
	if (check(ok(mqs_amqp_properties_read(&in, &envelope.message.properties,
	    envelope.routing_key, &err), &err))) {
		late -= in.message.not_before;
		check(late >= 0);
		check(late < LATE);
		latest = late > latest ? late : latest;
		rc = 1;
	}
	amqp_destroy_envelope(&envelope);
	return rc;
}

static void
consume(const char *queue)
{
	struct mqs_error err;

	(void)amqp_basic_consume(link_.state, link_.number, mqs_amqp_text(queue),
	    mqs_amqp_text(queue), 0, 1, 0, amqp_empty_table);
	check(ok(mqs_amqp_answer(&link_, queue, &err), &err));
}

static void
consume_no_more(const char *queue)
{
	(void)amqp_basic_cancel(link_.state, link_.number, mqs_amqp_text(queue));
}

/* Until the queue has so many messages: 1, or 0 if it has not in 20 s. */
static int
has(const char *queue, uint32_t want)
{
	const int64_t end = mqs_boottime() + 20 * MQS_SECOND;
	struct timespec pause = { .tv_nsec = 20 * MQS_MSEC };
	struct mqs_error err;
	uint32_t count = 0;

	while (mqs_boottime() < end) {
		if (!ok(mqs_amqp_queue_exists(&link_, queue, &count, NULL, &err), &err))
			return 0;
		if (count == want)
			return 1;
		(void)nanosleep(&pause, NULL);
	}
	printf("# %s: %u messages, not %u\n", queue, count, want);
	return 0;
}

/* ------------------------------------------------------------------ tests -- */

static void
test_make(void)
{
	int64_t began = mqs_boottime(), made, found;
	struct mqs_error err;

	declare_queue(QUEUE "/" GROUP);
	declare_queue(ALL);
	check(ok(mqs_amqp_exchange_declare(&link_, QUEUE, "topic", &err), &err));
	check(ok(mqs_amqp_queue_bind(&link_, ALL, QUEUE, "a.*", amqp_empty_table, &err), &err));
	check(ok(mqs_amqp_delays_for_queue(&link_, QUEUE, 1, LEVELS, &err), &err));
	made = mqs_boottime();
	check(ok(mqs_amqp_delays_for_queue(&link_, QUEUE, 1, LEVELS, &err), &err));
	found = mqs_boottime();
	check(ok(mqs_amqp_delays_for_group(&link_, QUEUE, GROUP, LEVELS, &err), &err));
	printf("# made in %lld ms, found in %lld ms\n", (long long)((made - began) / MQS_MSEC),
	    (long long)((found - made) / MQS_MSEC));
	check((found - made) * 5 < made - began);
}

/* Each arrives in its time, with its own key and headers, where it should and nowhere else. */
static void
test_arrive(void)
{
	int i, longest = 0;

	for (i = 0; i < nseconds; i++) {
		publish_delayed(QUEUE, seconds[i] * MQS_SECOND);
		publish_retry(GROUP, seconds[i] * MQS_SECOND);
		longest = seconds[i] > longest ? seconds[i] : longest;
	}
	consume(ALL);
	consume(QUEUE "/" GROUP);
	for (i = 0; i < 2 * nseconds; i++) {
		const char *colour;

		if (!take(longest + 10))
			return;
		colour = mqs_headers_get(in.message.headers, in.message.headers_len, "colour");
		if (!check(colour != NULL))
			continue;
		if (strcmp(colour, "red") == 0) {
			check_mem(in.message.key, in.message.key_len, "a.b", 3);
			check_mem(in.message.headers, in.message.headers_len,
			    "colour\0red\0x-y\0z", sizeof("colour\0red\0x-y\0z"));
			check(mqs_amqp_is_id(in.id));
			check_u64(in.message.attempt, 1);
		} else {
			check_mem(in.message.key, in.message.key_len, "c.d", 3);
			check_mem(in.message.headers, in.message.headers_len, "colour\0blue",
			    sizeof("colour\0blue"));
			check_u64(in.message.attempt, 3);
		}
		check(in.waited);
	}
	consume_no_more(ALL);
	consume_no_more(QUEUE "/" GROUP);
	check(has(ALL, 0));
	check(has(QUEUE "/" GROUP, 0));
	printf("# at most %lld ms late\n", (long long)(latest / MQS_MSEC));
}

/* A delay of nothing goes straight to the group. */
static void
test_at_once(void)
{
	publish_retry(GROUP, 0);
	check(has(QUEUE "/" GROUP, 1));
	check(has(ALL, 0));
	(void)amqp_queue_purge(link_.state, link_.number, mqs_amqp_text(QUEUE "/" GROUP));
}

/* Messages that nobody can have any more are in nobody's way. */
static void
test_lost(void)
{
	struct mqs_error err;
	int i;

	check(ok(mqs_amqp_exchange_declare(&link_, "bare", "topic", &err), &err));
	check(ok(mqs_amqp_delays_for_queue(&link_, "bare", 0, LEVELS, &err), &err));
	for (i = 0; i < MANY; i++) {
		publish_retry("gone", MQS_SECOND);
		publish_delayed("bare", MQS_SECOND);
	}
	publish_retry(GROUP, MQS_SECOND);
	check(has(QUEUE "/" GROUP, 1));
	check(has("mq.delay.lost", MANY));
	check(has("mq.delay.none", 0));
	check(has("mq.delay.0", 0));
}

/* What a kill left in the middle, or somebody deleted, is there again. */
static void
test_repair(void)
{
	struct mqs_error err;

	(void)amqp_queue_delete(link_.state, link_.number, mqs_amqp_text("mq.delay.3"), 0, 0);
	(void)amqp_exchange_delete(link_.state, link_.number, mqs_amqp_text("mq.delay.7"), 0);
	check_int(mqs_amqp_queue_exists(&link_, "mq.delay.3", NULL, NULL, &err), MQS_ENOENT);
	check(ok(mqs_amqp_delays_for_group(&link_, QUEUE, GROUP, LEVELS, &err), &err));
	check_int(mqs_amqp_queue_exists(&link_, "mq.delay.3", NULL, NULL, &err), MQS_ENOENT);
	(void)amqp_exchange_delete(link_.state, link_.number, mqs_amqp_text("mq.delay.long"), 0);
	check(ok(mqs_amqp_delays_for_group(&link_, QUEUE, GROUP, LEVELS, &err), &err));
	check_int(mqs_amqp_queue_exists(&link_, "mq.delay.3", NULL, NULL, &err), MQS_OK);
	check_int(mqs_amqp_exchange_exists(&link_, "mq.delay.7", &err), MQS_OK);
}

/* Somebody else's exchange is left as it is, and named. */
static void
test_conflict(void)
{
	struct mqs_error err;

	(void)amqp_exchange_delete(link_.state, link_.number, mqs_amqp_text("mq.delay.7"), 0);
	check(ok(mqs_amqp_exchange_declare(&link_, "mq.delay.7", "fanout", &err), &err));
	check_int(mqs_amqp_delays_make(&link_, LEVELS, &err), MQS_ECONFIG);
	check(strstr(err.text, "mq.delay.7") != NULL && strstr(err.text, "fanout") != NULL &&
	    strstr(err.text, "headers") != NULL);
	printf("# %s\n", err.text);
}

int
main(int argc, char **argv)
{
	int i;

	if (argc < 2 || strstr(argv[1], "://") == NULL) {
		printf("ok 1 - delays on a broker # SKIP no address was given\n1..1\n");
		return 0;
	}
	for (i = 2; i < argc && i - 2 < 16; i++) {
		seconds[i - 2] = atoi(argv[i]);
		nseconds = i - 1;
	}
	if (connect_to(argv[1]) == -1)
		return 1;
	mqs_amqp_ids_init(&ids);
	run_test("the levels are made once", test_make);
	run_test("messages arrive when they are due", test_arrive);
	run_test("without a delay, at once", test_at_once);
	run_test("what nobody takes stops nobody", test_lost);
	run_test("what is missing is made again", test_repair);
	run_test("an exchange of another kind is left and named", test_conflict);
	mqs_amqp_properties_free(&out);
	mqs_amqp_incoming_free(&in);
	(void)amqp_connection_close(link_.state, AMQP_REPLY_SUCCESS);
	(void)amqp_destroy_connection(link_.state);
	return finish_tests();
}
