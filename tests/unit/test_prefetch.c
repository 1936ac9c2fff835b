/* test_prefetch.c - how many messages mq-sub holds */
#include "base/clock.h"
#include "check.h"
#include "sub/prefetch.h"

/* n messages were done in so long: what is held then. */
static size_t
held_after(size_t least, size_t most, size_t n, int64_t took)
{
	struct prefetch a;

	prefetch_init(&a, least, most);
	prefetch_done(&a, n);
	a.claimed -= took;
	prefetch_claims(&a);
	check_u64(a.done, 0);
	return a.hold;
}

static void
test_hold(void)
{
	size_t some;

	check_u64(held_after(100, 1000, 0, 0), 100);
	check_u64(held_after(100, 1000, 100, MQS_SECOND), 100);
	check_u64(held_after(100, 1000, 1000, MQS_MSEC), 1000);
	check_u64(held_after(100, 100, 1000, MQS_MSEC), 100);
	/* 20,000 a second: 400 in 20 ms, less what passed since. */
	some = held_after(100, 1000, 20000, MQS_SECOND);
	check(some > 100 && some <= 400);
}

static void
test_patience(void)
{
	struct prefetch a;

	prefetch_init(&a, 100, 1000);
	check(prefetch_patience(&a, 100) == -1);
	check(prefetch_patience(&a, 101) > 0);
	a.progress -= MQS_SECOND;
	check(prefetch_patience(&a, 101) == 0);
	prefetch_done(&a, 0);
	check(prefetch_patience(&a, 101) == 0);
	prefetch_done(&a, 1);
	check(prefetch_patience(&a, 101) > 0);
	a.hold = 1000;
	a.progress -= MQS_SECOND;
	prefetch_gave_back(&a);
	check_u64(a.hold, 100);
	check(prefetch_patience(&a, 101) > 0);
	prefetch_init(&a, 100, 100);
	a.progress -= MQS_SECOND;
	check(prefetch_patience(&a, 101) == -1);
}

int
main(void)
{
	run_test("as many are held as go by in a while", test_hold);
	run_test("what waits is given back after a while", test_patience);
	return finish_tests();
}
