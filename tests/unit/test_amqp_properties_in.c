/* test_amqp_properties_in.c - what other clients send becomes a message */
#include <stdlib.h>

#include "amqp/properties_in.h"
#include "amqp_wire.h"
#include "base/clock.h"
#include "message/headers.h"

static struct mqs_amqp_incoming in;

static void
take(amqp_basic_properties_t *p, const char *key, size_t key_len)
{
	struct mqs_error err;

	check_int(mqs_amqp_properties_read(&in, p, mqs_amqp_bytes(key, key_len), &err), MQS_OK);
	/* Whatever it was, it is a message that may be published. */
	if (!check_int(mqs_message_check(&in.message, &err), MQS_OK))
		printf("# %s\n", err.text);
}

static void
take_headers(amqp_table_entry_t *entries, size_t n)
{
	amqp_basic_properties_t p = { ._flags = AMQP_BASIC_HEADERS_FLAG,
	    .headers = mqs_amqp_table(entries, n) };

	take(&p, "k", 1);
}

#define headers_are(literal) \
	check_mem(in.message.headers, in.message.headers_len, (literal), sizeof(literal))

static void
test_nothing(void)
{
	amqp_basic_properties_t p = { 0 };

	take(&p, NULL, 0);
	check_str(in.message.id, "");
	check(in.foreign);
	check_u64(in.message.key_len, 0);
	check_u64(in.message.headers_len, 0);
	check_u64(in.message.attempt, 1);
	check_int(in.message.time, 0);
	check_int(in.message.body_fd, -1);
}

static void
test_properties(void)
{
	amqp_basic_properties_t p = { ._flags = AMQP_BASIC_CONTENT_TYPE_FLAG |
	    AMQP_BASIC_CONTENT_ENCODING_FLAG | AMQP_BASIC_CORRELATION_ID_FLAG |
	    AMQP_BASIC_REPLY_TO_FLAG | AMQP_BASIC_MESSAGE_ID_FLAG | AMQP_BASIC_TIMESTAMP_FLAG |
	    AMQP_BASIC_TYPE_FLAG | AMQP_BASIC_USER_ID_FLAG | AMQP_BASIC_APP_ID_FLAG |
	    AMQP_BASIC_PRIORITY_FLAG | AMQP_BASIC_EXPIRATION_FLAG };

	p.content_type = mqs_amqp_text("text/csv");
	p.content_encoding = mqs_amqp_text("gzip");
	p.correlation_id = mqs_amqp_text("c\xff");
	p.reply_to = mqs_amqp_text("answers");
	p.message_id = mqs_amqp_text("m\n\xc2\x85\xff" "17");
	p.timestamp = 1767323045;
	p.type = mqs_amqp_text("order");
	p.user_id = mqs_amqp_text("guest");
	p.app_id = mqs_amqp_text("shop");
	p.priority = 255;
	p.expiration = mqs_amqp_text("60000");
	take(&p, "a\xff\0.b", 5);
	headers_are("mq-content-type\0text/csv\0mq-content-encoding\0gzip\0"
	    "mq-correlation-id\0c\\xff\0mq-type\0order\0mq-app-id\0shop\0mq-user-id\0guest\0"
	    "mq-reply-to\0answers");
	check_mem(in.message.message_id, in.message.message_id_len, "m????17", 7);
	check_int(in.message.time, INT64_C(1767323045000000000));
	check_int(in.message.priority, 9);
	check_int(in.message.expires, 0);
	check_mem(in.message.key, in.message.key_len, "a??.b", 5);

	p.content_type = mqs_amqp_text("application/json");
	p._flags = AMQP_BASIC_CONTENT_TYPE_FLAG;
	take(&p, "", 0);
	check_u64(in.message.headers_len, 0);
}

