/* test_owner_runs.c - the runs of handlers in an owner file: begun, marked as started, ended */
#include "owner_files.h"

/*
 * Runs a handler that lives until it is killed, or is said to be process pid: what the
 * slot says of its start.  late: started in another tick than that of its slot.
 */
static void
check_start(struct mqs_owner *owner, pid_t pid, int late)
{
	uint64_t tick = mqs_tick(mqs_boottime());
	unsigned char b[MQS_OWNER_SLOT];
	pid_t child = 0;
	unsigned run;
	int fd, file;

	must(mqs_owner_run(owner, 13, 14, &run, &fd, &err) == 0);
	while (late && mqs_tick(mqs_boottime()) <= tick + 1)
		continue;
	if (pid == 0 && (pid = child = fork()) == 0)
		for (;;)
			pause();
	must(pid != -1 && mqs_owner_run_started(owner, run, pid, &err) == 0);
	file = open_owner_file(mqs_owner_name(owner));
	must(pread(file, b, sizeof(b), MQS_OWNER_AT_SLOTS +
	    (off_t)run * MQS_OWNER_SLOT) == (ssize_t)sizeof(b));
	check_u64(mqs_get_le64(b + 16), (uint64_t)pid);
	check_u64(mqs_get_le64(b + 24), mqs_process_start(pid));
	close(file);
	if (child != 0)
		must(kill(child, SIGKILL) == 0 && waitpid(child, NULL, 0) == child);
	mqs_owner_run_end(owner, run);
}

/* As /proc has it, whether it was read there or told by the clock, across its ticks. */
static void
test_starts(void)
{
	struct mqs_owner *owner;
	int64_t end = mqs_boottime() + 50 * MQS_MSEC;

	make_tree(&dir);
	must(mqs_owner_new(&owner, &dir, FAMILY, &err) == 0);
	while (mqs_boottime() < end)
		check_start(owner, 0, 0);
	check_start(owner, 0, 1);
	mqs_owner_free(owner, 1);
	/* One that is older than its slot: the clock is not trusted. */
	must(mqs_owner_new(&owner, &dir, FAMILY, &err) == 0);
	check_start(owner, getpid(), 0);
	check_start(owner, getpid(), 0);
	check_start(owner, 0, 0);
	mqs_owner_free(owner, 1);
	drop_tree(&dir);
}

static void
test_ended(void)
{
	struct mqs_owner_left left;
	struct story s;

	make_tree(&dir);
	start_consumer(&s, ENDED);
	kill_child(s.consumer);
	check_int(look(s.name, &left), MQS_OWNER_DEAD);
	check_u64(left.nslots, 0);
	mqs_owner_left_free(&left);
	finish(&s);
	drop_tree(&dir);
}

static void
test_handed_out(void)
{
	struct mqs_owner_left left;
	struct story s;

	make_tree(&dir);
	start_consumer(&s, HANDED_OUT);
	kill_child(s.consumer);
	check_int(look(s.name, &left), MQS_OWNER_DEAD);
	check_u64(left.handed_lease, 71);
	check_u64(left.handed_count, 5);
	mqs_owner_left_free(&left);
	finish(&s);
	drop_tree(&dir);
}

static void
test_run_numbers(void)
{
	struct mqs_owner *owner;
	unsigned run[5];
	int fd[5], background, i;

	make_tree(&dir);
	must(mqs_owner_new(&owner, &dir, FAMILY, &err) == 0);
	for (i = 0; i < 3; i++) {
		check_int(mqs_owner_run(owner, 1, 2, &run[i], &fd[i], &err), 0);
		check_u64(run[i], (uint64_t)i);
	}
	/* What a handler left running holds its byte: the next takes another. */
	must((background = fcntl(fd[1], F_DUPFD_CLOEXEC, 0)) != -1);
	mqs_owner_run_end(owner, 1);
	check_int(mqs_owner_run(owner, 1, 2, &run[3], &fd[3], &err), 0);
	check_u64(run[3], 3);
	close(background);
	check_int(mqs_owner_run(owner, 1, 2, &run[4], &fd[4], &err), 0);
	check_u64(run[4], 1);
	mqs_owner_run_end(owner, 0);
	mqs_owner_run_end(owner, 0);		/* once more is nothing */
	check_int(mqs_owner_run_started(owner, 0, getpid(), &err), MQS_EBUG);
	check_int(mqs_owner_run_started(owner, 100, getpid(), &err), MQS_EBUG);
	check_int(mqs_owner_run(owner, 1, 2, &run[0], &fd[0], &err), 0);
	check_u64(run[0], 0);
	mqs_owner_free(owner, 1);
	drop_tree(&dir);
}

/* Runs of one handler: one descriptor, a byte and a slot each, which end together. */
static void
test_shared_run(void)
{
	struct flock lock = { .l_type = F_WRLCK, .l_whence = SEEK_SET };
	struct mqs_owner *owner;
	unsigned run[3], other;
	int fd, fd2, file, i;

	make_tree(&dir);
	must(mqs_owner_new(&owner, &dir, FAMILY, &err) == 0);
	must(mqs_owner_run(owner, 1, 2, &run[0], &fd, &err) == 0);
	must(mqs_owner_run(owner, 1, 9, &other, &fd2, &err) == 0);
	for (i = 1; i < 3; i++)
		check_int(mqs_owner_run_more(owner, run[i - 1], 1, 2 + (uint64_t)i,
		    &run[i], &err), 0);
	check_u64(run[1], 2);
	check_u64(run[2], 3);
	for (i = 0; i < 3; i++)
		check_int(mqs_owner_run_started(owner, run[i], getpid(), &err), 0);
	file = open_owner_file(mqs_owner_name(owner));
	lock.l_start = 1 + (off_t)run[2];
	lock.l_len = 1;
	must(fcntl(file, F_OFD_GETLK, &lock) == 0);
	check(lock.l_type != F_UNLCK);
	for (i = 3; i-- > 0;)
		mqs_owner_run_end(owner, run[i]);
	lock.l_type = F_WRLCK;
	lock.l_start = 1 + (off_t)run[2];
	lock.l_pid = 0;
	must(fcntl(file, F_OFD_GETLK, &lock) == 0);
	check(lock.l_type == F_UNLCK);
	close(file);
	/* The other one's descriptor was not among those closed. */
	check(fcntl(fd2, F_GETFD) != -1);
	must(mqs_owner_run(owner, 1, 2, &run[0], &fd, &err) == 0);
	check_u64(run[0], 0);
	mqs_owner_free(owner, 1);
	drop_tree(&dir);
}

int
main(void)
{
	must(prctl(PR_SET_CHILD_SUBREAPER, 1, 0, 0, 0) == 0);
	run_test("the start of each handler", test_starts);
	run_test("a run that ended leaves nothing", test_ended);
	run_test("the hand-out mark is the last one", test_handed_out);
	run_test("a run is the lowest whose byte is free", test_run_numbers);
	run_test("runs that share a handler", test_shared_run);
	return finish_tests();
}
