/* test_latency.c - the classes of the time from publishing to acknowledging */
#include "check.h"
#include "engine/latency.h"

static void
test_each_bound_belongs_to_its_class(void)
{
	unsigned class;

	for (class = 0; class < MQS_LATENCY_CLASSES - 1; class++) {
		check_int(mqs_latency_class(mqs_latency_bound(class)), class);
		check_int(mqs_latency_class(mqs_latency_bound(class) + 1), class + 1);
	}
	check_int(mqs_latency_bound(0), 1000000);
	check_int(mqs_latency_bound(MQS_LATENCY_CLASSES - 2), INT64_C(86400000000000));
}

static void
test_the_ends_are_open(void)
{
	check_int(mqs_latency_class(INT64_MIN), 0);
	check_int(mqs_latency_class(INT64_MAX), MQS_LATENCY_CLASSES - 1);
	check_int(mqs_latency_bound(MQS_LATENCY_CLASSES - 1), INT64_MAX);
	check_int(mqs_latency_bound(UINT32_MAX), INT64_MAX);
}

int
main(void)
{
	run_test("a bound belongs to its class, what is above to the next",
	    test_each_bound_belongs_to_its_class);
	run_test("what is below the first and above the last bound", test_the_ends_are_open);
	return finish_tests();
}
