/*
 * record.c - see record.h for the layout
 *
 * Encoding writes straight into a page of the log, so a body is copied once.  A decoded
 * record points into the map of the file, so nothing is copied.
 */
#include "base/error.h"
#include "base/checksum.h"
#include "message/record.h"

#define LARGE_SIZE	24
#define FIND_IDS	1000000

static unsigned
varint_size(uint64_t v)
{
	unsigned n = 1;

	while (v >= 0x80) {
		v >>= 7;
		n++;
	}
	return n;
}

static unsigned
flags_of(const struct mqs_record *r)
{
	const struct mqs_message *m = &r->message;

	return (m->key_len ? MQS_RECORD_KEY : 0) |
	    (m->headers_len ? MQS_RECORD_HEADERS : 0) |
	    (m->priority ? MQS_RECORD_PRIORITY : 0) |
	    (m->not_before ? MQS_RECORD_NOT_BEFORE : 0) |
	    (m->expires ? MQS_RECORD_EXPIRES : 0) |
	    (m->message_id ? MQS_RECORD_MESSAGE_ID : 0) |
	    (r->only_group_len ? MQS_RECORD_ONLY_GROUP : 0) |
	    (r->flags & MQS_RECORD_LARGE);
}

size_t
mqs_record_size(struct mqs_record *r)
{
	const struct mqs_message *m = &r->message;
	unsigned flags = flags_of(r);
	size_t n;

	r->flags = flags;
	n = MQS_CHECKSUM_SIZE + 1 + varint_size(flags) + varint_size(r->ordinal) +
	    varint_size(m->seq - (uint64_t)m->time);
	if (flags == 0)
		return n + m->body_len;
	if (flags & MQS_RECORD_KEY)
		n += 1 + m->key_len;
	if (flags & MQS_RECORD_HEADERS)
		n += varint_size(m->headers_len) + m->headers_len;
	if (flags & MQS_RECORD_PRIORITY)
		n += 1;
	if (flags & MQS_RECORD_NOT_BEFORE)
		n += 8;
	if (flags & MQS_RECORD_EXPIRES)
		n += 8;
	if (flags & MQS_RECORD_MESSAGE_ID)
		n += 1 + m->message_id_len;
	if (flags & MQS_RECORD_ONLY_GROUP)
		n += 1 + r->only_group_len;
	return n + (flags & MQS_RECORD_LARGE ? LARGE_SIZE : m->body_len);
}

/* A length that fits a byte, and the bytes. */
static unsigned char *
put_short(unsigned char *p, const void *bytes, size_t n)
{
	*p++ = (unsigned char)n;
	memcpy(p, bytes, n);
	return p + n;
}

static unsigned char *
put_options(unsigned char *p, const struct mqs_record *r, unsigned flags)
{
	const struct mqs_message *m = &r->message;

	if (flags & MQS_RECORD_KEY)
		p = put_short(p, m->key, m->key_len);
	if (flags & MQS_RECORD_HEADERS) {
		p = mqs_put_varint(p, m->headers_len);
		memcpy(p, m->headers, m->headers_len);
		p += m->headers_len;
	}
	if (flags & MQS_RECORD_PRIORITY)
		*p++ = (unsigned char)m->priority;
	if (flags & MQS_RECORD_NOT_BEFORE) {
		mqs_put_le64(p, (uint64_t)m->not_before);
		p += 8;
	}
	if (flags & MQS_RECORD_EXPIRES) {
		mqs_put_le64(p, (uint64_t)m->expires);
		p += 8;
	}
	if (flags & MQS_RECORD_MESSAGE_ID)
		p = put_short(p, m->message_id, m->message_id_len);
	if (flags & MQS_RECORD_ONLY_GROUP)
		p = put_short(p, r->only_group, r->only_group_len);
	return p;
}

