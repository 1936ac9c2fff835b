/*
 * test_owner_dead.c - what a consumer that was killed left, told from its owner file
 *
 * Consumers here are real processes that get killed; their handlers are real
 * children.  This process adopts orphans (PR_SET_CHILD_SUBREAPER), so that it can wait
 * for a handler's end instead of for time.
 */
#include "owner_files.h"

/* Lets the handler end; it stays a zombie. */
static void
end_handler(struct story *s)
{
	siginfo_t info;

	close(s->end[1]);
	s->end[1] = -1;
	must(waitid(P_PID, (id_t)s->handler, &info, WEXITED | WNOWAIT) == 0);
	check_int(info.si_status, 0);
}

static void
check_one_slot(const struct mqs_owner_left *left, int started, int alive)
{
	if (!check_u64(left->nslots, 1))
		return;
	check_u64(left->slots[0].lease, 77);
	check_u64(left->slots[0].id, 88);
	check_int(left->slots[0].started, started);
	check_int(left->slots[0].alive, alive);
}

static void
test_killed(void)
{
	struct mqs_owner_left left;
	struct story s;

	make_tree(&dir);
	start_consumer(&s, ONLY_LIVE);
	check_int(look(s.name, &left), MQS_OWNER_LIVES);
	check_int(mqs_owner_collect(&dir, s.name, &err), 0);
	check_int(look(s.name, NULL), MQS_OWNER_LIVES);	/* not collected */
	kill_child(s.consumer);
	check_int(look(s.name, &left), MQS_OWNER_DEAD);
	check_u64(left.nslots, 0);
	check_u64(left.handed_lease, 0);
	check_u64(left.handed_count, 0);
	mqs_owner_left_free(&left);
	check_int(owners(), 1);
	check_int(mqs_owner_collect(&dir, s.name, &err), 0);
	check_int(owners(), 0);
	finish(&s);
	drop_tree(&dir);
}

static void
test_orphan(void)
{
	struct mqs_owner_left left;
	struct story s;

	make_tree(&dir);
	start_consumer(&s, HANDLER);
	check_int(look(s.name, NULL), MQS_OWNER_LIVES);
	kill_child(s.consumer);
	check_int(look(s.name, &left), MQS_OWNER_ORPHANS);
	check_one_slot(&left, 1, 1);
	check_int(run_locked(s.name), 1);
	mqs_owner_left_free(&left);
	check_int(mqs_owner_collect(&dir, s.name, &err), 0);
	check_int(look(s.name, NULL), MQS_OWNER_ORPHANS);	/* not collected */
	end_handler(&s);
	check_int(look(s.name, &left), MQS_OWNER_DEAD);		/* though a zombie */
	check_one_slot(&left, 1, 0);
	mqs_owner_left_free(&left);
	finish(&s);
	check_int(look(s.name, NULL), MQS_OWNER_DEAD);
	check_int(mqs_owner_collect(&dir, s.name, &err), 0);
	check_int(owners(), 0);
	drop_tree(&dir);
}

static void
test_unmarked_orphan(void)
{
	struct mqs_owner_left left;
	struct story s;

	make_tree(&dir);
	start_consumer(&s, UNMARKED_HANDLER);
	kill_child(s.consumer);
	check_int(look(s.name, &left), MQS_OWNER_ORPHANS);
	check_one_slot(&left, 0, 1);
	mqs_owner_left_free(&left);
	end_handler(&s);
	check_int(look(s.name, &left), MQS_OWNER_DEAD);
	check_one_slot(&left, 0, 0);
	mqs_owner_left_free(&left);
	finish(&s);
	drop_tree(&dir);
}

static void
test_closing_handler(void)
{
	struct mqs_owner_left left;
	struct story s;

	make_tree(&dir);
	start_consumer(&s, CLOSING_HANDLER);
	kill_child(s.consumer);
	check_int(run_locked(s.name), 0);
	check_int(look(s.name, &left), MQS_OWNER_ORPHANS);
	check_one_slot(&left, 1, 1);
	mqs_owner_left_free(&left);
	end_handler(&s);
	check_int(look(s.name, &left), MQS_OWNER_DEAD);
	check_one_slot(&left, 1, 0);
	mqs_owner_left_free(&left);
	finish(&s);
	drop_tree(&dir);
}

