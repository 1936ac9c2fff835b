/* test_bytes.c - growing buffers, and numbers as bytes */
#include <errno.h>

#include "base/bytes.h"
#include "check.h"

static void
test_append(void)
{
	struct mqs_buf buf = { 0 };
	int i;

	for (i = 0; i < 10000; i++) {
		check(mqs_buf_addc(&buf, (char)i) == 0);
		check(mqs_buf_add(&buf, "abc", 3) == 0);
	}
	check_u64(buf.n, 40000);
	check_mem(buf.p + 4 * 77, 4, "\x4d" "abc", 4);
	check_mem(buf.p + 4 * 9999, 4, "\x0f" "abc", 4);
	mqs_buf_free(&buf);
	check(buf.p == NULL && buf.n == 0 && buf.cap == 0);
	mqs_buf_free(&buf);
}

static void
test_nothing(void)
{
	struct mqs_buf buf = { 0 };

	check(mqs_buf_add(&buf, NULL, 0) == 0);
	check_u64(buf.n, 0);
	mqs_buf_drop(&buf, 5);
	check_u64(buf.n, 0);
	mqs_buf_free(&buf);
}

static void
test_formatted(void)
{
	struct mqs_buf buf = { 0 };
	int i;

	for (i = 0; i < 300; i++)
		check(mqs_buf_addf(&buf, "%s=%03d;", "n", i) == 0);
	check_u64(buf.n, 300 * 6);
	check_mem(buf.p, 6, "n=000;", 6);
	check_mem(buf.p + 299 * 6, 6, "n=299;", 6);
	check(mqs_buf_addf(&buf, "%s", "") == 0);
	check_u64(buf.n, 300 * 6);
	/* The NUL has no room where the text fills the buffer. */
	check(mqs_buf_addf(&buf, "%*s", (int)(buf.cap - buf.n), "last") == 0);
	check_mem(buf.p + buf.n - 4, 4, "last", 4);
	buf.n = 300 * 6;
	check_u64(buf.n, 300 * 6);
	mqs_buf_free(&buf);
}

static void
test_drop(void)
{
	struct mqs_buf buf = { 0 };

	check(mqs_buf_add(&buf, "0123456789", 10) == 0);
	mqs_buf_drop(&buf, 0);
	check_mem(buf.p, buf.n, "0123456789", 10);
	mqs_buf_drop(&buf, 4);
	check_mem(buf.p, buf.n, "456789", 6);
	mqs_buf_drop(&buf, 6);
	check_u64(buf.n, 0);
	mqs_buf_free(&buf);
}

static void
test_too_large(void)
{
	struct mqs_buf buf = { 0 };

	check(mqs_buf_add(&buf, "kept", 4) == 0);
	errno = 0;
	check(mqs_buf_reserve(&buf, SIZE_MAX) == -1);
	check_int(errno, ENOMEM);
	check(mqs_buf_reserve(&buf, SIZE_MAX - 4) == -1);
	check(mqs_buf_reserve(&buf, PTRDIFF_MAX) == -1);
	check_mem(buf.p, buf.n, "kept", 4);
	mqs_buf_free(&buf);
}

static void
test_fixed(void)
{
	unsigned char b[8];

	mqs_put_le16(b, 0xfedc);
	check_mem(b, 2, "\xdc\xfe", 2);
	check_u64(mqs_get_le16(b), 0xfedc);
	mqs_put_le32(b, 0xfedcba98);
	check_mem(b, 4, "\x98\xba\xdc\xfe", 4);
	check_u64(mqs_get_le32(b), 0xfedcba98);
	mqs_put_le64(b, UINT64_C(0xfedcba9876543210));
	check_mem(b, 8, "\x10\x32\x54\x76\x98\xba\xdc\xfe", 8);
	check_u64(mqs_get_le64(b), UINT64_C(0xfedcba9876543210));
	mqs_put_be64(b, UINT64_C(0xfedcba9876543210));
	check_mem(b, 8, "\xfe\xdc\xba\x98\x76\x54\x32\x10", 8);
	check_u64(mqs_get_be64(b), UINT64_C(0xfedcba9876543210));
}

static void
test_varint(void)
{
	unsigned char b[MQS_VARINT_MAX];
	const unsigned char *end;
	uint64_t v, back;
	unsigned i;

	for (i = 0; i < 3 * 64; i++) {
		v = (UINT64_C(1) << i / 3) + i % 3 - 1;
		end = mqs_put_varint(b, v);
		check(end > b && end <= b + sizeof(b));
		back = ~v;
		check(mqs_get_varint(b, end, &back) == end);
		check_u64(back, v);
		check(mqs_get_varint(b, end - 1, &back) == NULL);
	}
	check(mqs_put_varint(b, UINT64_MAX) == b + MQS_VARINT_MAX);
	check(mqs_get_varint(b, b + MQS_VARINT_MAX, &back) != NULL);
	check_u64(back, UINT64_MAX);
	memset(b, 0xff, sizeof(b));
	check(mqs_get_varint(b, b + sizeof(b), &back) == NULL);
	check(mqs_get_varint(b, b, &back) == NULL);
}

int
main(void)
{
	run_test("bytes are appended in order", test_append);
	run_test("nothing can be appended to nothing", test_nothing);
	run_test("formatted text is appended without its NUL", test_formatted);
	run_test("bytes are dropped at the front", test_drop);
	run_test("what can't be had leaves the buffer alone", test_too_large);
	run_test("numbers of fixed width", test_fixed);
	run_test("numbers of variable width", test_varint);
	return finish_tests();
}