void
mqs_record_encode(const struct mqs_record *r, void *room, size_t size)
{
	const struct mqs_message *m = &r->message;
	unsigned char *start = room, *p = start + MQS_CHECKSUM_SIZE;
	unsigned flags = r->flags;

	*p++ = MQS_RECORD_VERSION;
	p = mqs_put_varint(p, flags);
	p = mqs_put_varint(p, r->ordinal);
	p = mqs_put_varint(p, m->seq - (uint64_t)m->time);
	if (flags & ~MQS_RECORD_LARGE)
		p = put_options(p, r, flags);
	if (flags & MQS_RECORD_LARGE) {
		mqs_put_le64(p, r->blob_name);
		mqs_put_le64(p + 8, m->body_len);
		mqs_put_le64(p + 16, r->blob_hash);
	} else if (m->body_len != 0)
		memcpy(p, m->body, m->body_len);
	mqs_put_le32(start, mqs_checksum(m->seq, start + MQS_CHECKSUM_SIZE,
	    size - MQS_CHECKSUM_SIZE));
}

/* Takes n bytes off the front of what is left, or returns NULL. */
static const unsigned char *
take(const unsigned char **p, const unsigned char *end, uint64_t n)
{
	const unsigned char *at = *p;

	if ((uint64_t)(end - at) < n)
		return NULL;
	*p = at + n;
	return at;
}

static int
take_short(const unsigned char **p, const unsigned char *end,
    const char **bytes, size_t *n)
{
	const unsigned char *len = take(p, end, 1);

	if (len == NULL)
		return -1;
	*n = *len;
	*bytes = (const char *)take(p, end, *n);
	return *bytes == NULL ? -1 : 0;
}

static int
take_time(const unsigned char **p, const unsigned char *end, int64_t *t)
{
	const unsigned char *at = take(p, end, 8);

	if (at == NULL)
		return -1;
	*t = (int64_t)mqs_get_le64(at);
	return 0;
}

static int
take_headers(const unsigned char **p, const unsigned char *end,
    struct mqs_message *m)
{
	const unsigned char *at;
	uint64_t n;

	if ((at = mqs_get_varint(*p, end, &n)) == NULL)
		return -1;
	*p = at;
	m->headers = (const char *)take(p, end, n);
	m->headers_len = n;
	/* The walkers of headers trust the last NUL. */
	if (m->headers == NULL || n == 0 || m->headers[n - 1] != '\0')
		return -1;
	return 0;
}

static int
take_options(struct mqs_record *r, const unsigned char **p,
    const unsigned char *end)
{
	struct mqs_message *m = &r->message;
	const unsigned char *at;

	if (r->flags & MQS_RECORD_KEY && take_short(p, end, &m->key, &m->key_len))
		return -1;
	if (r->flags & MQS_RECORD_HEADERS && take_headers(p, end, m))
		return -1;
	if (r->flags & MQS_RECORD_PRIORITY) {
		if ((at = take(p, end, 1)) == NULL || *at > 9)
			return -1;
		m->priority = *at;
	}
	if (r->flags & MQS_RECORD_NOT_BEFORE && take_time(p, end, &m->not_before))
		return -1;
	if (r->flags & MQS_RECORD_EXPIRES && take_time(p, end, &m->expires))
		return -1;
	if (r->flags & MQS_RECORD_MESSAGE_ID &&
	    take_short(p, end, &m->message_id, &m->message_id_len))
		return -1;
	if (r->flags & MQS_RECORD_ONLY_GROUP &&
	    take_short(p, end, &r->only_group, &r->only_group_len))
		return -1;
	if (r->flags & MQS_RECORD_LARGE) {
		if ((at = take(p, end, LARGE_SIZE)) == NULL || *p != end)
			return -1;
		r->blob_name = mqs_get_le64(at);
		m->body_len = mqs_get_le64(at + 8);
		r->blob_hash = mqs_get_le64(at + 16);
	}
	return 0;
}

static int
damaged(uint64_t id, const char *why, struct mqs_error *err)
{
	return mqs_fail(err, MQS_EDAMAGED, "message %llu: damaged: %s",
	    (unsigned long long)id, why);
}

