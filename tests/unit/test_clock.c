/* test_clock.c - clocks, the boot, processes and random bytes */
#include <stdlib.h>
#include <sys/wait.h>
#include <time.h>
#include <unistd.h>

#include "base/clock.h"
#include "check.h"

static void
test_clocks(void)
{
	int64_t a = mqs_boottime(), b = mqs_boottime();
	int64_t off = mqs_now() / MQS_SECOND - (int64_t)time(NULL);

	check(a > 0 && b >= a);
	check(off >= -1 && off <= 1);
	check(mqs_boot() != 0);
	check_u64(mqs_boot(), mqs_boot());
}

static void
test_process_start(void)
{
	uint64_t own = mqs_process_start(getpid());
	int ends[2], status;
	pid_t pid;

	check(own > 0);
	check_u64(mqs_process_start(0), 0);
	check_u64(mqs_process_start(-1), 0);
	check_u64(mqs_process_start(INT64_C(1) << 40), 0);
	if (!check(pipe(ends) == 0))
		return;
	if ((pid = fork()) == 0) {
		char c;

		(void)close(ends[1]);
		(void)!read(ends[0], &c, 1);
		_exit(0);
	}
	(void)close(ends[0]);
	check(mqs_process_start(pid) >= own);
	(void)close(ends[1]);
	check(waitpid(pid, &status, 0) == pid);
	check_u64(mqs_process_start(pid), 0);
}

int
main(void)
{
	run_test("the clocks run", test_clocks);
	run_test("when a process started", test_process_start);
	return finish_tests();
}
