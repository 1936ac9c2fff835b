/* test_retry.c - the backoff of retries */
#include "check.h"
#include "engine/retry.h"

#define S	INT64_C(1000000000)

static void
test_doubles(void)
{
	/* random 0 is a tenth less, UINT32_MAX a tenth more. */
	check_int(mqs_retry_delay(10 * S, 1000 * S, 1, 0), 9 * S);
	check_int(mqs_retry_delay(10 * S, 1000 * S, 1, UINT32_MAX), 11 * S);
	check_int(mqs_retry_delay(10 * S, 1000 * S, 2, 0), 18 * S);
	check_int(mqs_retry_delay(10 * S, 1000 * S, 3, 0), 36 * S);
	check_int(mqs_retry_delay(10 * S, 1000 * S, 7, 0), 576 * S);
}

static void
test_ends_at_max(void)
{
	check_int(mqs_retry_delay(10 * S, 1000 * S, 8, 0), 900 * S);
	check_int(mqs_retry_delay(10 * S, 1000 * S, UINT64_MAX, UINT32_MAX), 1100 * S);
	check_int(mqs_retry_delay(0, 1000 * S, UINT64_MAX, UINT32_MAX), 0);
	check(mqs_retry_delay(INT64_MAX, INT64_MAX, 2, UINT32_MAX) >= INT64_MAX / 10 * 9);
	check(mqs_retry_delay(1, INT64_MAX, UINT64_MAX, UINT32_MAX) > 0);
}

int
main(void)
{
	run_test("min, doubled with each attempt, a tenth more or less", test_doubles);
	run_test("max is the end, and nothing overflows", test_ends_at_max);
	return finish_tests();
}
