/*
 * framing.c - splits a stream of bytes into records that end in a delimiter
 *
 * buf.p[pos .. buf.n] holds the bytes that were read and not given yet.  No delimiter
 * begins in the first `scanned' of them.  So a record that arrives byte by byte is searched
 * once, not again after each read.  Two reads may cut a delimiter in two; therefore the
 * last delim_len - 1 bytes never count as scanned, and no piece of a large record includes
 * them.
 *
 * Only an unfinished record is copied: mqs_split_fill moves it to the front of the buffer,
 * once, and it stays there until it is complete.
 *
 * A delimiter ends a record and does not begin another: input that ends in a delimiter has
 * no empty record behind it.  Without a delimiter all of the input is one record, even if it
 * is empty; eof becomes SPENT when that record was given, so that it is given once.
 */
#include <errno.h>
#include <string.h>
#include <unistd.h>

#include "message/framing.h"

#define DEFAULT_CHUNK	65536
#define SPENT		2	/* eof: the end of the input was given as well */

void
mqs_split_init(struct mqs_split *split, const char *delim, size_t delim_len,
    size_t large, size_t chunk)
{
	memset(split, 0, sizeof(*split));
	if (delim_len > 0)
		memcpy(split->delim, delim, delim_len);
	split->delim_len = delim_len;
	split->large = large;
	split->chunk = chunk > 0 ? chunk : DEFAULT_CHUNK;
}

long
mqs_split_fill(struct mqs_split *split, int fd)
{
	struct mqs_buf *buf = &split->buf;
	ssize_t n;

	/* A terminal could be read beyond its end. */
	if (split->eof)
		return 0;
	mqs_buf_drop(buf, split->pos);
	split->pos = 0;
	if (mqs_buf_reserve(buf, split->chunk) == -1)
		return -1;
	if ((n = read(fd, buf->p + buf->n, split->chunk)) == -1)
		return -1;
	if (n == 0)
		split->eof = 1;
	buf->n += (size_t)n;
	return (long)n;
}

/* Gives the n bytes at pos, and skips so many more. */
static void
give(struct mqs_split *split, struct mqs_slice *s, size_t n, size_t skip)
{
	s->p = split->buf.p == NULL ? "" : split->buf.p + split->pos;
	s->n = n;
	split->pos += n + skip;
	split->offset += n + skip;
	split->scanned = 0;
}

/* A record ends after n bytes, and a delimiter of `skip' bytes follows. */
static enum mqs_piece
give_end(struct mqs_split *split, struct mqs_slice *s, size_t n, size_t skip)
{
	if (split->in_large) {
		split->in_large = 0;
		give(split, s, n, skip);
		return MQS_PIECE_LAST;
	}
	if (split->large > 0 && n > split->large) {
		/* Its delimiter is found again, at once, as the end of an empty piece. */
		split->in_large = 1;
		give(split, s, n, 0);
		return MQS_PIECE_FIRST;
	}
	give(split, s, n, skip);
	return MQS_PIECE_WHOLE;
}

/* Of a record that does not end yet the first n bytes are there. */
static enum mqs_piece
give_part(struct mqs_split *split, struct mqs_slice *s, size_t n)
{
	if (split->in_large && n > 0) {
		give(split, s, n, 0);
		return MQS_PIECE_NEXT;
	}
	if (!split->in_large && split->large > 0 && n > split->large) {
		split->in_large = 1;
		give(split, s, n, 0);
		return MQS_PIECE_FIRST;
	}
	split->scanned = n;
	return MQS_PIECE_MORE;
}

/* The next delimiter in what has not been scanned, or NULL. */
static const char *
find_delimiter(const struct mqs_split *split)
{
	size_t from = split->pos + split->scanned;

	if (from >= split->buf.n || split->delim_len == 0)
		return NULL;
	if (split->delim_len == 1)
		return memchr(split->buf.p + from, split->delim[0],
		    split->buf.n - from);
	return memmem(split->buf.p + from, split->buf.n - from, split->delim,
	    split->delim_len);
}

/* At the end of the input: what is left is a record. */
static enum mqs_piece
give_rest(struct mqs_split *split, struct mqs_slice *s)
{
	size_t left = split->buf.n - split->pos;
	enum mqs_piece kind;

	if (split->eof == SPENT)
		return MQS_PIECE_MORE;
	if (left == 0 && !split->in_large && split->delim_len > 0)
		return MQS_PIECE_MORE;
	kind = give_end(split, s, left, 0);
	if (kind != MQS_PIECE_FIRST)
		split->eof = SPENT;
	return kind;
}

enum mqs_piece
mqs_split_next(struct mqs_split *split, struct mqs_slice *s)
{
	const char *found;
	size_t left, unsure;

	if ((found = find_delimiter(split)) != NULL)
		return give_end(split, s,
		    (size_t)(found - (split->buf.p + split->pos)), split->delim_len);
	if (split->eof)
		return give_rest(split, s);
	left = split->buf.n - split->pos;
	unsure = split->delim_len > 1 ? split->delim_len - 1 : 0;
	return give_part(split, s, left > unsure ? left - unsure : 0);
}

int
mqs_split_swap(struct mqs_split *split, struct mqs_buf *other)
{
	struct mqs_buf given = split->buf;

	other->n = 0;
	if (given.n > split->pos &&
	    mqs_buf_add(other, given.p + split->pos, given.n - split->pos) == -1)
		return -1;
	split->buf = *other;
	split->pos = 0;
	*other = given;
	return 0;
}

void
mqs_split_free(struct mqs_split *split)
{
	mqs_buf_free(&split->buf);
	split->pos = split->scanned = 0;
}

static int
hex_digit(char c)
{
	if (c >= '0' && c <= '9')
		return c - '0';
	if (c >= 'a' && c <= 'f')
		return c - 'a' + 10;
	if (c >= 'A' && c <= 'F')
		return c - 'A' + 10;
	return -1;
}

/* Resolves the escape whose letter *s is at, and steps over it: the byte, or -1. */
static int
take_escape(const char **s)
{
	int high, low;

	switch (*(*s)++) {
	case 'n':
		return '\n';
	case 't':
		return '\t';
	case 'r':
		return '\r';
	case '0':
		return '\0';
	case '\\':
		return '\\';
	case 'x':
		if ((high = hex_digit((*s)[0])) == -1 ||
		    (low = hex_digit((*s)[1])) == -1)
			return -1;
		*s += 2;
		return high << 4 | low;
	default:
		return -1;
	}
}

long
mqs_unescape(const char *s, char *out, size_t room, const char **why)
{
	size_t n = 0;
	int c;

	while (*s != '\0') {
		c = (unsigned char)*s++;
		if (c == '\\' && (c = take_escape(&s)) == -1) {
			*why = "has an escape that is not \\n \\t \\r \\0 \\\\ or \\xNN";
			return -1;
		}
		if (n == room) {
			*why = "is too long";
			return -1;
		}
		out[n++] = (char)c;
	}
	return (long)n;
}
