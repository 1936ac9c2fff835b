/* test_amqp_properties_copy.c - retries, dead letters and redrives on RabbitMQ */
#include <stdlib.h>

#include "amqp/properties.h"
#include "amqp/properties_copy.h"
#include "amqp/properties_in.h"
#include "amqp_wire.h"
#include "base/clock.h"
#include "engine/dead_letter.h"
#include "message/headers.h"

#define ID	"1764207421000000005-1a2b3c4d"
#define OTHER	"1764207421000000009-1a2b3c4d"
#define NOW	INT64_C(1764207421000000000)
#define COUNT(a) (sizeof(a) / sizeof((a)[0]))

static struct mqs_amqp_properties out;
static struct mqs_amqp_incoming in;
static const amqp_basic_properties_t *got;

static const struct mqs_amqp_retry again = { .queue = "orders", .group = "mail", .attempt = 2,
    .delay = 5 * MQS_SECOND, .now = NOW };

/*
 * Takes `out' as the broker hands it out: into `in', and into `got', which is good until the
 * call after the next one.
 */
static void
receive(void)
{
	static amqp_pool_t pools[2];
	static unsigned calls;
	amqp_pool_t *pool = &pools[calls % 2];
	struct mqs_error err;

	if (calls++ < 2)
		init_amqp_pool(pool, 4096);
	else
		recycle_amqp_pool(pool);
	if ((got = over_the_wire(pool, &out.basic)) == NULL)
		return;
	check(out.size >= (size_t)amqp_encode_properties(AMQP_BASIC_CLASS, &out.basic,
	    mqs_amqp_bytes(wire_bytes, sizeof(wire_bytes))));
	check_int(mqs_amqp_properties_read(&in, got, mqs_amqp_text("k"), &err), MQS_OK);
	check_int(mqs_message_check(&in.message, &err), MQS_OK);
}

static void
retry(const amqp_basic_properties_t *from, const struct mqs_amqp_retry *how)
{
	struct mqs_error err;

	if (check_int(mqs_amqp_properties_retry(&out, from, how, &err), MQS_OK))
		receive();
	else
		printf("# %s\n", err.text);
}

/* A message of ours as it was published. */
static void
publish(const struct mqs_message *m)
{
	const struct mqs_amqp_publish how = { .queue = "orders", .id = ID, .now = NOW };
	struct mqs_error err;

	check_int(mqs_amqp_properties_write(&out, m, &how, &err), MQS_OK);
	receive();
}

static void
test_retry_ours(void)
{
	struct mqs_message m = MQS_MESSAGE_INIT;
	struct mqs_amqp_retry third = again;

	m.headers = "a\0b\0x-c\0d\0mq-id\0e";
	m.headers_len = sizeof("a\0b\0x-c\0d\0mq-id\0e");
	m.message_id = "mine";
	m.message_id_len = 4;
	m.expires = NOW + 60 * MQS_SECOND;
	m.not_before = NOW - 1;
	publish(&m);
	retry(got, &again);
	check_str(out.exchange, "mq.delay.2");
	check_header(&out.basic, "mq-delay-to", "orders/mail");
	check_header(&out.basic, "mq-delay-2", "1");
	check((out.basic._flags & AMQP_BASIC_EXPIRATION_FLAG) == 0);
	check_str(in.message.id, ID);
	check_mem(in.message.message_id, in.message.message_id_len, "mine", 4);
	check_u64(in.message.attempt, 2);
	check_int(in.message.expires, m.expires);
	check_int(in.message.not_before, m.not_before);
	check_mem(in.message.headers, in.message.headers_len, m.headers, m.headers_len);

	/* The copy fails, too: nothing of the first retry is left. */
	third.attempt = 3;
	third.delay = 0;
	retry(got, &third);
	check_str(out.exchange, "mq.delay.out");
	check_header(&out.basic, "mq-delay-2", NULL);
	check_u64(in.message.attempt, 3);
	check_int(in.message.expires, m.expires);
	check_mem(in.message.headers, in.message.headers_len, m.headers, m.headers_len);
	check_int(out.basic.headers.num_entries, 3 + 4 + 1);
}

