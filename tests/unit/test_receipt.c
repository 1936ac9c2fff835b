/* test_receipt.c - the embedded engine's receipts */
#include <string.h>

#include "embedded/receipt.h"
#include "check.h"

static void
test_receipts(void)
{
	static const char *const bad[] = { "", "a", "a/b", "a/b/", "a/b/1", "a/b/1.",
	    "a/b/.2", "a/b/1.2.3", "a/b/1.2 ", " a/b/1.2", "a/b/-1.2", "a//1.2", "/b/1.2",
	    "a/b/c/1.2", "a/b/18446744073709551616.1", "a/b/1.0x2", "..//b/1.2" };
	char buf[MQS_RECEIPT_SIZE], n95[96];
	struct mqs_receipt r;
	const char *why;
	size_t i;

	memset(n95, 'n', 95);
	n95[95] = '\0';
	check_str(mqs_receipt_format("q.1", "g.2", 12, 34, buf), "q.1/g.2/12.34");
	check_int(mqs_receipt_parse(buf, &r, &why), 0);
	check_str(r.queue, "q.1");
	check_str(r.group, "g.2");
	check_u64(r.id, 12);
	check_u64(r.lease, 34);
	check(strlen(mqs_receipt_format(n95, n95, UINT64_MAX, UINT64_MAX, buf)) <
	    MQS_RECEIPT_SIZE);
	check_int(mqs_receipt_parse(buf, &r, &why), 0);
	check_str(r.group, n95);
	check_u64(r.lease, UINT64_MAX);
	for (i = 0; i < sizeof(bad) / sizeof(bad[0]); i++)
		check_int(mqs_receipt_parse(bad[i], &r, &why), -1);
}

int
main(void)
{
	run_test("receipts", test_receipts);
	return finish_tests();
}
