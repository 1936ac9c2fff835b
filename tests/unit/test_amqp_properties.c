/* test_amqp_properties.c - a message as RabbitMQ gets it, and back */
#include <stdlib.h>

#include "amqp/properties.h"
#include "amqp/properties_in.h"
#include "amqp_wire.h"
#include "base/clock.h"
#include "message/headers.h"

#define ID	"1764207421000000005-1a2b3c4d"
#define NOW	INT64_C(1764207421000000000)

/* A literal with its inner NULs; the last one is the literal's own. */
#define RUN(s) (s), sizeof(s)

static struct mqs_amqp_properties out;
static struct mqs_amqp_incoming in;
static const struct mqs_amqp_publish plain = { .queue = "orders", .id = ID, .now = NOW };

static int
write_with(const struct mqs_message *m, const struct mqs_amqp_publish *how)
{
	struct mqs_error err;

	return mqs_amqp_properties_write(&out, m, how, &err);
}

static struct mqs_message
message(const char *headers, size_t len)
{
	struct mqs_message m = MQS_MESSAGE_INIT;

	m.headers = headers;
	m.headers_len = len;
	m.key = "a.b";
	m.key_len = 3;
	m.body = "hello";
	m.body_len = 5;
	return m;
}

/* Writes a message, and reads what comes out of the wire into `in'. */
static void
there_and_back(const struct mqs_message *m, const struct mqs_amqp_publish *how)
{
	amqp_basic_properties_t *p;
	struct mqs_error err;
	amqp_pool_t pool;

	init_amqp_pool(&pool, 4096);
	if (check_int(write_with(m, how), MQS_OK) &&
	    (p = over_the_wire(&pool, &out.basic)) != NULL) {
		check(out.size >= (size_t)amqp_encode_properties(AMQP_BASIC_CLASS, &out.basic,
		    mqs_amqp_bytes(wire_bytes, sizeof(wire_bytes))));
		check_int(mqs_amqp_properties_read(&in, p, mqs_amqp_bytes(m->key, m->key_len),
		    &err), MQS_OK);
	}
	empty_amqp_pool(&pool);
}

static void
test_plain(void)
{
	struct mqs_message m = message(NULL, 0);

	there_and_back(&m, &plain);
	check_int(out.basic.delivery_mode, 2);
	check_bytes(out.basic.content_type, "text/plain; charset=utf-8");
	check_bytes(out.basic.message_id, ID);
	check_u64(out.basic.timestamp, 1764207421);
	check_header(&out.basic, "mq-id", ID);
	check_int(out.basic.headers.num_entries, 1);
	check(out.exchange == NULL);
	check((out.basic._flags & (AMQP_BASIC_EXPIRATION_FLAG | AMQP_BASIC_PRIORITY_FLAG |
	    AMQP_BASIC_REPLY_TO_FLAG)) == 0);

	check_str(in.message.id, ID);
	check_int(in.message.time, INT64_C(1764207421000000005));
	check_mem(in.message.key, in.message.key_len, "a.b", 3);
	check_u64(in.message.headers_len, 0);
	check(in.message.message_id == NULL);
	check_u64(in.message.attempt, 1);
	check_int(in.message.expires, 0);
	check_int(in.message.not_before, 0);
	check(!in.foreign);
	check(!in.waited);
	check_int(in.offset, MQS_AMQP_NO_OFFSET);
}

static void
test_all_fields(void)
{
	struct mqs_message m = message(NULL, 0);

	m.message_id = "order 17";
	m.message_id_len = 8;
	m.priority = 7;
	m.expires = NOW + 1500 * MQS_MSEC + 1;
	there_and_back(&m, &plain);
	check_bytes(out.basic.expiration, "1501");
	check_header(&out.basic, "mq-expires", "2025-11-27T01:37:02.500000001Z");
	check_mem(in.message.message_id, in.message.message_id_len, "order 17", 8);
	check_int(in.message.priority, 7);
	check_int(in.message.expires, m.expires);
}

/* Headers come back as they were, whatever their names mean to the broker or to us. */
static void
test_headers(void)
{
	static const char headers[] = "a\0one\0CC\0x\0BCC\0y\0x-match\0z\0mq-id\0" "17\0"
	    "mq-attempt\0" "3\0mq-expires\0never\0mq-delay-3\0" "1\0mq-dead-queue\0q\0"
	    "mq-h-a\0b\0mq-origin-id\0" "5\0mq-headers-dropped\0" "9\0e\0\0mq-reply-to\0me";
	struct mqs_message m = message(RUN(headers));

	there_and_back(&m, &plain);
	check_mem(in.message.headers, in.message.headers_len, headers, sizeof(headers));
	check_str(in.message.id, ID);
	check_u64(in.message.attempt, 1);
	check_header(&out.basic, "CC", NULL);
	check_header(&out.basic, "mq-h-CC", "x");
	check_header(&out.basic, "mq-h-x-match", "z");
	check_header(&out.basic, "mq-h-mq-id", "17");
	check_header(&out.basic, "mq-origin-id", "5");
	check_bytes(out.basic.reply_to, "me");
	check_header(&out.basic, "mq-reply-to", NULL);
}

static void
test_repeated(void)
{
	static const char headers[] = "a\0" "1\0b\0" "2\0a\0" "3\0x-r\0" "4\0x-r\0" "5";
	static const char back[] = "a\0" "1\0b\0" "2\0x-r\0" "4\0a\0" "3\0x-r\0" "5";
	struct mqs_message m = message(RUN(headers));

	there_and_back(&m, &plain);
	check_mem(in.message.headers, in.message.headers_len, back, sizeof(back));
	check_header(&out.basic, "a", "1");
	check_header(&out.basic, "mq-more-a", "[\"3\"]");
	check_header(&out.basic, "mq-more-mq-h-x-r", "[\"5\"]");
	check_header(&out.basic, "mq-more-b", NULL);
}