/* What another client sent stays as it was. */
static void
test_retry_foreign(void)
{
	amqp_field_value_t cc[] = { mqs_amqp_string("other.key") };
	amqp_table_entry_t e[] = {
		mqs_amqp_entry_number("n", 5), { mqs_amqp_text("CC"), { .kind = 'A',
		    .value.array = { 1, cc } } },
		{ mqs_amqp_text("x-death"), { .kind = 'A' } }, mqs_amqp_entry("x-trace", "t"),
		mqs_amqp_entry("x-first-death-queue", "q"), mqs_amqp_entry("mq-delay-3", "1"),
		mqs_amqp_entry_number("mq-attempt", 7)
	};
	amqp_basic_properties_t p = { ._flags = AMQP_BASIC_HEADERS_FLAG | AMQP_BASIC_TYPE_FLAG |
	    AMQP_BASIC_USER_ID_FLAG | AMQP_BASIC_EXPIRATION_FLAG | AMQP_BASIC_CORRELATION_ID_FLAG |
	    AMQP_BASIC_DELIVERY_MODE_FLAG | AMQP_BASIC_PRIORITY_FLAG | AMQP_BASIC_TIMESTAMP_FLAG };
	const amqp_field_value_t *v;

	p.headers = mqs_amqp_table(e, COUNT(e));
	p.delivery_mode = 1;
	p.priority = 4;
	p.timestamp = 17;
	p.type = mqs_amqp_text("order");
	p.user_id = mqs_amqp_text("guest");
	p.expiration = mqs_amqp_text("60000");
	p.correlation_id = mqs_amqp_text("c");
	retry(&p, &again);
	check_int(out.basic._flags, AMQP_BASIC_HEADERS_FLAG | AMQP_BASIC_TYPE_FLAG |
	    AMQP_BASIC_CORRELATION_ID_FLAG | AMQP_BASIC_DELIVERY_MODE_FLAG |
	    AMQP_BASIC_PRIORITY_FLAG | AMQP_BASIC_TIMESTAMP_FLAG);
	check_int(in.message.priority, 4);
	check_int(in.message.time, 17 * MQS_SECOND);
	check_int(out.basic.delivery_mode, 2);
	check_bytes(out.basic.type, "order");
	v = header(&out.basic, "n");
	check(v != NULL && v->kind == AMQP_FIELD_KIND_I64 && v->value.i64 == 5);
	v = header(&out.basic, "mq-h-CC");
	check(v != NULL && v->kind == AMQP_FIELD_KIND_ARRAY);
	check(header(&out.basic, "CC") == NULL);
	check(header(&out.basic, "x-death") == NULL);
	check(header(&out.basic, "x-first-death-queue") == NULL);
	check(header(&out.basic, "mq-delay-3") == NULL);
	check_header(&out.basic, "x-trace", "t");
	check_int(in.message.expires, NOW + 60 * MQS_SECOND);
	check_u64(in.message.attempt, 2);
	check(in.foreign);
	check_run(in.message.headers, in.message.headers_len, "n\0" "5\0CC\0other.key\0"
	    "x-trace\0t\0mq-correlation-id\0c\0mq-type\0order");

	p._flags = AMQP_BASIC_EXPIRATION_FLAG;
	p.expiration = mqs_amqp_text("99999999999999999999");
	retry(&p, &again);
	check_int(in.message.expires, 0);
	p._flags = 0;
	retry(&p, &again);
	check_u64(in.message.headers_len, 0);
}

static void
make_death(struct mqs_buf *b, const char *id, const char *reason)
{
	const struct mqs_death death = { .queue = "orders", .group = "mail", .id = id,
	    .reason = reason, .attempts = 5, .time = NOW };
	const struct mqs_message empty = MQS_MESSAGE_INIT;

	b->n = 0;
	check_int(mqs_dead_letter_headers(b, &empty, &death), 0);
}