static void
test_types(void)
{
	amqp_field_value_t elements[] = { mqs_amqp_string("x"), { .kind = 'I', .value.i32 = 3 },
	    { .kind = 'A' } };
	amqp_table_entry_t inner[] = { mqs_amqp_entry("k", "v") };
	amqp_table_entry_t e[] = {
		mqs_amqp_entry_number("n", -5),
		{ mqs_amqp_text("list"), { .kind = 'A', .value.array = { 3, elements } } },
		{ mqs_amqp_text("none"), { .kind = 'A' } },
		{ mqs_amqp_text("table"), { .kind = 'F', .value.table = { 1, inner } } },
		{ mqs_amqp_text(""), { .kind = 't', .value.boolean = 1 } },
		{ mqs_amqp_bytes("a\0\xff", 3), { .kind = 'V' } },
		mqs_amqp_entry("x-request-id", "7")
	};

	take_headers(e, 7);
	headers_are("n\0-5\0list\0x\0list\0" "3\0list\0[]\0none\0[]\0table\0{\"k\":\"v\"}\0"
	    "mq-h-\0true\0a\\x00\\xff\0\0x-request-id\0" "7");
}

static void
test_broker(void)
{
	amqp_table_entry_t e[] = {
		mqs_amqp_entry("a", "1"), mqs_amqp_entry_number("x-stream-offset", 42),
		{ mqs_amqp_text("x-death"), { .kind = 'A' } },
		mqs_amqp_entry("x-first-death-queue", "q"),
		mqs_amqp_entry_number("x-delivery-count", 9), mqs_amqp_entry("mq-h-x-death", "mine"),
		mqs_amqp_entry("mq-delay-to", "q"), mqs_amqp_entry("mq-delay-0", "1"),
		mqs_amqp_entry_number("mq-attempt", 4), mqs_amqp_entry("mq-dead-reason", "exit 1")
	};

	take_headers(e, sizeof(e) / sizeof(e[0]));
	headers_are("a\0" "1\0x-death\0mine\0mq-dead-reason\0exit 1");
	check_int(in.offset, 42);
	check_u64(in.message.attempt, 4);
	check(in.waited);
}

/* A stream hands out bytes where a broker saw no UTF-8; what is no array of strings is nothing. */
static void
test_more(void)
{
	amqp_table_entry_t e[] = {
		mqs_amqp_entry("mq-more-a", "[\"2\",7,\"3\"]"), mqs_amqp_entry("a", "1"),
		{ mqs_amqp_text("mq-more-a"), { .kind = 'x', .value.bytes = mqs_amqp_text("[\"4\"]") } },
		mqs_amqp_entry("mq-more-a", "{\"a\":\"b\"}"), mqs_amqp_entry("mq-more-a", "[\"x\""),
		mqs_amqp_entry("mq-more-a", ""), mqs_amqp_entry("mq-more-a", "[\"\\u0000\"]"),
		mqs_amqp_entry_number("mq-more-a", 5), mqs_amqp_entry("mq-more-", "[\"x\"]"),
		mqs_amqp_entry("mq-more-mq-h-x-b", "[\"5\"]")
	};

	take_headers(e, sizeof(e) / sizeof(e[0]));
	headers_are("a\0" "1\0a\0" "2\0a\0" "3\0a\0" "4\0x-b\0" "5");
}

/* Headers of ours with nonsense in them are not there. */
static void
test_nonsense(void)
{
	static const char *const ours[] = { "mq-id", "mq-attempt", "mq-expires", "mq-not-before",
	    "mq-headers-dropped", "x-stream-offset" };
	amqp_field_value_t list[] = { mqs_amqp_string("1") };
	const amqp_field_value_t values[] = {
		mqs_amqp_string(""), mqs_amqp_string("nonsense"), mqs_amqp_string("-1"),
		{ .kind = 'l', .value.i64 = -1 }, { .kind = 'V' }, { .kind = 'F' },
		{ .kind = 'A', .value.array = { 1, list } }, { .kind = 'd', .value.f64 = 1e300 },
		{ .kind = 'L', .value.u64 = UINT64_MAX }, { .kind = 'T', .value.u64 = UINT64_MAX },
		{ .kind = 'S', .value.bytes = { 0, NULL } }
	};
	amqp_table_entry_t e[7] = { mqs_amqp_entry("a", "b") };
	size_t i, k;

	for (k = 0; k < sizeof(values) / sizeof(values[0]); k++) {
		for (i = 0; i < 6; i++)
			e[i + 1] = (amqp_table_entry_t){ mqs_amqp_text(ours[i]), values[k] };
		/* So many were dropped, if a number says so. */
		take_headers(e, values[k].kind == 'L' ? 5 : 7);
		headers_are("a\0b");
		check_str(in.message.id, "");
		check(in.foreign);
		check_u64(in.message.attempt, 1);
		check_int(in.message.expires, 0);
		check_int(in.message.not_before, 0);
		check_int(in.offset, MQS_AMQP_NO_OFFSET);
	}
}