/* Values of any text, and a header of that name that is the message's own. */
static void
test_repeated_text(void)
{
	static const char headers[] = "a\0\0a\0\"\\\1\n\0a\0\xc3\xa4\0a\0\0mq-more-a\0x\0"
	    "mq-more-a\0y";
	static const char back[] = "a\0\0mq-more-a\0x\0a\0\"\\\1\n\0a\0\xc3\xa4\0a\0\0"
	    "mq-more-a\0y";
	struct mqs_message m = message(RUN(headers));

	there_and_back(&m, &plain);
	check_mem(in.message.headers, in.message.headers_len, back, sizeof(back));
	check_header(&out.basic, "a", "");
	check_header(&out.basic, "mq-h-mq-more-a", "x");
}

/* The structure is used again; nothing of the message before may be left. */
static void
test_many(void)
{
	struct mqs_buf b = { 0 };
	struct mqs_message m;
	char name[24];
	int i;

	for (i = 0; i < 3000; i++) {
		(void)snprintf(name, sizeof(name), "x-%d", i % 1500);
		check_int(mqs_headers_add(&b, name, strlen(name), "v", 1), 0);
	}
	m = message(b.p, b.n);
	there_and_back(&m, &plain);
	check_u64(in.message.headers_len, b.n);
	test_plain();
	mqs_buf_free(&b);
}

static void
test_expired_and_far(void)
{
	struct mqs_message m = message(NULL, 0);

	m.expires = NOW - 1;
	there_and_back(&m, &plain);
	check_bytes(out.basic.expiration, "0");
	check_int(in.message.expires, m.expires);
	m.expires = NOW + (MQS_AMQP_EXPIRATION_MAX + 1) * MQS_MSEC;
	there_and_back(&m, &plain);
	check((out.basic._flags & AMQP_BASIC_EXPIRATION_FLAG) == 0);
	check_int(in.message.expires, m.expires);
}

static void
test_delayed(void)
{
	struct mqs_message m = message(RUN("a\0b"));

	m.not_before = NOW + 5 * MQS_SECOND;
	m.expires = NOW + 9 * MQS_SECOND;
	there_and_back(&m, &plain);
	check_str(out.exchange, "mq.delay.2");
	check_header(&out.basic, "mq-delay-to", "orders");
	check_header(&out.basic, "mq-delay-2", "1");
	check_header(&out.basic, "mq-delay-1", "0");
	check_header(&out.basic, "mq-delay-0", "1");
	check((out.basic._flags & AMQP_BASIC_EXPIRATION_FLAG) == 0);
	check_int(in.message.expires, m.expires);
	check_int(in.message.not_before, m.not_before);
	check_run(in.message.headers, in.message.headers_len, "a\0b");
	check(in.waited);

	m.not_before = NOW;
	there_and_back(&m, &plain);
	check(out.exchange == NULL);
	check_header(&out.basic, "mq-delay-to", NULL);
	check_int(in.message.not_before, m.not_before);
	m.not_before = INT64_MAX;
	check_int(write_with(&m, &plain), MQS_EDATA);
}

static void
test_reply_to(void)
{
	struct mqs_amqp_publish direct = plain;
	struct mqs_message m = message(RUN("mq-reply-to\0amq.rabbitmq.reply-to"));
	struct mqs_buf b = { 0 };
	char address[300];

	direct.direct_reply = 1;
	there_and_back(&m, &direct);
	check_bytes(out.basic.reply_to, "amq.rabbitmq.reply-to");
	there_and_back(&m, &plain);
	check((out.basic._flags & AMQP_BASIC_REPLY_TO_FLAG) == 0);
	check_header(&out.basic, "mq-reply-to", "amq.rabbitmq.reply-to");
	check_mem(in.message.headers, in.message.headers_len, m.headers, m.headers_len);

	memset(address, 'x', sizeof(address));
	check_int(mqs_headers_add(&b, "mq-reply-to", 11, address, 256), 0);
	m = message(b.p, b.n);
	there_and_back(&m, &plain);
	check((out.basic._flags & AMQP_BASIC_REPLY_TO_FLAG) == 0);
	check_mem(in.message.headers, in.message.headers_len, m.headers, m.headers_len);
	mqs_buf_free(&b);
}

static void
test_properties(void)
{
	struct mqs_message m = message(RUN("mq-content-type\0text/csv\0mq-type\0order\0"
	    "mq-user-id\0root\0mq-app-id\0a\0mq-app-id\0b"));

	there_and_back(&m, &plain);
	check_bytes(out.basic.content_type, "text/csv");
	check_bytes(out.basic.type, "order");
	check((out.basic._flags & (AMQP_BASIC_USER_ID_FLAG | AMQP_BASIC_APP_ID_FLAG)) == 0);
	check_mem(in.message.headers, in.message.headers_len, m.headers, m.headers_len);
}

int
main(void)
{
	run_test("a message with nothing but key and body", test_plain);
	run_test("message id, priority, expiry", test_all_fields);
	run_test("headers come back under their names", test_headers);
	run_test("a name that comes more than once has its other values beside it", test_repeated);
	run_test("values of any text come back", test_repeated_text);
	run_test("thousands of headers, and then none", test_many);
	run_test("an expiry that has passed, and one that is far away", test_expired_and_far);
	run_test("a delayed message goes to a level", test_delayed);
	run_test("where a reply goes to", test_reply_to);
	run_test("headers that stand for properties", test_properties);
	mqs_amqp_properties_free(&out);
	mqs_amqp_incoming_free(&in);
	return finish_tests();
}
