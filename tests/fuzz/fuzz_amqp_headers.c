/*
 * fuzz_amqp_headers.c - whatever properties RabbitMQ hands out, a message comes of them, and
 * retries, dead letters and redrives of it
 *
 * The first byte of an input chooses what the rest is:
 *	0	properties as they are on the wire
 *	1	a table of headers as it is on the wire
 *	2	headers of ours, each with a value from the input: a byte that says which, a byte
 *		of the value's type, its length in a byte, and its bytes
 *	3	a message's headers: those may be published, and must come back
 */
#include <stdint.h>
#include <stdlib.h>

#include "amqp/properties.h"
#include "amqp/properties_copy.h"
#include "amqp/properties_in.h"
#include "amqp/stream_sign.h"
#include "amqp/table.h"
#include "engine/dead_letter.h"
#include "message/headers.h"

int	LLVMFuzzerTestOneInput(const uint8_t *data, size_t n);

#define ID	"1764207421000000005-1a2b3c4d"
#define MANY	64

static struct mqs_amqp_properties out;
static struct mqs_amqp_incoming in, again;
static unsigned char wire[1 << 19];

/* A macro, so that the line of what failed is in the trace. */
#define must(holds)	((holds) ? (void)0 : abort())

/* Writes `out' to the wire and reads it again. */
static amqp_basic_properties_t *
send_out(amqp_pool_t *pool)
{
	void *decoded;
	int n = amqp_encode_properties(AMQP_BASIC_CLASS, &out.basic,
	    mqs_amqp_bytes(wire, sizeof(wire)));

	must(n > 0 && (size_t)n <= out.size && out.size <= out.limit);
	must(amqp_decode_properties(AMQP_BASIC_CLASS, pool, mqs_amqp_bytes(wire, (size_t)n),
	    &decoded) == 0);
	return decoded;
}

static void
receive(struct mqs_amqp_incoming *to, const amqp_basic_properties_t *p, amqp_bytes_t key)
{
	struct mqs_error err;

	must(mqs_amqp_properties_read(to, p, key, &err) == MQS_OK);
	must(mqs_message_check(&to->message, &err) == MQS_OK);
}

static void
same_headers(void)
{
	must(again.message.headers_len == in.message.headers_len &&
	    (in.message.headers_len == 0 || memcmp(again.message.headers, in.message.headers,
	    in.message.headers_len) == 0));
}

/* The message that came of the properties keeps its headers in each copy. */
static void
copies(const amqp_basic_properties_t *p, amqp_bytes_t key)
{
	const struct mqs_amqp_retry retry = { .queue = "q", .group = "g", .attempt = 2,
	    .delay = INT64_MAX, .now = INT64_C(1764207421000000000) };
	static const char death[] = "mq-dead-queue\0q\0mq-dead-group\0g\0mq-dead-id\0" ID;
	const struct mqs_amqp_dead dead = { .id = ID, .death = death, .death_len = sizeof(death) };
	const struct mqs_amqp_redrive redrive = { .queue = "q", .group = "g", .id = ID };
	struct mqs_dead_letter letter;
	struct mqs_error err;
	amqp_pool_t pool;

	init_amqp_pool(&pool, 4096);
	must(mqs_amqp_properties_retry(&out, p, &retry, &err) == MQS_OK);
	receive(&again, send_out(&pool), key);
	must(again.message.attempt == 2 && again.waited && again.foreign == in.foreign);
	must(strcmp(again.id, in.id) == 0 && again.message.not_before == in.message.not_before);
	must(in.message.expires == 0 || again.message.expires == in.message.expires);
	if (mqs_headers_get(again.message.headers, again.message.headers_len,
	    "mq-headers-dropped") == NULL && (p->_flags & AMQP_BASIC_USER_ID_FLAG) == 0)
		same_headers();
	must(mqs_amqp_properties_dead(&out, p, &dead, &err) == MQS_OK);
	receive(&again, send_out(&pool), key);
	must(again.message.attempt == 1 && again.message.expires == 0 && !again.waited);
	must(mqs_headers_get(again.message.headers, again.message.headers_len,
	    "mq-headers-dropped") != NULL || mqs_dead_letter_read(&letter, &again.message) == 1);
	must(mqs_amqp_properties_redrive(&out, p, &redrive, &err) == MQS_OK);
	receive(&again, send_out(&pool), key);
	must(strcmp(again.id, ID) == 0);
	empty_amqp_pool(&pool);
}

/* What is kept of it beyond its event is the same. */
static void
keep(const amqp_basic_properties_t *p, amqp_bytes_t key)
{
	struct mqs_amqp_delivery d = { .properties = p, .exchange = key, .routing_key = key,
	    .body = key.bytes, .body_len = key.len, .body_fd = -1 };
	int n = amqp_encode_properties(AMQP_BASIC_CLASS, (void *)(uintptr_t)p,
	    mqs_amqp_bytes(wire, sizeof(wire)));
	struct mqs_amqp_kept *k;
	struct mqs_error err;
	amqp_bytes_t body;

	must(n > 0);
	d.raw_properties = mqs_amqp_bytes(wire, (size_t)n);
	k = mqs_amqp_keep(&d);
	must(k != NULL && mqs_amqp_kept_body(k, &body, &err) == MQS_OK && body.len == key.len &&
	    (key.len == 0 || memcmp(body.bytes, key.bytes, key.len) == 0));
	receive(&again, &k->properties, k->routing_key);
	must(strcmp(again.id, in.id) == 0);
	same_headers();
	if (mqs_amqp_is_sign(k))
		(void)mqs_amqp_is_sign_of(k, "sign");
	mqs_amqp_kept_free(k);
}

