/*
 * test_settle_socket_format.c - receipts, and what consumers and those who settle say
 */
#include <stdlib.h>
#include <string.h>
#include <unistd.h>

#include "check.h"
#include "engine/settle_socket_format.h"
#include "engine/settle_socket_receipt.h"

static void
test_receipt(void)
{
	struct mqs_settle_token token = mqs_settle_token_new(), other;
	struct mqs_settle_receipt r = { .seq = 0 };
	char buf[MQS_RECEIPT_SIZE], text[MQS_SETTLE_TOKEN_SIZE];
	const char *why = "";

	check_int(mqs_settle_token_pid(token), getpid());
	check(mqs_settle_token_new().value != token.value);
	check_int(mqs_settle_token_parse(mqs_settle_token_format(token, text), 16, &other), 0);
	check_u64(other.value, token.value);
	check_int(mqs_settle_token_parse(text, 15, &other), -1);
	check_int(mqs_settle_token_parse("00000000000000G0", 16, &other), -1);

	mqs_settle_receipt_format("q", "g", "1a2b-00000001", token, 77, UINT64_MAX, buf);
	check(strncmp(buf, "q/g/1a2b-00000001.", 18) == 0);
	check_int(mqs_settle_receipt_parse(buf, &r, &why), 0);
	check_u64(r.token.value, token.value);
	check_u64(r.seq, 77);
	check_u64(r.lease, UINT64_MAX);
	/* An id with a dot in it, and one that is empty. */
	mqs_settle_receipt_format("q", "g", "a.b", token, 1, 2, buf);
	check_int(mqs_settle_receipt_parse(buf, &r, &why), 0);
	mqs_settle_receipt_format("q", "g", "", token, 0, 0, buf);
	check_int(mqs_settle_receipt_parse(buf, &r, &why), 0);
}

static void
test_receipt_longest(void)
{
	char name[MQS_NAME_MAX + 1], id[MQS_ID_SIZE + 10], buf[MQS_RECEIPT_SIZE];
	struct mqs_settle_token token = { UINT64_MAX };
	struct mqs_settle_receipt r;
	const char *why;

	memset(name, 'n', sizeof(name));
	name[MQS_NAME_MAX] = '\0';
	memset(id, '9', sizeof(id));
	id[sizeof(id) - 1] = '\0';
	mqs_settle_receipt_format(name, name, id, token, UINT64_MAX, UINT64_MAX, buf);
	check_int(mqs_settle_receipt_parse(buf, &r, &why), 0);
	check_u64(r.lease, UINT64_MAX);
}

/* A receipt that was cut short names another delivery: it must be none. */
static void
test_receipt_changed(void)
{
	struct mqs_settle_token token = { 0x123456789abcdef0 };
	char good[MQS_RECEIPT_SIZE], bad[MQS_RECEIPT_SIZE];
	struct mqs_settle_receipt r;
	const char *why = NULL;
	size_t n, i;

	mqs_settle_receipt_format("queue", "group", "3:70", token, 0x1234, 0x56, good);
	n = strlen(good);
	for (i = 0; i < n; i++) {
		memcpy(bad, good, n + 1);
		bad[i] = '\0';
		why = NULL;
		check_int(mqs_settle_receipt_parse(bad, &r, &why), -1);
		check(why != NULL);
		memcpy(bad, good, n + 1);
		bad[i] = bad[i] == '5' ? '6' : '5';
		check_int(mqs_settle_receipt_parse(bad, &r, &why), -1);
	}
	(void)snprintf(bad, sizeof(bad), "%s0", good);
	check_int(mqs_settle_receipt_parse(bad, &r, &why), -1);
	check_int(mqs_settle_receipt_parse("q/g/1.2", &r, &why), -1);
	check_int(mqs_settle_receipt_parse("q/g/1", &r, &why), -1);
	check_int(mqs_settle_receipt_parse("", &r, &why), -1);
}

static void
test_request(void)
{
	struct mqs_settlement how = { .verb = MQS_REJECT, .seq = 5, .lease = UINT64_MAX,
	    .delay = -1, .reason = "because", .detail = "" };
	struct mqs_settle_strings strings;
	struct mqs_settle_request_frame r;
	struct mqs_buf b = { 0 };
	long n;
	size_t i;

	check_int(mqs_settle_put_request(&b, 9, &how), 0);
	check_int(mqs_settle_put_request(&b, 10, &(struct mqs_settlement){ .verb = MQS_ACK }), 0);
	n = mqs_settle_get_request(b.p, b.n, &r, &strings);
	if (!check(n > 0))
		return;
	check_u64(r.number, 9);
	check_int(r.how.verb, MQS_REJECT);
	check_u64(r.how.seq, 5);
	check_u64(r.how.lease, UINT64_MAX);
	check_int(r.how.delay, -1);
	check_str(r.how.reason, "because");
	check_str(r.how.detail, "");
	check_int(mqs_settle_get_request(b.p + n, b.n - (size_t)n, &r, &strings), (long)b.n - n);
	check_u64(r.number, 10);
	check_str(r.how.reason, NULL);
	check_str(r.how.detail, NULL);
	for (i = 0; i < (size_t)n; i++)
		check_int(mqs_settle_get_request(b.p, i, &r, &strings), 0);
	mqs_buf_free(&b);
}

