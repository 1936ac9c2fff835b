/* test_amqp_confirms.c - which publications the broker has confirmed, and what its errors mean */
#include "amqp/publisher_confirms.h"
#include "amqp/publisher_limit.h"
#include "amqp/reply_error.h"
#include "amqp/table.h"
#include "check.h"

static struct mqs_amqp_confirms c;
static char heard[256];

static void
hear(void *arg, uint32_t message)
{
	size_t n = strlen(heard);

	(void)arg;
	(void)snprintf(heard + n, sizeof(heard) - n, "%u ", message);
}

static const char *
take(uint64_t tag, int multiple)
{
	heard[0] = '\0';
	mqs_amqp_confirms_take(&c, tag, multiple, hear, NULL);
	return heard;
}

static void
test_order(void)
{
	uint32_t i;

	mqs_amqp_confirms_reset(&c);
	for (i = 10; i < 20; i++)
		mqs_amqp_confirms_sent(&c, i);	/* tags 1 to 10 */
	check_str(take(3, 0), "12 ");
	check_str(take(3, 0), "");
	check_str(take(5, 1), "10 11 13 14 ");
	check_u64(c.low, 6);
	check_str(take(2, 1), "");
	check_str(take(11, 1), "");
	check_str(take(0, 1), "");
	check_str(take(10, 0), "19 ");
	check_str(take(10, 1), "15 16 17 18 ");
	check_u64(c.low, 11);
}

/* On a new channel, no more are on their way than were confirmed, and one. */
static void
test_begin(void)
{
	uint32_t i;

	mqs_amqp_confirms_reset(&c);
	check(!mqs_amqp_confirms_full(&c));
	mqs_amqp_confirms_sent(&c, 0);
	check(mqs_amqp_confirms_full(&c));
	check_str(take(1, 0), "0 ");
	for (i = 1; i < 3; i++) {
		check(!mqs_amqp_confirms_full(&c));
		mqs_amqp_confirms_sent(&c, i);
	}
	check(mqs_amqp_confirms_full(&c));
	check_str(take(3, 0), "2 ");
	check(mqs_amqp_confirms_full(&c));
	check_str(take(2, 0), "1 ");
	check(!mqs_amqp_confirms_full(&c));
}

/* The lowest tag that is not confirmed holds the window, however many others are. */
static void
test_window(void)
{
	const uint64_t first = MQS_AMQP_WINDOW + 1;
	uint32_t i;

	mqs_amqp_confirms_reset(&c);
	for (i = 1; i < first; i++) {
		mqs_amqp_confirms_sent(&c, i);
		(void)take(i, 0);
	}
	for (i = 0; i < MQS_AMQP_WINDOW; i++) {
		check(!mqs_amqp_confirms_full(&c));
		mqs_amqp_confirms_sent(&c, i);
	}
	check(mqs_amqp_confirms_full(&c));
	check_str(take(first + 1, 0), "1 ");
	check(mqs_amqp_confirms_full(&c));
	check_str(take(first, 0), "0 ");
	check_u64(MQS_AMQP_WINDOW - (c.next - c.low), 2);
	mqs_amqp_confirms_sent(&c, 77);
	check_str(take(first + MQS_AMQP_WINDOW, 0), "77 ");
}

static void
test_forget(void)
{
	mqs_amqp_confirms_reset(&c);
	mqs_amqp_confirms_sent(&c, 5);
	mqs_amqp_confirms_forget(&c);
	mqs_amqp_confirms_sent(&c, 6);
	check_str(take(1, 0), "");
	check_str(take(2, 1), "6 ");
}

static void
test_limit(void)
{
	check_u64(mqs_amqp_limit_of_version("3.10.8"), 134217728);
	check_u64(mqs_amqp_limit_of_version("4.0.1"), 16777216);
	check_u64(mqs_amqp_limit_of_version(""), 134217728);
	check_u64(mqs_amqp_limit_of_text("PRECONDITION_FAILED - message size 9 is larger than "
	    "configured max size 8"), 8);
	check_u64(mqs_amqp_limit_of_text("PRECONDITION_FAILED - other"), 0);
}

static void
test_errors(void)
{
	amqp_channel_close_t channel = { .reply_code = 404, .reply_text = mqs_amqp_text("NONE") };
	amqp_connection_close_t connection = { .reply_code = 320, .reply_text = mqs_amqp_text("BYE") };
	amqp_rpc_reply_t reply = { .reply_type = AMQP_RESPONSE_SERVER_EXCEPTION };
	struct mqs_error err;

	reply.reply.id = AMQP_CHANNEL_CLOSE_METHOD;
	reply.reply.decoded = &channel;
	check_int(mqs_amqp_fail_reply(&err, "q", reply), MQS_ENOENT);
	check_str(err.text, "q: RabbitMQ: NONE (404)");
	check_int(mqs_amqp_reply_number(reply), 404);
	reply.reply.id = AMQP_CONNECTION_CLOSE_METHOD;
	reply.reply.decoded = &connection;
	check_int(mqs_amqp_fail_reply(&err, "q", reply), MQS_AMQP_LOST);
	check_str(err.text, "q: RabbitMQ: BYE (320)");
	reply.reply_type = AMQP_RESPONSE_LIBRARY_EXCEPTION;
	reply.library_error = AMQP_STATUS_HEARTBEAT_TIMEOUT;
	check_int(mqs_amqp_fail_reply(&err, "q", reply), MQS_AMQP_LOST);
	check_int(mqs_amqp_code(403), MQS_EPERM);
	check_int(mqs_amqp_code(405), MQS_EBUSY);
	check_int(mqs_amqp_code(406), MQS_ECONFIG);
	check_int(mqs_amqp_code(999), MQS_EIO);
}

static int
closed_with(int number, const char *text)
{
	struct mqs_error err;

	return mqs_amqp_fail_closed(&err, "q", number, mqs_amqp_text(text));
}

/* A queue that a node can't see is not one that is not there. */
static void
test_out_of_sight(void)
{
	check_int(closed_with(404, "NOT_FOUND - no queue 'q.log' in vhost '/'"), MQS_ENOENT);
	check_int(closed_with(404, ""), MQS_ENOENT);
	check_int(closed_with(404, "NOT_FOUND - home node 'mq2@localhost' of durable queue 'q.log' in "
	    "vhost '/' is down or inaccessible"), MQS_EBUSY);
	check_int(closed_with(404, "NOT_FOUND - queue 'q' in vhost '/' has crashed and failed to "
	    "restart"), MQS_EBUSY);
	check_int(closed_with(404, "NOT_FOUND - queue 'q' in vhost '/' process is stopped by "
	    "supervisor"), MQS_EBUSY);
	check_int(closed_with(403, "ACCESS_REFUSED - queue 'is down or inaccessible'"), MQS_EPERM);
}

int
main(void)
{
	run_test("one, all up to one, twice, unknown", test_order);
	run_test("a new channel begins with one", test_begin);
	run_test("a window of tags", test_window);
	run_test("tags of an older batch", test_forget);
	run_test("how large a body may be", test_limit);
	run_test("the broker's numbers", test_errors);
	run_test("a queue that is out of sight is not missing", test_out_of_sight);
	return finish_tests();
}
