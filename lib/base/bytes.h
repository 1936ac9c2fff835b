/* bytes.h - runs of bytes, growing buffers, and numbers as bytes */
#ifndef MQS_BASE_BYTES_H
#define MQS_BASE_BYTES_H

#include <endian.h>
#include <stddef.h>
#include <stdint.h>
#include <string.h>

/* Borrowed bytes. */
struct mqs_slice {
	const void	*p;
	size_t		 n;
};

static inline int
mqs_slice_equal(struct mqs_slice a, struct mqs_slice b)
{
	return a.n == b.n && (a.n == 0 || memcmp(a.p, b.p, a.n) == 0);
}

/* A growing buffer; { 0 } is an empty one. */
struct mqs_buf {
	char	*p;
	size_t	 n;	/* bytes used */
	size_t	 cap;	/* bytes allocated */
};

/* Makes room for `more' bytes after n: 0, or -1 with errno ENOMEM. */
int	mqs_buf_reserve(struct mqs_buf *, size_t more);
/* Appends bytes, one byte, or formatted text: 0, or -1 with errno ENOMEM. */
int	mqs_buf_add(struct mqs_buf *, const void *p, size_t n);
int	mqs_buf_addc(struct mqs_buf *, char c);
int	mqs_buf_addf(struct mqs_buf *, const char *fmt, ...)
	    __attribute__((format(printf, 2, 3)));
/* Drops n bytes at the front. */
void	mqs_buf_drop(struct mqs_buf *, size_t n);
/* Frees the memory; the buffer is empty then, and can be used again. */
void	mqs_buf_free(struct mqs_buf *);

/* Fixed-width numbers: little-endian in records, big-endian in keys. */
static inline void
mqs_put_le16(void *p, uint16_t v)
{
	unsigned char *b = p;

	b[0] = (unsigned char)v;
	b[1] = (unsigned char)(v >> 8);
}

static inline uint16_t
mqs_get_le16(const void *p)
{
	const unsigned char *b = p;

	return (uint16_t)(b[0] | b[1] << 8);
}

static inline void
mqs_put_le32(void *p, uint32_t v)
{
	unsigned char *b = p;

	b[0] = (unsigned char)v;
	b[1] = (unsigned char)(v >> 8);
	b[2] = (unsigned char)(v >> 16);
	b[3] = (unsigned char)(v >> 24);
}

static inline uint32_t
mqs_get_le32(const void *p)
{
	const unsigned char *b = p;

	return (uint32_t)b[0] | (uint32_t)b[1] << 8 | (uint32_t)b[2] << 16 |
	    (uint32_t)b[3] << 24;
}

static inline void
mqs_put_le64(void *p, uint64_t v)
{
	mqs_put_le32(p, (uint32_t)v);
	mqs_put_le32((unsigned char *)p + 4, (uint32_t)(v >> 32));
}

static inline uint64_t
mqs_get_le64(const void *p)
{
	return mqs_get_le32(p) |
	    (uint64_t)mqs_get_le32((const unsigned char *)p + 4) << 32;
}

static inline void
mqs_put_be64(void *p, uint64_t v)
{
	v = htobe64(v);
	memcpy(p, &v, sizeof(v));
}

static inline uint64_t
mqs_get_be64(const void *p)
{
	uint64_t v;

	memcpy(&v, p, sizeof(v));
	return be64toh(v);
}

/* Variable-width numbers (LEB128: 7 bits a byte, low first), 1 to 10 bytes. */
#define MQS_VARINT_MAX	10

/* Writes v at p; returns the byte after it. */
static inline unsigned char *
mqs_put_varint(unsigned char *p, uint64_t v)
{
	while (v >= 0x80) {
		*p++ = (unsigned char)(v | 0x80);
		v >>= 7;
	}
	*p++ = (unsigned char)v;
	return p;
}

/*
 * Reads a number from p, not beyond end; returns the byte after it, or NULL if
 * there is none or it is too long.
 */
static inline const unsigned char *
mqs_get_varint(const unsigned char *p, const unsigned char *end, uint64_t *v)
{
	uint64_t r = 0;
	unsigned shift;

	for (shift = 0; p < end && shift < 64; shift += 7) {
		r |= (uint64_t)(*p & 0x7f) << shift;
		if (!(*p++ & 0x80)) {
			*v = r;
			return p;
		}
	}
	return NULL;
}

#endif