static void
test_dead_and_back(void)
{
	const struct mqs_amqp_redrive back = { .queue = "orders", .group = "mail", .id = ID };
	struct mqs_message m = MQS_MESSAGE_INIT;
	struct mqs_buf death = { 0 };
	struct mqs_amqp_dead how = { .id = OTHER };
	struct mqs_dead_letter l;
	struct mqs_error err;

	m.headers = "a\0b\0mq-dead-queue\0older\0mq-dead-id\0" "17";
	m.headers_len = sizeof("a\0b\0mq-dead-queue\0older\0mq-dead-id\0" "17");
	m.message_id = "mine";
	m.message_id_len = 4;
	m.expires = m.not_before = NOW + 60 * MQS_SECOND;
	publish(&m);
	make_death(&death, ID, "exit 1");
	how.death = death.p;
	how.death_len = death.n;
	check_int(mqs_amqp_properties_dead(&out, got, &how, &err), MQS_OK);
	check(out.exchange == NULL);
	receive();
	check_str(in.message.id, OTHER);
	check(in.message.message_id == NULL);
	check_u64(in.message.attempt, 1);
	check_int(in.message.expires, 0);
	check_int(in.message.not_before, 0);
	check(!in.waited);
	check_int(mqs_dead_letter_read(&l, &in.message), 1);
	check_str(l.queue, "orders");
	check_str(l.group, "mail");
	check_str(l.id, ID);
	check_str(l.reason, "exit 1");
	check_header(&out.basic, "mq-dead-reason", "exit 1");

	check_int(mqs_amqp_properties_redrive(&out, got, &back, &err), MQS_OK);
	check_str(out.exchange, "mq.delay.out");
	check_header(&out.basic, "mq-delay-to", "orders/mail");
	receive();
	check_str(in.message.id, ID);
	check_mem(in.message.headers, in.message.headers_len, m.headers, m.headers_len);
	mqs_buf_free(&death);
}

/* A dead letter that dies again, in another queue: the last death counts. */
static void
test_dead_twice(void)
{
	struct mqs_message m = MQS_MESSAGE_INIT;
	struct mqs_buf death = { 0 };
	struct mqs_amqp_dead how = { .id = OTHER };
	struct mqs_dead_letter l;
	struct mqs_error err;

	publish(&m);
	make_death(&death, ID, "first");
	how.death = death.p;
	how.death_len = death.n;
	check_int(mqs_amqp_properties_dead(&out, got, &how, &err), MQS_OK);
	receive();
	make_death(&death, OTHER, "second");
	how.death = death.p;
	how.death_len = death.n;
	how.id = ID;
	check_int(mqs_amqp_properties_dead(&out, got, &how, &err), MQS_OK);
	receive();
	check_int(mqs_dead_letter_read(&l, &in.message), 1);
	check_str(l.id, OTHER);
	check_str(l.reason, "second");
	check_header(got, "mq-dead-reason", "second");
	check_header(got, "mq-h-mq-dead-reason", "first");
	check_str(mqs_headers_get(in.message.headers, in.message.headers_len, "mq-dead-reason"),
	    "first");
	mqs_buf_free(&death);
}

static void
test_redrive_foreign(void)
{
	struct mqs_amqp_redrive back = { .queue = "orders", .group = "mail", .id = "-" };
	amqp_table_entry_t e[] = { mqs_amqp_entry("mq-id", OTHER), mqs_amqp_entry("a", "b"),
	    mqs_amqp_entry("mq-dead-id", "-") };
	amqp_basic_properties_t p = { ._flags = AMQP_BASIC_HEADERS_FLAG,
	    .headers = mqs_amqp_table(e, 3) };
	struct mqs_error err;

	check_int(mqs_amqp_properties_redrive(&out, &p, &back, &err), MQS_OK);
	receive();
	check_str(in.message.id, OTHER);
	check_run(in.message.headers, in.message.headers_len, "a\0b");
}

int
main(void)
{
	run_test("a retry of a message of ours, and its retry", test_retry_ours);
	run_test("a retry of another client's message", test_retry_foreign);
	run_test("a dead letter, and the message again", test_dead_and_back);
	run_test("a dead letter that dies again", test_dead_twice);
	run_test("a message without an id of ours is redriven", test_redrive_foreign);
	mqs_amqp_properties_free(&out);
	mqs_amqp_incoming_free(&in);
	return finish_tests();
}