/* Publishes the message that came of it, as a program would that copies it to another queue. */
static void
publish(struct mqs_amqp_incoming *from)
{
	struct mqs_amqp_publish how = { .queue = "q", .id = ID, .now = 1, .direct_reply = 1 };
	struct mqs_message *m = &from->message;
	struct mqs_error err;
	amqp_pool_t pool;

	if (mqs_amqp_properties_write(&out, m, &how, &err) != MQS_OK)
		return;
	init_amqp_pool(&pool, 4096);
	receive(&again, send_out(&pool), mqs_amqp_bytes(m->key, m->key_len));
	must(again.message.headers_len == m->headers_len || mqs_headers_get(again.message.headers,
	    again.message.headers_len, "mq-headers-dropped") != NULL);
	must(again.message.expires == m->expires && again.message.not_before == m->not_before);
	empty_amqp_pool(&pool);
}

static void
take(const amqp_basic_properties_t *p, amqp_bytes_t key)
{
	receive(&in, p, key);
	keep(p, key);
	copies(p, key);
	publish(&in);
}

static void
take_wire(const uint8_t *data, size_t n, int whole)
{
	amqp_basic_properties_t p = { ._flags = AMQP_BASIC_HEADERS_FLAG };
	amqp_bytes_t bytes = mqs_amqp_bytes(data, n);
	void *decoded = &p;
	size_t offset = 0;
	amqp_pool_t pool;

	init_amqp_pool(&pool, 4096);
	if (whole ? amqp_decode_properties(AMQP_BASIC_CLASS, &pool, bytes, &decoded) == 0 :
	    amqp_decode_table(bytes, &pool, &p.headers, &offset) == 0)
		take(decoded, mqs_amqp_bytes(data, n < 255 ? n : 255));
	empty_amqp_pool(&pool);
}

static void
take_ours(const uint8_t *data, size_t n)
{
	static const char *const names[] = { "mq-id", "mq-attempt", "mq-expires", "mq-not-before",
	    "mq-headers-dropped", "mq-delay-to", "mq-delay-3", "mq-dead-queue", "mq-dead-group",
	    "mq-dead-id", "mq-h-x-a", "mq-h-", "CC", "x-death", "x-stream-offset", "x-a",
	    "mq-reply-to", "mq-content-type", "mq-more-a", "mq-more-mq-h-x-a" };
	static const char kinds[] = "SxbBsuIilLfdtTDV";
	amqp_table_entry_t e[MANY];
	amqp_basic_properties_t p = { ._flags = AMQP_BASIC_HEADERS_FLAG };
	size_t count = 0, len;

	for (; n >= 3 && count < MANY; count++, data += len, n -= len) {
		const char *name = names[data[0] % (sizeof(names) / sizeof(names[0]))];
		amqp_field_value_t v = { .kind = (uint8_t)kinds[data[1] % (sizeof(kinds) - 1)] };

		len = data[2] < n - 3 ? data[2] : n - 3;
		data += 3;
		n -= 3;
		if (v.kind == 'S' || v.kind == 'x')
			v.value.bytes = mqs_amqp_bytes(data, len);
		else if (v.kind == 't')
			v.value.boolean = len > 0 && *data & 1;
		else
			memcpy(&v.value, data, len < 8 ? len : 8);
		e[count] = (amqp_table_entry_t){ .key = mqs_amqp_text(name), .value = v };
	}
	p.headers = mqs_amqp_table(e, count);
	take(&p, mqs_amqp_text("key"));
}

static void
take_message(const uint8_t *data, size_t n)
{
	struct mqs_amqp_publish how = { .queue = "q", .id = ID, .now = 1 };
	struct mqs_message m = MQS_MESSAGE_INIT;
	struct mqs_error err;
	amqp_pool_t pool;

	m.headers = (const char *)data;
	m.headers_len = n;
	if (n == 0 || mqs_message_check(&m, &err) != MQS_OK ||
	    mqs_amqp_properties_write(&out, &m, &how, &err) != MQS_OK)
		return;
	init_amqp_pool(&pool, 4096);
	receive(&in, send_out(&pool), mqs_amqp_text("key"));
	/* Those of one name come together; otherwise they are the same. */
	must(strcmp(in.id, ID) == 0 && (in.message.headers_len == n || mqs_headers_get(
	    in.message.headers, in.message.headers_len, "mq-headers-dropped") != NULL));
	empty_amqp_pool(&pool);
}

int
LLVMFuzzerTestOneInput(const uint8_t *data, size_t n)
{
	if (n == 0 || n > MQS_AMQP_FRAME_MAX)
		return 0;
	switch (data[0]) {
	case 0:
	case 1:
		take_wire(data + 1, n - 1, data[0] == 0);
		break;
	case 2:
		take_ours(data + 1, n - 1);
		break;
	case 3:
		take_message(data + 1, n - 1);
	}
	return 0;
}
