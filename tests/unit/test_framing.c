/* test_framing.c - records out of a stream, whatever its reads and pieces are */
#include <sys/mman.h>

#include <errno.h>
#include <fcntl.h>
#include <stdlib.h>
#include <unistd.h>

#include "check.h"
#include "message/framing.h"

#define ROOM	65536

/* What came out: each record followed by its length, so that nothing can hide. */
struct log {
	struct mqs_buf	 text;
	struct mqs_buf	 record;	/* the one in pieces */
	size_t		 records;
	int		 inside;
};

static void
end_record(struct log *log)
{
	check(mqs_buf_addf(&log->text, "%zu:", log->record.n) == 0);
	check(mqs_buf_add(&log->text, log->record.p, log->record.n) == 0);
	log->record.n = 0;
	log->records++;
}

static void
take(struct log *log, enum mqs_piece kind, struct mqs_slice s, size_t large)
{
	check(log->inside == (kind == MQS_PIECE_NEXT || kind == MQS_PIECE_LAST));
	check(mqs_buf_add(&log->record, s.p, s.n) == 0);
	if (kind == MQS_PIECE_WHOLE) {
		check(large == 0 || s.n <= large);
		end_record(log);
	} else if (kind == MQS_PIECE_LAST) {
		check(log->record.n > large);
		end_record(log);
	}
	log->inside = kind == MQS_PIECE_FIRST || kind == MQS_PIECE_NEXT;
}

static int
open_input(const void *p, size_t n)
{
	int fd = memfd_create("input", MFD_CLOEXEC);

	if (!check(fd != -1 && write(fd, p, n) == (ssize_t)n && lseek(fd, 0, SEEK_SET) == 0))
		exit(1);
	return fd;
}

/*
 * Splits as a tool does; `every': takes records after so many fills only, and every
 * other time goes on in another buffer.
 */
static void
split_all(struct log *log, const void *p, size_t n, struct mqs_slice delim, size_t large,
    size_t chunk, unsigned every)
{
	struct mqs_split split;
	struct mqs_buf other = { 0 };
	struct mqs_slice s;
	enum mqs_piece kind;
	unsigned fills = 0;
	int fd = open_input(p, n);

	memset(log, 0, sizeof(*log));
	mqs_split_init(&split, delim.p, delim.n, large, chunk);
	while (!split.eof) {
		if (!check(mqs_split_fill(&split, fd) >= 0))
			break;
		if (++fills % every != 0 && !split.eof)
			continue;
		while ((kind = mqs_split_next(&split, &s)) != MQS_PIECE_MORE)
			take(log, kind, s, large);
		if (fills / every % 2 != 0)
			check_int(mqs_split_swap(&split, &other), 0);
	}
	check_int(mqs_split_next(&split, &s), MQS_PIECE_MORE);
	check_int(mqs_split_fill(&split, fd), 0);
	check_int(mqs_split_next(&split, &s), MQS_PIECE_MORE);
	check(!log->inside);
	check_u64(split.offset, n);
	mqs_split_free(&split);
	mqs_buf_free(&other);
	(void)close(fd);
}

/* The same by the simplest means. */
static void
split_simply(struct log *log, const char *p, size_t n, struct mqs_slice delim)
{
	const char *end = p + n, *found;

	memset(log, 0, sizeof(*log));
	if (delim.n == 0) {
		check(mqs_buf_add(&log->record, p, n) == 0);
		end_record(log);
		return;
	}
	while (p < end) {
		found = memmem(p, (size_t)(end - p), delim.p, delim.n);
		check(mqs_buf_add(&log->record, p,
		    (size_t)((found == NULL ? end : found) - p)) == 0);
		end_record(log);
		p = found == NULL ? end : found + delim.n;
	}
}

static void
free_log(struct log *log)
{
	mqs_buf_free(&log->text);
	mqs_buf_free(&log->record);
}

static void
check_split(const char *p, size_t n, const char *delim, size_t large, size_t chunk,
    unsigned every)
{
	struct mqs_slice d = { delim, strlen(delim) };
	struct log have, want;

	split_all(&have, p, n, d, large, chunk, every);
	split_simply(&want, p, n, d);
	if (!check_mem(have.text.p, have.text.n, want.text.p, want.text.n))
		printf("# input \"%.*s\" delimiter \"%s\" large %zu chunk %zu: \"%.*s\"\n",
		    (int)n, p, delim, large, chunk, (int)have.text.n, have.text.p);
	free_log(&have);
	free_log(&want);
}

