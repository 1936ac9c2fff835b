/*
 * fuzz_record.c - any value is taken apart or refused; what was encoded decodes to the same
 *
 * An input is an id, 8 bytes, and a record.  It is also the fields of one, to be
 * encoded: an error that decoding and encoding have in common shows only there.
 */
#include <stdint.h>
#include <stdlib.h>

#include "message/record.h"

int	LLVMFuzzerTestOneInput(const uint8_t *data, size_t n);

static void
must(int holds)
{
	if (!holds)
		abort();
}

static void
same_bytes(const void *a, size_t a_len, const void *b, size_t b_len)
{
	must(a_len == b_len && (a_len == 0 || memcmp(a, b, a_len) == 0));
}

static void
same(const struct mqs_record *a, const struct mqs_record *b)
{
	const struct mqs_message *m = &a->message, *o = &b->message;
	int large = (a->flags & MQS_RECORD_LARGE) != 0;

	must(large == ((b->flags & MQS_RECORD_LARGE) != 0));
	must(a->ordinal == b->ordinal && m->seq == o->seq && m->time == o->time);
	same_bytes(m->key, m->key_len, o->key, o->key_len);
	same_bytes(m->headers, m->headers_len, o->headers, o->headers_len);
	must((m->message_id == NULL) == (o->message_id == NULL));
	same_bytes(m->message_id, m->message_id_len, o->message_id,
	    o->message_id_len);
	same_bytes(a->only_group, a->only_group_len, b->only_group,
	    b->only_group_len);
	must(m->priority == o->priority && m->not_before == o->not_before &&
	    m->expires == o->expires && m->body_len == o->body_len);
	must(a->blob_name == b->blob_name && a->blob_hash == b->blob_hash);
	if (!large)
		same_bytes(m->body, (size_t)m->body_len, o->body,
		    (size_t)o->body_len);
}

/* Encodes into a block of just the size, for the address sanitizer to guard. */
static void
encode_again(struct mqs_record *r)
{
	size_t size = mqs_record_size(r);
	unsigned char *room = malloc(size);
	struct mqs_record back;
	struct mqs_error err;

	if (room == NULL)
		return;
	mqs_record_encode(r, room, size);
	must(mqs_record_decode(&back, r->message.seq,
	    (struct mqs_slice){ room, size }, 1, &err) == MQS_OK);
	same(r, &back);
	room[r->ordinal % 4] ^= 1;
	must(mqs_record_decode(&back, r->message.seq,
	    (struct mqs_slice){ room, size }, 1, &err) == MQS_EDAMAGED);
	free(room);
}

/* Takes n bytes off the input, or none if there are too few. */
static const char *
take(struct mqs_slice *in, size_t n)
{
	const char *p = in->p;

	if (in->n < n)
		return NULL;
	in->p = p + n;
	in->n -= n;
	return p;
}

static uint64_t
take_number(struct mqs_slice *in)
{
	const char *p = take(in, 8);

	return p == NULL ? 0 : mqs_get_le64(p);
}

/* At most 255 bytes, after their number. */
static const char *
take_short(struct mqs_slice *in, size_t *n)
{
	const char *p = take(in, 1);

	*n = p == NULL ? 0 : (unsigned char)*p;
	if ((p = take(in, *n)) == NULL)
		*n = 0;
	return p;
}

static void
encode_fields(struct mqs_slice in)
{
	static const char headers[] = "name\0value\0other";
	struct mqs_record r = { .message = MQS_MESSAGE_INIT };
	struct mqs_message *m = &r.message;
	uint64_t choice = take_number(&in), behind;

	m->seq = take_number(&in);
	behind = take_number(&in);
	m->time = (int64_t)(m->seq - (behind > m->seq ? 0 : behind));
	r.ordinal = take_number(&in);
	m->key = take_short(&in, &m->key_len);
	m->message_id = take_short(&in, &m->message_id_len);
	r.only_group = take_short(&in, &r.only_group_len);
	m->not_before = (int64_t)take_number(&in);
	m->expires = (int64_t)take_number(&in);
	m->priority = (int)(choice % 10);
	if (choice & 0x100) {
		m->headers = headers;
		m->headers_len = sizeof(headers);
	}
	m->body_len = in.n;
	m->body = in.p;
	if (choice & 0x200) {
		r.flags = MQS_RECORD_LARGE;
		r.blob_name = take_number(&in);
		r.blob_hash = take_number(&in);
		m->body = NULL;
	}
	encode_again(&r);
}

int
LLVMFuzzerTestOneInput(const uint8_t *data, size_t n)
{
	struct mqs_record r;
	struct mqs_error err;
	struct mqs_slice value;
	uint64_t id;

	if (n < 8)
		return 0;
	id = mqs_get_le64(data);
	value = (struct mqs_slice){ data + 8, n - 8 };
	(void)mqs_record_decode(&r, id, value, 1, &err);
	if (mqs_record_decode(&r, id, value, 0, &err) == MQS_OK) {
		must(r.message.priority >= 0 && r.message.priority <= 9);
		must(r.message.headers_len == 0 ||
		    r.message.headers[r.message.headers_len - 1] == '\0');
		encode_again(&r);
	}
	encode_fields((struct mqs_slice){ data, n });
	return 0;
}