/* The last ones have no room; one that is there counts what an earlier copy left out. */
static void
test_too_many(void)
{
	static amqp_field_value_t many[40000];
	static char large[60000];
	amqp_table_entry_t e[] = {
		mqs_amqp_entry("first", "1"), mqs_amqp_entry_number("mq-headers-dropped", 3),
		{ mqs_amqp_text("large"), { .kind = 'S', .value.bytes = { sizeof(large), large } } },
		{ mqs_amqp_text("many"), { .kind = 'A', .value.array = { 40000, many } } },
		mqs_amqp_entry("last", "1")
	};
	amqp_basic_properties_t p = { ._flags = AMQP_BASIC_HEADERS_FLAG | AMQP_BASIC_REPLY_TO_FLAG,
	    .headers = mqs_amqp_table(e, 5), .reply_to = mqs_amqp_text("me") };
	const char *headers, *value;
	size_t n, i;

	memset(large, 'l', sizeof(large));
	for (i = 0; i < 40000; i++)
		many[i] = mqs_amqp_string("x");
	take(&p, "", 0);
	headers = in.message.headers;
	n = in.message.headers_len;
	check_str(mqs_headers_get(headers, n, "first"), "1");
	check((value = mqs_headers_get(headers, n, "large")) != NULL &&
	    strlen(value) == sizeof(large));
	check_str(mqs_headers_get(headers, n, "many"), "x");
	check(mqs_headers_get(headers, n, "last") == NULL);
	check_str(mqs_headers_get(headers, n, "mq-reply-to"), "me");
	value = mqs_headers_get(headers, n, "mq-headers-dropped");
	check(value != NULL && atol(value) > 39000 && atol(value) < 40004);

	/* One header that alone is too large; those behind it are left out, too. */
	memset(large, 1, sizeof(large));
	p.headers = mqs_amqp_table(&e[2], 2);
	e[3] = mqs_amqp_entry("last", "1");
	e[2].value.kind = 'A';
	many[0] = (amqp_field_value_t){ .kind = 'S', .value.bytes = { sizeof(large), large } };
	many[1] = (amqp_field_value_t){ .kind = 'A', .value.array = { 1, many } };
	e[2].value.value.array = (amqp_array_t){ 1, &many[1] };
	take(&p, "", 0);
	headers_are("mq-reply-to\0me\0mq-headers-dropped\0" "2");
}

/* As many as can be published. */
static void
test_as_many_as_there_may_be(void)
{
	static char value[MQS_HEADERS_MAX - sizeof("h") - 1];
	amqp_table_entry_t e[] = {
		{ mqs_amqp_text("h"), { .kind = 'S', .value.bytes = { sizeof(value), value } } }
	};
	amqp_basic_properties_t p = { ._flags = AMQP_BASIC_HEADERS_FLAG,
	    .headers = mqs_amqp_table(e, 1) };

	memset(value, 'v', sizeof(value));
	take(&p, "", 0);
	check_int(in.message.headers_len, MQS_HEADERS_MAX);
	check(mqs_headers_get(in.message.headers, in.message.headers_len,
	    "mq-headers-dropped") == NULL);
}

int
main(void)
{
	run_test("more values of a name", test_more);
	run_test("a message without any property", test_nothing);
	run_test("properties become fields and headers", test_properties);
	run_test("headers of every type", test_types);
	run_test("headers of the broker and of ours are not the message's", test_broker);
	run_test("nonsense in headers of ours", test_nonsense);
	run_test("more headers than a message may have", test_too_many);
	run_test("headers as many as there may be", test_as_many_as_there_may_be);
	mqs_amqp_incoming_free(&in);
	return finish_tests();
}