static void
test_all_ways(void)
{
	static const char *const inputs[] = { "", "a", "\n", "a\n", "\n\n", "a\nb", "a\nb\n",
	    "\na", "abc\n\ndef\n", "aXYbXYc", "aXXYb", "XY", "XYXY", "aX", "aXYX", "XXXYXXY",
	    "aaaaaaaaaaXYbbbbbbbbbbXY", "ababab", "abaababaabab", "longerthanmostXYshort",
	    "0123456789012345678901234567890123456789\n0123\n" };
	static const char *const delims[] = { "\n", "XY", "XXY", "ab", "abab", "" };
	size_t i, d, large, chunk;
	unsigned every;

	for (i = 0; i < sizeof(inputs) / sizeof(inputs[0]); i++)
		for (d = 0; d < sizeof(delims) / sizeof(delims[0]); d++)
			for (large = 0; large <= 12; large++)
				for (chunk = 1; chunk <= 30; chunk += chunk < 8 ? 1 : 7)
					for (every = 1; every <= 3; every++)
						check_split(inputs[i], strlen(inputs[i]),
						    delims[d], large, chunk, every);
}

static void
test_random(void)
{
	static const char *const delims[] = { "\n", "ab", "aab", "aa", "" };
	char input[400];
	unsigned seed, x;
	size_t i, n;

	for (seed = 1; seed <= 600; seed++) {
		for (x = seed * 2654435761u, n = x % sizeof(input), i = 0; i < n; i++) {
			x = x * 1103515245u + 12345u;
			input[i] = "aab\n"[x >> 24 & 3];
		}
		check_split(input, n, delims[seed % 5], seed % 17, 1 + seed % 40, 1 + seed % 2);
	}
}

static void
test_binary(void)
{
	struct log log;
	struct mqs_slice nul = { "", 1 };

	split_all(&log, "a\0\0b\n\xff\0", 7, nul, 0, 3, 1);
	check_mem(log.text.p, log.text.n, "1:a0:3:b\n\xff", 10);
	free_log(&log);
}

static void
test_one_record(void)
{
	struct mqs_slice none = { "", 0 };
	struct log log;

	split_all(&log, "", 0, none, 0, 10, 1);
	check_u64(log.records, 1);
	check_mem(log.text.p, log.text.n, "0:", 2);
	free_log(&log);
	split_all(&log, "", 0, none, 5, 10, 1);
	check_u64(log.records, 1);
	free_log(&log);
	split_all(&log, "12345\n", 6, none, 6, 2, 1);
	check_mem(log.text.p, log.text.n, "6:12345\n", 8);
	free_log(&log);
}

/* What is there is given at once; what is not complete is looked at once. */
static void
test_slow(void)
{
	struct mqs_split split;
	struct mqs_slice s;
	int ends[2], i;

	if (!check(pipe2(ends, O_NONBLOCK) == 0))
		return;
	mqs_split_init(&split, "XYZ", 3, 0, 4096);
	check_int(mqs_split_fill(&split, ends[0]), -1);
	check_int(errno, EAGAIN);
	for (i = 1; i <= 10000; i++) {
		check(write(ends[1], "a", 1) == 1);
		check_int(mqs_split_fill(&split, ends[0]), 1);
		check_int(mqs_split_next(&split, &s), MQS_PIECE_MORE);
		check_u64(split.scanned, i > 2 ? i - 2 : 0);
		check_u64(split.pos, 0);
	}
	check(write(ends[1], "XY", 2) == 2);
	check_int(mqs_split_fill(&split, ends[0]), 2);
	check_int(mqs_split_next(&split, &s), MQS_PIECE_MORE);
	check(write(ends[1], "Zb", 2) == 2);
	check_int(mqs_split_fill(&split, ends[0]), 2);
	check_int(mqs_split_next(&split, &s), MQS_PIECE_WHOLE);
	check_u64(s.n, 10000);
	check_u64(split.offset, 10003);
	check_int(mqs_split_next(&split, &s), MQS_PIECE_MORE);
	(void)close(ends[1]);
	check_int(mqs_split_fill(&split, ends[0]), 0);
	check_int(mqs_split_next(&split, &s), MQS_PIECE_WHOLE);
	check_mem(s.p, s.n, "b", 1);
	check_int(mqs_split_next(&split, &s), MQS_PIECE_MORE);
	mqs_split_free(&split);
	(void)close(ends[0]);
}

