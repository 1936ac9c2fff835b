/* test_pace.c - when mq-replay --pace prints a message; waiting, without a sleep */
#include <fcntl.h>
#include <unistd.h>

#include "base/clock.h"
#include "check.h"
#include "replay/pace.h"

#define S	MQS_SECOND

static void
test_parse(void)
{
	static const char *const bad[] = {
		"", "0", "0.0", "-1", "+1", "1e3", "0x10", "nan", "inf", "1.2.3", ".", "1 ",
		"2000000000", "0.0000001"
	};
	struct pace p = { 0 };
	size_t i;

	check_int(pace_parse(&p, "1"), 0);
	check(p.times == 1.0);
	check_int(pace_parse(&p, "0.5"), 0);
	check(p.times == 0.5);
	check_int(pace_parse(&p, "1000000000"), 0);
	check_int(pace_parse(&p, "0.000001"), 0);
	for (i = 0; i < sizeof(bad) / sizeof(bad[0]); i++)
		if (!check_int(pace_parse(&p, bad[i]), -1))
			printf("# %s\n", bad[i]);
}

static void
test_rhythm(void)
{
	struct pace p = { .times = 1 };

	check_int(pace_wait(&p, 100 * S, 7 * S), 0);
	check_int(pace_wait(&p, 103 * S, 7 * S), 3 * S);
	/* Late by a second: what was lost is not lost once more. */
	check_int(pace_wait(&p, 105 * S, 11 * S), 1 * S);
	check_int(pace_wait(&p, 105 * S, 13 * S), 0);
}

static void
test_faster_and_slower(void)
{
	struct pace p = { .times = 4 }, q = { .times = 0.5 };

	check_int(pace_wait(&p, 100 * S, 7 * S), 0);
	check_int(pace_wait(&p, 108 * S, 7 * S), 2 * S);
	check_int(pace_wait(&q, 100 * S, 7 * S), 0);
	check_int(pace_wait(&q, 108 * S, 7 * S), 16 * S);
}

static void
test_clock_set_back(void)
{
	struct pace p = { .times = 1 };

	check_int(pace_wait(&p, 100 * S, 7 * S), 0);
	check_int(pace_wait(&p, 50 * S, 8 * S), 0);
	check_int(pace_wait(&p, 101 * S, 7 * S), 1 * S);
}

static void
test_no_time(void)
{
	struct pace p = { .times = 1 };

	check_int(pace_wait(&p, 0, 7 * S), 0);
	check_int(pace_wait(&p, 100 * S, 8 * S), 0);
	check_int(pace_wait(&p, 0, 8 * S), 0);
	check_int(pace_wait(&p, 101 * S, 8 * S), 1 * S);
}

static void
test_very_long(void)
{
	struct pace p = { .times = PACE_MIN };

	check_int(pace_wait(&p, 1, 7 * S), 0);
	check(pace_wait(&p, INT64_MAX, 7 * S) > INT64_C(100) * 365 * 24 * 3600 * S);
}

static void
test_reader_gone(void)
{
	int ends[2];

	check_int(pipe2(ends, O_CLOEXEC), 0);
	check_int(pace_sleep(1, ends[1]), 0);
	close(ends[0]);
	check_int(pace_sleep(INT64_MAX, ends[1]), 1);
	close(ends[1]);
}

int
main(void)
{
	run_test("a pace is a decimal number above 0", test_parse);
	run_test("the first goes out at once, the others in the rhythm of the first", test_rhythm);
	run_test("faster, and slower", test_faster_and_slower);
	run_test("a message from before the first does not wait", test_clock_set_back);
	run_test("a message without a time does not wait, and begins no rhythm", test_no_time);
	run_test("a wait longer than the clock has room for", test_very_long);
	run_test("a wait ends when the reader of the output has gone", test_reader_gone);
	return finish_tests();
}
