/*
 * test_wake_line.c - the line of idle consumers: who stands where, and who comes forward
 *
 * Each consumer is a line of its own with an open file of its own, as in a process.  The
 * kernel drops the locks of a file that is closed as it does when a process dies.
 */
#include <fcntl.h>
#include <poll.h>

#include "check.h"
#include "embedded/store/wake_line.h"
#include "tree.h"

#define GIVE_UP	5000	/* ms */
#define BYTE	1000	/* where the line begins */
#define CONSUMERS 5

static struct mqs_dir dir;
static struct mqs_line line[CONSUMERS];

static int
open_turn(void)
{
	int fd = openat(dir.fd, "turn", O_RDWR | O_CREAT | O_CLOEXEC, 0600);

	must(fd != -1);
	return fd;
}

static void
setup(void)
{
	int i;

	make_tree(&dir);
	for (i = 0; i < CONSUMERS; i++) {
		must(mqs_line_init(&line[i]) == 0);
		line[i].turn = open_turn();
	}
}

static void
teardown(void)
{
	int i;

	for (i = 0; i < CONSUMERS; i++) {
		mqs_line_done(&line[i]);
		check_int(line[i].place, MQS_LINE_OUT);
		close(line[i].turn);
	}
	drop_tree(&dir);
}

static enum mqs_line_place
join(int i)
{
	return mqs_line_join(&line[i], line[i].turn, BYTE);
}

/* 1 if the locks of a consumer come in time, and then whether it is to watch. */
static int
comes_forward(int i)
{
	struct pollfd p = { .fd = line[i].come, .events = POLLIN };
	int rc;

	while ((rc = poll(&p, 1, GIVE_UP)) == -1)
		must(errno == EINTR);
	return rc == 1 && mqs_line_advance(&line[i]);
}

/* 1 if nothing has come for a consumer; a thread that is woken in vain has time to say so. */
static int
stays(int i, int ms)
{
	struct pollfd p = { .fd = line[i].come, .events = POLLIN };

	return poll(&p, 1, ms) == 0 && !mqs_line_advance(&line[i]);
}

static void
test_places(void)
{
	setup();
	check_int(join(0), MQS_LINE_FIRST);
	check_int(join(1), MQS_LINE_STANDBY);
	check_int(join(2), MQS_LINE_BEHIND);
	check_int(join(3), MQS_LINE_BEHIND);
	check_int(join(3), MQS_LINE_BEHIND);	/* again: stays where it is */
	check(stays(1, 50) && stays(2, 0) && stays(3, 0));
	teardown();
}

/* Two take turns, and the others are left alone. */
static void
test_pair(void)
{
	int i;

	setup();
	check_int(join(0), MQS_LINE_FIRST);
	check_int(join(1), MQS_LINE_STANDBY);
	check_int(join(2), MQS_LINE_BEHIND);
	check_int(join(3), MQS_LINE_BEHIND);
	for (i = 0; i < 20; i++) {
		mqs_line_leave(&line[i % 2]);
		check(comes_forward(1 - i % 2));
		check_int(line[1 - i % 2].place, MQS_LINE_FIRST);
		check_int(join(i % 2), MQS_LINE_STANDBY);
	}
	check(stays(2, 50) && stays(3, 0));
	teardown();
}

/* With both at work one of those behind comes forward, and only one. */
static void
test_behind(void)
{
	setup();
	check_int(join(0), MQS_LINE_FIRST);
	check_int(join(1), MQS_LINE_STANDBY);
	check_int(join(2), MQS_LINE_BEHIND);
	check_int(join(3), MQS_LINE_BEHIND);
	mqs_line_leave(&line[0]);
	check(comes_forward(1));
	mqs_line_leave(&line[1]);
	check(comes_forward(2) || comes_forward(3));
	check_int((line[2].place == MQS_LINE_FIRST) + (line[3].place == MQS_LINE_FIRST), 1);
	check(stays(2, 50) && stays(3, 0));
	/* Whoever is idle again is the standby, before the one that waits. */
	check_int(join(0), MQS_LINE_STANDBY);
	check_int(join(1), MQS_LINE_BEHIND);
	teardown();
}

/* The first and the standby die at once; so does the head of those behind. */
static void
test_deaths(void)
{
	int i;

	setup();
	check_int(join(0), MQS_LINE_FIRST);
	check_int(join(1), MQS_LINE_STANDBY);
	check_int(join(2), MQS_LINE_BEHIND);
	check_int(join(3), MQS_LINE_BEHIND);
	for (i = 0; i < 3; i++) {
		/* The thread's wait is no holder of the lock: end it, then the file. */
		mqs_line_done(&line[i]);
		close(line[i].turn);
	}
	check(comes_forward(3));
	check_int(line[3].place, MQS_LINE_FIRST);
	for (i = 0; i < 3; i++) {
		must(mqs_line_init(&line[i]) == 0);
		line[i].turn = open_turn();
	}
	teardown();
}