/* Rewrites the slot of a dead consumer. */
static void
change_slot(uint64_t name, const struct mqs_owner_entry *entry)
{
	unsigned char b[MQS_OWNER_SLOT];
	int fd = open_owner_file(name);

	mqs_owner_entry_put(b, entry);
	must(pwrite(fd, b, sizeof(b), MQS_OWNER_AT_SLOTS) == (ssize_t)sizeof(b));
	close(fd);
}

static void
change_boot(uint64_t name, uint64_t boot)
{
	const struct mqs_owner_header header = { .boot = boot, .pid = 1, .since = 7 };
	unsigned char b[MQS_OWNER_HEADER];
	int fd = open_owner_file(name);

	mqs_owner_header_put(b, &header);
	must(pwrite(fd, b, sizeof(b), 0) == (ssize_t)sizeof(b));
	close(fd);
}

static void
test_pid_reuse(void)
{
	struct mqs_owner_entry entry = {
		.lease = 77, .id = 88, .started = 1, .pid = (uint64_t)getpid(),
		.start = mqs_process_start(getpid())
	};
	struct mqs_owner_left left;
	struct story s;

	make_tree(&dir);
	start_consumer(&s, NOT_STARTED);
	kill_child(s.consumer);
	change_slot(s.name, &entry);
	check_int(look(s.name, NULL), MQS_OWNER_ORPHANS);
	/* The same number, but not the process that was started then. */
	entry.start--;
	change_slot(s.name, &entry);
	check_int(look(s.name, &left), MQS_OWNER_DEAD);
	check_one_slot(&left, 1, 0);
	mqs_owner_left_free(&left);
	/* The same number and time, but of another boot. */
	entry.start++;
	change_slot(s.name, &entry);
	change_boot(s.name, mqs_boot() + 1);
	check_int(look(s.name, &left), MQS_OWNER_DEAD);
	check_one_slot(&left, 1, 0);
	mqs_owner_left_free(&left);
	change_boot(s.name, mqs_boot());
	check_int(look(s.name, NULL), MQS_OWNER_ORPHANS);
	finish(&s);
	drop_tree(&dir);
}

static void
test_not_started(void)
{
	struct mqs_owner_left left;
	struct story s;
	int fd;

	make_tree(&dir);
	start_consumer(&s, NOT_STARTED);
	kill_child(s.consumer);
	check_int(look(s.name, &left), MQS_OWNER_DEAD);
	check_one_slot(&left, 0, 0);
	mqs_owner_left_free(&left);
	/* A damaged slot is an empty one. */
	fd = open_owner_file(s.name);
	must(pwrite(fd, "x", 1, MQS_OWNER_AT_SLOTS + 8) == 1);
	check_int(look(s.name, &left), MQS_OWNER_DEAD);
	check_u64(left.nslots, 0);
	mqs_owner_left_free(&left);
	must(ftruncate(fd, 10) == 0);
	check_int(look(s.name, &left), MQS_OWNER_DEAD);
	check_u64(left.nslots, 0);
	mqs_owner_left_free(&left);
	close(fd);
	finish(&s);
	drop_tree(&dir);
}

int
main(void)
{
	must(prctl(PR_SET_CHILD_SUBREAPER, 1, 0, 0, 0) == 0);
	run_test("a killed consumer is dead, and can be collected", test_killed);
	run_test("its handler is an orphan until it ends", test_orphan);
	run_test("also if it was not marked as started", test_unmarked_orphan);
	run_test("also if it closed every descriptor", test_closing_handler);
	run_test("a pid that is used again is not mistaken", test_pid_reuse);
	run_test("what did not start is known; damage is emptiness", test_not_started);
	return finish_tests();
}
