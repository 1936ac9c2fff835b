/*
 * fuzz_settle_socket.c - any bytes as what a consumer, or one who settles, is sent
 *
 * What is accepted is written as the same bytes.  A frame that is whole is found whatever
 * follows it, and is not found when it is cut.
 */
#include <stdint.h>
#include <stdlib.h>
#include <string.h>

#include "engine/settle_socket_format.h"
#include "engine/settle_socket_receipt.h"

int	LLVMFuzzerTestOneInput(const uint8_t *data, size_t size);

static void
must_be(int holds)
{
	if (!holds)
		abort();
}

static void
requests(const uint8_t *p, size_t n)
{
	static struct mqs_settle_strings strings;
	struct mqs_settle_request_frame r;
	struct mqs_buf b = { 0 };
	long length;

	while ((length = mqs_settle_get_request(p, n, &r, &strings)) > 0) {
		must_be((size_t)length <= n && (size_t)length <= MQS_SETTLE_REQUEST_MAX);
		b.n = 0;
		must_be(mqs_settle_put_request(&b, r.number, &r.how) == 0);
		must_be(b.n == (size_t)length && memcmp(b.p, p, b.n) == 0);
		must_be(mqs_settle_get_request(p, (size_t)length - 1, &r, &strings) == 0);
		p += length;
		n -= (size_t)length;
	}
	mqs_buf_free(&b);
}

static void
answers(const uint8_t *p, size_t n)
{
	struct mqs_settle_answer_frame a;
	struct mqs_buf b = { 0 };
	long length;

	while ((length = mqs_settle_get_answer(p, n, &a)) > 0) {
		must_be((size_t)length <= n && (size_t)length <= MQS_SETTLE_ANSWER_MAX);
		b.n = 0;
		must_be(mqs_settle_put_answer(&b, a.number, a.code, a.text) == 0);
		must_be(b.n == (size_t)length && memcmp(b.p, p, b.n) == 0);
		must_be(mqs_settle_get_answer(p, (size_t)length - 1, &a) == 0);
		p += length;
		n -= (size_t)length;
	}
	mqs_buf_free(&b);
}

static void
receipt(const uint8_t *p, size_t n)
{
	struct mqs_settle_receipt r;
	const char *why = NULL;
	char *text = malloc(n + 1);

	must_be(text != NULL);
	if (n > 0)
		memcpy(text, p, n);
	text[n] = '\0';
	must_be(mqs_settle_receipt_parse(text, &r, &why) == 0 || why != NULL);
	free(text);
}

int
LLVMFuzzerTestOneInput(const uint8_t *data, size_t size)
{
	uint8_t *copy;
	size_t n;

	if (size == 0)
		return 0;
	n = size - 1;
	must_be((copy = malloc(n == 0 ? 1 : n)) != NULL);
	memcpy(copy, data + 1, n);	/* so that reading beyond it is seen */
	if (data[0] % 3 == 0)
		requests(copy, n);
	else if (data[0] % 3 == 1)
		answers(copy, n);
	else
		receipt(copy, n);
	if (n > 0)
		(void)mqs_settle_get_greeting(copy, n);
	free(copy);
	return 0;
}