int
mqs_record_verify(uint64_t id, struct mqs_slice value)
{
	return value.n >= MQS_CHECKSUM_SIZE + 4 && mqs_get_le32(value.p) == mqs_checksum(id,
	    (const unsigned char *)value.p + MQS_CHECKSUM_SIZE, value.n - MQS_CHECKSUM_SIZE);
}

int
mqs_record_find_id(struct mqs_slice value, uint64_t key, uint64_t least, uint64_t most,
    uint64_t *id)
{
	uint64_t hash, n;
	uint32_t sum;
	unsigned bit;

	if (value.n < MQS_CHECKSUM_SIZE + 4)
		return 0;
	sum = mqs_get_le32(value.p);
	hash = XXH3_64bits((const unsigned char *)value.p + MQS_CHECKSUM_SIZE,
	    value.n - MQS_CHECKSUM_SIZE);
	for (bit = 0; bit < 64; bit++) {
		*id = key ^ UINT64_C(1) << bit;
		if (*id >= least && *id <= most && mqs_checksum_of(*id, hash) == sum)
			return 1;
	}
	for (n = 0; n < FIND_IDS && least <= most && n <= most - least; n++) {
		*id = least + n;
		if (mqs_checksum_of(*id, hash) == sum)
			return 1;
		*id = most - n;
		if (mqs_checksum_of(*id, hash) == sum)
			return 1;
	}
	return 0;
}

/*
 * Field by field: this is on the way of every message that is read, and clearing the
 * whole structure becomes a string instruction that costs more than all of them.
 */
static void
clear(struct mqs_record *r)
{
	struct mqs_message *m = &r->message;

	m->key = m->headers = m->message_id = NULL;
	m->key_len = m->headers_len = m->message_id_len = 0;
	m->body = NULL;
	m->body_len = 0;
	m->body_fd = -1;
	m->large = NULL;
	m->priority = 0;
	m->not_before = m->expires = 0;
	m->id = NULL;
	m->lease = 0;
	m->attempt = 0;
	r->only_group = NULL;
	r->only_group_len = 0;
	r->blob_name = r->blob_hash = 0;
}

int
mqs_record_decode(struct mqs_record *r, uint64_t id, struct mqs_slice value,
    int verify, struct mqs_error *err)
{
	const unsigned char *start = value.p, *p, *end = start + value.n;
	struct mqs_message *m = &r->message;
	uint64_t flags, behind;

	clear(r);
	m->seq = id;
	if (value.n < MQS_CHECKSUM_SIZE + 4)
		return damaged(id, "too short", err);
	if (verify && mqs_get_le32(start) != mqs_checksum(id,
	    start + MQS_CHECKSUM_SIZE, value.n - MQS_CHECKSUM_SIZE))
		return damaged(id, "bad checksum", err);
	if (start[MQS_CHECKSUM_SIZE] != MQS_RECORD_VERSION)
		return mqs_fail(err, MQS_EVERSION,
		    "message %llu: record format %u, this is made for %u",
		    (unsigned long long)id, start[MQS_CHECKSUM_SIZE],
		    MQS_RECORD_VERSION);
	if ((p = mqs_get_varint(start + MQS_CHECKSUM_SIZE + 1, end, &flags)) == NULL ||
	    (p = mqs_get_varint(p, end, &r->ordinal)) == NULL ||
	    (p = mqs_get_varint(p, end, &behind)) == NULL || behind > id)
		return damaged(id, "fields overrun", err);
	if (flags & ~(uint64_t)MQS_RECORD_FLAGS)
		return mqs_fail(err, MQS_EVERSION,
		    "message %llu: has fields of a newer version",
		    (unsigned long long)id);
	r->flags = (unsigned)flags;
	m->time = (int64_t)(id - behind);
	if (flags && take_options(r, &p, end) == -1)
		return damaged(id, "fields overrun", err);
	if (!(flags & MQS_RECORD_LARGE)) {
		m->body = p;
		m->body_len = (uint64_t)(end - p);
	}
	return MQS_OK;
}