/* Memory does not grow with a record that comes in pieces. */
static void
test_large(void)
{
	struct mqs_split split;
	struct mqs_slice s;
	enum mqs_piece kind;
	static char zeros[ROOM];
	size_t sum = 0;
	int fd, i;

	fd = open_input("", 0);
	for (i = 0; i < 64; i++)
		check(write(fd, zeros, sizeof(zeros)) == sizeof(zeros));
	check(write(fd, "\nend\n", 5) == 5 && lseek(fd, 0, SEEK_SET) == 0);
	mqs_split_init(&split, "\n", 1, 2 * ROOM, ROOM);
	while (!split.eof) {
		check(mqs_split_fill(&split, fd) >= 0);
		while ((kind = mqs_split_next(&split, &s)) != MQS_PIECE_MORE) {
			if (kind == MQS_PIECE_WHOLE)
				check_mem(s.p, s.n, "end", 3);
			else
				sum += s.n;
		}
	}
	check_u64(sum, 64 * ROOM);
	check(split.buf.cap <= 4 * ROOM);
	mqs_split_free(&split);
	(void)close(fd);
}

static void
test_swap(void)
{
	struct mqs_split split;
	struct mqs_buf other = { 0 };
	struct mqs_slice one, two;
	int ends[2];

	if (!check(pipe(ends) == 0))
		return;
	mqs_split_init(&split, "\n", 1, 0, 64);
	check_int(write(ends[1], "one\ntw", 6), 6);
	check_int(mqs_split_fill(&split, ends[0]), 6);
	check_int(mqs_split_next(&split, &one), MQS_PIECE_WHOLE);
	check_int(mqs_split_next(&split, &two), MQS_PIECE_MORE);
	check_int(mqs_split_swap(&split, &other), 0);
	check_int(write(ends[1], "o\n", 2), 2);
	check_int(mqs_split_fill(&split, ends[0]), 2);
	check_int(mqs_split_next(&split, &two), MQS_PIECE_WHOLE);
	check_mem(one.p, one.n, "one", 3);
	check_mem(two.p, two.n, "two", 3);
	check(one.p == other.p);
	mqs_split_free(&split);
	mqs_buf_free(&other);
	(void)close(ends[0]);
	(void)close(ends[1]);
}

static void
test_errors(void)
{
	struct mqs_split split;
	struct mqs_slice s;
	int fd = open("/", O_RDONLY | O_CLOEXEC);

	mqs_split_init(&split, "\n", 1, 0, 0);
	check_int(mqs_split_fill(&split, fd), -1);
	check_int(errno, EISDIR);
	check_int(mqs_split_fill(&split, -1), -1);
	check_int(errno, EBADF);
	check_int(mqs_split_next(&split, &s), MQS_PIECE_MORE);
	mqs_split_free(&split);
	(void)close(fd);
}

static void
test_unescape(void)
{
	static const char *const bad[] = { "\\", "a\\", "\\q", "\\x", "\\x1", "\\xg0", "\\x0g",
	    "\\X41", "\\1" };
	const char *why;
	char out[16];
	size_t i;

	check_int(mqs_unescape("", out, sizeof(out), &why), 0);
	check_int(mqs_unescape("ab", out, sizeof(out), &why), 2);
	check_mem(out, 2, "ab", 2);
	check_int(mqs_unescape("\\n\\t\\r\\0\\\\\\x00\\x4a\\xFf\\x410", out, sizeof(out), &why),
	    10);
	check_mem(out, 10, "\n\t\r\0\\\0J\xff" "A0", 10);
	for (i = 0; i < sizeof(bad) / sizeof(bad[0]); i++) {
		why = NULL;
		check_int(mqs_unescape(bad[i], out, sizeof(out), &why), -1);
		check(why != NULL);
	}
	check_int(mqs_unescape("0123456789abcdef", out, sizeof(out), &why), 16);
	check_int(mqs_unescape("0123456789abcdefg", out, sizeof(out), &why), -1);
	check_str(why, "is too long");
}

int
main(void)
{
	run_test("short inputs in all ways", test_all_ways);
	run_test("random inputs", test_random);
	run_test("bytes of all kinds", test_binary);
	run_test("without delimiter the input is one record, even if empty", test_one_record);
	run_test("a slow long record is looked at once", test_slow);
	run_test("a large record needs little memory", test_large);
	run_test("what was given stays while the next is read elsewhere", test_swap);
	run_test("errors of reading", test_errors);
	run_test("escapes", test_unescape);
	return finish_tests();
}
