/*
 * fuzz_framing.c - however the input is read, its records are the same
 *
 * An input is 4 bytes that choose delimiter, longest whole record and size of a
 * read, then the stream.  What comes out, pieces joined, is compared with a search
 * from the front; mqs_unescape gets the stream as text.
 */
#include <stdint.h>
#include <stdlib.h>
#include <unistd.h>

#include <sys/mman.h>

#include "message/framing.h"

int	LLVMFuzzerTestOneInput(const uint8_t *data, size_t n);

/* The records that are still to come, by the plain definition. */
struct expected {
	const char	*at, *end;
	const char	*delim;
	size_t		 delim_len;
	uint64_t	 given;
};

static void
must(int holds)
{
	if (!holds)
		abort();
}

/* Where the record at x->at ends: at the next delimiter or the end of the input. */
static const char *
record_end(const struct expected *x)
{
	const char *found = NULL;

	if (x->delim_len > 0 && x->at < x->end)
		found = memmem(x->at, (size_t)(x->end - x->at), x->delim,
		    x->delim_len);
	return found == NULL ? x->end : found;
}

static void
record_done(struct expected *x, const char *p, size_t n)
{
	const char *end = record_end(x);

	must((size_t)(end - x->at) == n && (n == 0 || memcmp(p, x->at, n) == 0));
	/* Nothing follows a last delimiter; an empty input may be one empty record. */
	must(x->at < x->end || (x->delim_len == 0 && x->given == 0));
	x->given++;
	x->at = end;
	if (end < x->end)
		x->at += x->delim_len;
}

/* Takes all that is there; pieces are joined in `joined'. */
static void
take(struct mqs_split *s, struct expected *x, struct mqs_buf *joined, int *inside)
{
	struct mqs_slice piece;
	enum mqs_piece kind;

	while ((kind = mqs_split_next(s, &piece)) != MQS_PIECE_MORE) {
		must(*inside == (kind == MQS_PIECE_NEXT || kind == MQS_PIECE_LAST));
		if (kind == MQS_PIECE_WHOLE) {
			must(s->large == 0 || piece.n <= s->large);
			record_done(x, piece.p, piece.n);
			continue;
		}
		if (mqs_buf_add(joined, piece.p, piece.n) == -1)
			abort();
		*inside = kind != MQS_PIECE_LAST;
		if (*inside)
			continue;
		must(joined->n > s->large);
		record_done(x, joined->p, joined->n);
		joined->n = 0;
	}
}

static void
split_all(struct mqs_split *s, int fd, struct expected *x, int swap)
{
	struct mqs_buf joined = { 0 }, other = { 0 };
	int inside = 0;
	long got;

	do {
		take(s, x, &joined, &inside);
		must(!swap || mqs_split_swap(s, &other) == 0);
		got = mqs_split_fill(s, fd);
		must(got >= 0);
	} while (got > 0);
	take(s, x, &joined, &inside);
	must(!inside && x->at == x->end);
	mqs_buf_free(&joined);
	mqs_buf_free(&other);
}

static void
try_unescape(const uint8_t *data, size_t n)
{
	char *text = malloc(n + 1), out[16];
	const char *why = NULL;
	long len;

	if (text == NULL)
		return;
	if (n > 0)
		memcpy(text, data, n);
	text[n] = '\0';
	len = mqs_unescape(text, out, sizeof(out), &why);
	must(len >= -1 && len <= (long)sizeof(out) && (len >= 0 || why != NULL));
	free(text);
}

int
LLVMFuzzerTestOneInput(const uint8_t *data, size_t n)
{
	static const char *const delims[] = { "", "\n", "ab", "aab", "\0" };
	static const size_t delim_lens[] = { 0, 1, 2, 3, 1 };
	struct expected x;
	struct mqs_split s;
	int fd;

	if (n < 4)
		return 0;
	try_unescape(data + 4, n - 4);
	x = (struct expected){
		.at = (const char *)data + 4, .end = (const char *)data + n,
		.delim = delims[data[0] % 5], .delim_len = delim_lens[data[0] % 5]
	};
	if ((fd = memfd_create("input", MFD_CLOEXEC)) == -1)
		return 0;
	must(write(fd, data + 4, n - 4) == (ssize_t)(n - 4));
	must(lseek(fd, 0, SEEK_SET) == 0);
	mqs_split_init(&s, x.delim, x.delim_len, data[1] % 32, 1 + data[2] % 64);
	split_all(&s, fd, &x, data[0] / 5 % 2);
	mqs_split_free(&s);
	must(close(fd) == 0);
	return 0;
}
