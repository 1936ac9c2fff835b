/* test_amqp_properties_room.c - headers that RabbitMQ's frames have no room for */
#include "amqp/properties.h"
#include "amqp/properties_copy.h"
#include "amqp_wire.h"
#include "base/clock.h"
#include "message/headers.h"

#define COUNT(a) (sizeof(a) / sizeof((a)[0]))

static struct mqs_amqp_properties out;

static int
write_with(const struct mqs_message *m, uint32_t frame_max)
{
	const struct mqs_amqp_publish how = { .queue = "orders",
	    .id = "1764207421000000005-1a2b3c4d", .now = 1, .frame_max = frame_max };
	struct mqs_error err;

	return mqs_amqp_properties_write(&out, m, &how, &err);
}

static struct mqs_message
message(const char *headers, size_t len)
{
	struct mqs_message m = MQS_MESSAGE_INIT;

	m.headers = headers;
	m.headers_len = len;
	return m;
}

static void
test_refused(void)
{
	struct mqs_message m;
	struct mqs_buf b = { 0 };
	char name[300];
	int i;

	memset(name, 'n', sizeof(name));
	check_int(mqs_headers_add(&b, name, 255, "", 0), 0);
	m = message(b.p, b.n);
	check_int(write_with(&m, 0), MQS_OK);
	memcpy(name, "x-", 2);
	b.n = 0;
	check_int(mqs_headers_add(&b, name, 250, "", 0), 0);
	m = message(b.p, b.n);
	check_int(write_with(&m, 0), MQS_OK);
	b.n = 0;
	check_int(mqs_headers_add(&b, name, 251, "", 0), 0);
	m = message(b.p, b.n);
	check_int(write_with(&m, 0), MQS_EDATA);

	/* Short ones take more than twice their bytes. */
	for (b.n = 0, i = 0; b.n + 6 < MQS_HEADERS_MAX; i++) {
		(void)snprintf(name, sizeof(name), "%04x", (unsigned)i);
		check_int(mqs_headers_add(&b, name, 4, "", 0), 0);
	}
	m = message(b.p, b.n);
	check_int(write_with(&m, 0), MQS_OK);
	check_int(write_with(&m, 65536), MQS_EDATA);
	mqs_buf_free(&b);
}

static const struct mqs_amqp_retry again = { .queue = "orders", .group = "mail", .attempt = 2,
    .delay = 5 * MQS_SECOND, .now = 1 };

static void
retry(const amqp_basic_properties_t *from)
{
	struct mqs_error err;

	check_int(mqs_amqp_properties_retry(&out, from, &again, &err), MQS_OK);
	check(amqp_encode_properties(AMQP_BASIC_CLASS, &out.basic,
	    mqs_amqp_bytes(wire_bytes, sizeof(wire_bytes))) <= (int)out.size);
}

static void
test_no_room(void)
{
	static char large[130000];
	static amqp_field_value_t deep[100];
	amqp_table_entry_t e[] = { mqs_amqp_entry("a", "1"), mqs_amqp_entry("b", "2"),
	    { mqs_amqp_text("large"), { .kind = 'x', .value.bytes = { 0, large } } },
	    mqs_amqp_entry("c", "3") };
	amqp_basic_properties_t p = { ._flags = AMQP_BASIC_HEADERS_FLAG,
	    .headers = mqs_amqp_table(e, COUNT(e)) };
	struct mqs_amqp_retry how = again;
	struct mqs_error err;
	size_t i;

	/* Just what there is room for, and one byte more. */
	e[2].value.value.bytes.len = MQS_AMQP_FRAME_MAX - MQS_AMQP_HEADROOM - 400;
	retry(&p);
	check_header(&out.basic, "c", "3");
	check_header(&out.basic, "mq-headers-dropped", NULL);
	e[2].value.value.bytes.len = MQS_AMQP_FRAME_MAX - MQS_AMQP_HEADROOM;
	retry(&p);
	check_header(&out.basic, "b", "2");
	check(header(&out.basic, "large") == NULL);
	check_header(&out.basic, "c", NULL);
	check_header(&out.basic, "mq-headers-dropped", "2");
	check_header(&out.basic, "mq-delay-to", "orders/mail");
	check(out.size <= out.limit);

	/* Left out once is left out for good, and said in each copy. */
	e[3] = mqs_amqp_entry("mq-headers-dropped", "5");
	retry(&p);
	check_header(&out.basic, "mq-headers-dropped", "6");

	for (i = 0; i + 1 < COUNT(deep); i++)
		deep[i] = (amqp_field_value_t){ .kind = 'A', .value.array = { 1, &deep[i + 1] } };
	deep[i].kind = 'V';
	e[2] = (amqp_table_entry_t){ mqs_amqp_text("deep"), deep[0] };
	e[3] = mqs_amqp_entry("c", "3");
	retry(&p);
	check_header(&out.basic, "c", "3");
	check(header(&out.basic, "deep") == NULL);
	check_header(&out.basic, "mq-headers-dropped", "1");

	how.frame_max = 256;
	check_int(mqs_amqp_properties_retry(&out, &p, &how, &err), MQS_ECONFIG);
}

int
main(void)
{
	run_test("a message whose headers have no room is refused", test_refused);
	run_test("a copy leaves out what has no room, and counts it", test_no_room);
	mqs_amqp_properties_free(&out);
	return finish_tests();
}