/* A consumer that finds work for itself leaves from any place. */
static void
test_leaving(void)
{
	setup();
	check_int(join(0), MQS_LINE_FIRST);
	check_int(join(1), MQS_LINE_STANDBY);
	check_int(join(2), MQS_LINE_BEHIND);
	mqs_line_leave(&line[2]);
	mqs_line_leave(&line[1]);
	check_int(line[1].place, MQS_LINE_OUT);
	check_int(join(2), MQS_LINE_STANDBY);
	check_int(join(1), MQS_LINE_BEHIND);
	mqs_line_leave(&line[2]);
	mqs_line_leave(&line[0]);
	check(comes_forward(1));
	teardown();
}

/* Four stand in the line; two go to work.  The one of those behind that has got PAIR. */
static int
head_with_pair(void)
{
	struct pollfd p[2];
	int rc;

	check_int(join(0), MQS_LINE_FIRST);
	check_int(join(1), MQS_LINE_STANDBY);
	check_int(join(2), MQS_LINE_BEHIND);
	check_int(join(3), MQS_LINE_BEHIND);
	mqs_line_leave(&line[1]);
	mqs_line_leave(&line[0]);
	p[0] = (struct pollfd){ .fd = line[2].come, .events = POLLIN };
	p[1] = (struct pollfd){ .fd = line[3].come, .events = POLLIN };
	while ((rc = poll(p, 2, GIVE_UP)) == -1)
		must(errno == EINTR);
	check_int(rc, 1);
	return p[0].revents != 0 ? 2 : 3;
}

/* Two others were faster than the head: it stays behind, until neither of them is left. */
static void
test_overtaken_twice(void)
{
	int head;

	setup();
	head = head_with_pair();
	check_int(join(4), MQS_LINE_FIRST);
	check_int(join(0), MQS_LINE_STANDBY);
	check(!mqs_line_advance(&line[head]));
	check_int(line[head].place, MQS_LINE_BEHIND);
	check(stays(head, 50));
	/* Neither of the two has PAIR yet, so the head gets it at once, and has to give it back. */
	mqs_line_second(&line[head]);
	check(!comes_forward(head));
	check_int(line[head].place, MQS_LINE_BEHIND);
	mqs_line_second(&line[4]);
	mqs_line_second(&line[0]);
	mqs_line_second(&line[head]);
	check(stays(head, 50) && stays(5 - head, 0));
	mqs_line_leave(&line[4]);
	check(comes_forward(0));
	check(stays(head, 50));
	mqs_line_leave(&line[0]);
	check(comes_forward(head));
	teardown();
}

/* The head may leave while it waits for nothing. */
static void
test_overtaken_leaves(void)
{
	int head;

	setup();
	head = head_with_pair();
	check_int(join(4), MQS_LINE_FIRST);
	check_int(join(0), MQS_LINE_STANDBY);
	check(!mqs_line_advance(&line[head]));
	mqs_line_leave(&line[head]);
	check_int(line[head].place, MQS_LINE_OUT);
	mqs_line_leave(&line[4]);
	check(comes_forward(0));
	mqs_line_leave(&line[0]);
	check(comes_forward(5 - head));
	teardown();
}

/* Somebody was faster than the head that has got PAIR: it stands by, and does not watch. */
static void
test_overtaken(void)
{
	int head;

	setup();
	head = head_with_pair();
	check_int(join(4), MQS_LINE_FIRST);
	check(!mqs_line_advance(&line[head]));
	check_int(line[head].place, MQS_LINE_STANDBY);
	check_int(join(0), MQS_LINE_BEHIND);
	mqs_line_leave(&line[4]);
	check(comes_forward(head));
	teardown();
}

static void
test_no_lock(void)
{
	struct mqs_line alone;

	must(mqs_line_init(&alone) == 0);
	check_int(mqs_line_join(&alone, -1, BYTE), MQS_LINE_OUT);
	check(!mqs_line_advance(&alone));
	mqs_line_leave(&alone);
	mqs_line_done(&alone);
}

int
main(void)
{
	run_test("the first, the standby, and those behind", test_places);
	run_test("two take turns, and the others sleep", test_pair);
	run_test("with both at work, one comes forward", test_behind);
	run_test("whoever dies, the next comes forward", test_deaths);
	run_test("leaving from any place", test_leaving);
	run_test("whoever was overtaken stands by", test_overtaken);
	run_test("whoever was overtaken twice stays behind", test_overtaken_twice);
	run_test("whoever was overtaken leaves", test_overtaken_leaves);
	run_test("without locks there is no line", test_no_lock);
	return finish_tests();
}