static void
test_request_broken(void)
{
	struct mqs_settlement how = { .verb = MQS_RETRY, .reason = "r", .detail = "d" };
	struct mqs_settle_strings strings;
	struct mqs_settle_request_frame r;
	struct mqs_buf b = { 0 };
	char kept;

	check_int(mqs_settle_put_request(&b, 1, &how), 0);
#define BREAK(at, value) \
	kept = b.p[at], b.p[at] = (char)(value), \
	check_int(mqs_settle_get_request(b.p, b.n, &r, &strings), -1), b.p[at] = kept
	BREAK(0, b.p[0] - 1);	/* a frame that ends within its strings */
	BREAK(0, 5);
	BREAK(3, 0x7f);		/* oversized */
	BREAK(8, 0);		/* no verb */
	BREAK(8, MQS_EXTEND + 1);
	BREAK(32, 0x80);	/* a delay below -1 */
	BREAK(33, 200);		/* a reason beyond the end */
	BREAK(35, 0);		/* a NUL in it */
	BREAK(36, 9);
	check(mqs_settle_get_request(b.p, b.n, &r, &strings) > 0);
	mqs_buf_free(&b);
}

static void
test_long_texts(void)
{
	static char longest[MQS_SETTLE_TEXT_MAX + 100];
	struct mqs_settlement how = { .verb = MQS_REJECT, .reason = longest, .detail = longest };
	struct mqs_settle_strings strings;
	struct mqs_settle_request_frame r;
	struct mqs_settle_answer_frame a;
	struct mqs_buf b = { 0 };

	memset(longest, 'x', sizeof(longest) - 1);
	check_int(mqs_settle_put_request(&b, 1, &how), 0);
	check_u64(b.n, MQS_SETTLE_REQUEST_MAX);
	check_int(mqs_settle_get_request(b.p, b.n, &r, &strings), (long)b.n);
	check_u64(strlen(r.how.reason), MQS_SETTLE_TEXT_MAX);
	check_u64(strlen(r.how.detail), MQS_SETTLE_TEXT_MAX);
	b.n = 0;
	check_int(mqs_settle_put_answer(&b, 1, MQS_EIO, longest), 0);
	check_int(mqs_settle_get_answer(b.p, b.n, &a), (long)b.n);
	check_u64(strlen(a.text), MQS_ERROR_TEXT - 1);
	mqs_buf_free(&b);
}

static void
test_answer(void)
{
	struct mqs_settle_answer_frame a;
	struct mqs_buf b = { 0 };
	size_t i;

	check_int(mqs_settle_put_answer(&b, UINT32_MAX, MQS_ESTALE, NULL), 0);
	check_int(mqs_settle_get_answer(b.p, b.n, &a), (long)b.n);
	check_u64(a.number, UINT32_MAX);
	check_int(a.code, MQS_ESTALE);
	check_str(a.text, "");
	for (i = 0; i < b.n; i++)
		check_int(mqs_settle_get_answer(b.p, i, &a), 0);
	b.n = 0;
	check_int(mqs_settle_put_answer(&b, 7, MQS_EIO, "why"), 0);
	check_int(mqs_settle_get_answer(b.p, b.n, &a), (long)b.n);
	check_str(a.text, "why");
	b.p[13] = '\0';
	check_int(mqs_settle_get_answer(b.p, b.n, &a), -1);
	b.p[13] = 'h';
	b.p[8] = 1;		/* a code above 0 */
	b.p[9] = b.p[10] = b.p[11] = 0;
	check_int(mqs_settle_get_answer(b.p, b.n, &a), -1);
	b.p[0] = 3;
	check_int(mqs_settle_get_answer(b.p, b.n, &a), -1);
	mqs_buf_free(&b);
}

static void
test_greeting(void)
{
	size_t i;

	for (i = 0; i < MQS_SETTLE_GREETING_LEN; i++)
		check_int(mqs_settle_get_greeting(MQS_SETTLE_GREETING, i), 0);
	check_int(mqs_settle_get_greeting(MQS_SETTLE_GREETING "x", i + 1), (long)i);
	check_int(mqs_settle_get_greeting("GET / HTTP/1.1", 3), -1);
}

int
main(void)
{
	run_test("a receipt names consumer and delivery", test_receipt);
	run_test("the longest receipt fits", test_receipt_longest);
	run_test("a receipt that was cut or changed is none", test_receipt_changed);
	run_test("a request", test_request);
	run_test("a request that breaks the format", test_request_broken);
	run_test("long texts are cut", test_long_texts);
	run_test("an answer", test_answer);
	run_test("the greeting", test_greeting);
	return finish_tests();
}
