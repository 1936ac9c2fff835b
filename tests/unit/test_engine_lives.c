/*
 * test_engine_lives.c - consumers that end in every way, and what they leave behind
 */
#include <spawn.h>

#include "engine.h"

struct child {
	pid_t	pid, handler;
	int	let_go;		/* closing it ends the handler */
};

/* A process that ends with its stdin, and inherits a run's descriptor. */
static pid_t
spawn_handler(int fd, int let_go)
{
	char *argv[] = { (char[]){ "cat" }, NULL }, *envp[] = { NULL };
	posix_spawn_file_actions_t actions;
	pid_t pid;

	must(posix_spawn_file_actions_init(&actions) == 0 &&
	    posix_spawn_file_actions_adddup2(&actions, let_go, 0) == 0 &&
	    posix_spawn_file_actions_addopen(&actions, 1, "/dev/null", O_WRONLY, 0) == 0 &&
	    posix_spawn_file_actions_adddup2(&actions, fd, 9) == 0 &&
	    posix_spawn(&pid, "/bin/cat", &actions, NULL, argv, envp) == 0);
	posix_spawn_file_actions_destroy(&actions);
	return pid;
}

/* In the child: claims two, starts a handler on the first, extends one, and waits. */
static void
hold_two(int said, int let_go, int extend)
{
	struct mqs_message m, rest;
	struct mqs_consumer *c;
	struct mqs_run *run;
	struct mqs_settlement s;
	size_t n;
	pid_t pid;
	int fd;

	spool = open_spool();
	c = consumer("q");
	must(mqs_consumer_claim(c, 2, &n, NULL, &err) == MQS_OK && n == 2);
	must(mqs_consumer_next(c, &m, &err) == MQS_OK);
	must(mqs_run_new(&run, c, &m, &fd, &err) == MQS_OK);
	pid = spawn_handler(fd, let_go);
	must(mqs_run_started(run, pid, &err) == MQS_OK);
	if (extend) {
		must(mqs_consumer_next(c, &rest, &err) == MQS_OK);
		s = settlement(&rest, MQS_EXTEND);
		s.delay = 3600 * MQS_SECOND;
		must(mqs_consumer_settle(c, &s, &err) == MQS_OK &&
		    mqs_consumer_flush(c, &err) == MQS_OK);
	}
	tell(said, &pid, sizeof(pid));
	tell(said, &m.seq, sizeof(m.seq));
	tell(said, &m.lease, sizeof(m.lease));
	for (;;)
		pause();
}

static void
begin_child(struct child *child, struct mqs_message *m, int extend)
{
	int said[2], let_go[2];

	make_pipe(said);
	make_pipe(let_go);
	fflush(stdout);
	must((child->pid = fork()) != -1);
	if (child->pid == 0) {
		close(let_go[1]);
		hold_two(said[1], let_go[0], extend);
	}
	close(said[1]);
	close(let_go[0]);
	must(hear(said[0], &child->handler, sizeof(pid_t)) &&
	    hear(said[0], &m->seq, sizeof(m->seq)) &&
	    hear(said[0], &m->lease, sizeof(m->lease)));
	close(said[0]);
	child->let_go = let_go[1];
}

/* An orphan that settled its own message keeps nothing else. */
static void
test_orphan_that_settled(void)
{
	struct mqs_settlement ack = { .verb = MQS_ACK };
	char receipt[MQS_RECEIPT_SIZE];
	struct mqs_message m, back;
	struct mqs_settler *s;
	struct mqs_consumer *c;
	struct child child;

	start();
	ok(publish("q", "a", 1));
	ok(publish("q", "b", 1));
	begin_child(&child, &m, 0);
	c = consumer("q");
	mqs_consumer_receipt(c, &m, receipt);
	ok(mqs_settler_open(&s, spool, NULL, NULL, &err));
	ok(mqs_settler_add(s, receipt, &ack, 0, &err));
	ok(mqs_settler_flush(s, &err));
	mqs_settler_free(s);
	kill_child(child.pid);
	c->look_owners = 1;
	if (check_int(next(c, &back), MQS_OK))
		check(back.seq > m.seq && back.attempt == 1);
	mqs_consumer_free(c);
	close(child.let_go);
	finish();
}

/* What an orphan works on is its own, even when the lease has run out. */
static void
test_orphan_beside_extended(void)
{
	static const char *const soon[] = { "lease=1ns" };
	struct mqs_message m, back;
	struct mqs_consumer *c;
	struct child child;
	int i;

	start();
	ok(publish("q", "a", 1));
	ok(publish("q", "b", 1));
	ok(mqs_create(spool, "q", "g", NULL, &err));
	ok(mqs_set(spool, "q", "g", soon, 1, &err));
	begin_child(&child, &m, 1);
	kill_child(child.pid);
	c = consumer("q");
	for (i = 0; i < 3; i++) {
		c->look_owners = 1;
		check_int(next(c, &back), MQS_NOTHING);
	}
	mqs_consumer_free(c);
	close(child.let_go);
	finish();
}

/* Freed without being closed is as killed: what had started counts. */
static void
test_free_is_death(void)
{
	struct mqs_consumer *c;
	struct mqs_message m;
	struct mqs_run *run;
	int fd;

	start();
	ok(publish("q", "m", 1));
	c = take("q", &m);
	ok(mqs_run_new(&run, c, &m, &fd, &err));
	ok(mqs_run_started(run, getpid(), &err));
	settle(c, &m, MQS_RETRY);
	mqs_run_free(run);
	mqs_consumer_free(c);
	c = consumer("q");
	/* This process is the handler by its pid, and lives: so it is kept. */
	check_int(next(c, &m), MQS_NOTHING);
	mqs_consumer_free(c);
	finish();
}

static int
die_idle(void *arg)
{
	(void)arg;
	spool = open_spool();
	(void)consumer("q");
	return 0;
}

static void
test_owner_files(void)
{
	struct mqs_consumer *c;
	uint64_t n;

	start();
	ok(mqs_create(spool, "q", "g", NULL, &err));
	check_int(in_child(die_idle, NULL), 0);
	check_int(in_child(die_idle, NULL), 0);
	c = consumer("q");
	check_int(owner_files("q"), 1);
	ok(mqs_consumer_close(c, &err));
	mqs_consumer_free(c);
	check_int(in_child(die_idle, NULL), 0);
	check_int(owner_files("q"), 1);
	ok(mqs_delete(spool, "q", "g", &err));
	ok(mqs_trim(spool, "q", &n, &err));
	check_int(owner_files("q"), 0);
	finish();
}

static int
die_reading(void *arg)
{
	struct mqs_message m;
	struct mqs_reader *r;

	(void)arg;
	spool = open_spool();
	return mqs_reader_open(&r, spool, "q", NULL, NULL, &err) != MQS_OK ||
	    mqs_reader_next(r, &m, &err) != MQS_OK;
}

static int
only_open(void *arg)
{
	struct mqs_log *log;

	(void)arg;
	spool = open_spool();
	return mqs_spool_log(spool, "q", 0, &log, &err) != MQS_OK;
}

/* A killed reader's snapshot keeps no space from being used again. */
static void
test_dead_reader(void)
{
	static char body[65536];
	struct stat before, after;
	struct mqs_log *log;
	uint64_t n;
	char path[96];
	int i;

	start();
	ok(publish("q", body, sizeof(body)));
	snprintf(path, sizeof(path), "%s/q/log.mdb", where);
	ok(mqs_spool_log(spool, "q", 0, &log, &err));
	must(stat(path, &before) == 0);
	check_int(in_child(die_reading, NULL), 0);
	check_int(in_child(only_open, NULL), 0);
	for (i = 0; i < 50; i++) {
		ok(publish("q", body, sizeof(body)));
		ok(mqs_purge(spool, "q", NULL, &n, &err));
	}
	must(stat(path, &after) == 0);
	check(after.st_blocks - before.st_blocks < 10 * (int64_t)sizeof(body) / 512);
	finish();
}

/* A deleted group's state is not written over that of one of its name. */
static int
make_again(void *arg)
{
	(void)arg;
	spool = open_spool();
	return mqs_delete(spool, "q", "g", &err) != MQS_OK ||
	    mqs_create(spool, "q", "g", NULL, &err) != MQS_OK;
}

static void
test_page_of_another(void)
{
	uint64_t v[MQS_GROUP_VALUES];
	struct mqs_consumer *c;
	struct mqs_message m;

	start();
	ok(publish("q", "m", 1));
	c = take("q", &m);
	settle(c, &m, MQS_ACK);
	ok(mqs_consumer_flush(c, &err));
	check_int(in_child(make_again, NULL), 0);
	check_int(mqs_group_refresh(c->group, &err), MQS_EBUSY);
	ok(mqs_group_peek(&c->group->log->dir, "g", v, &err));
	check_u64(v[MQS_GROUP_FLOOR], 1);
	mqs_consumer_free(c);
	finish();
}

int
main(void)
{
	run_test("an orphan that settled keeps only what it works on", test_orphan_that_settled);
	run_test("an orphan keeps its message when the lease runs out", test_orphan_beside_extended);
	run_test("a consumer freed, not closed, leaves its marks", test_free_is_death);
	run_test("owner files of the dead are collected", test_owner_files);
	run_test("a killed reader does not make the log grow", test_dead_reader);
	run_test("a deleted group does not write a new one's page", test_page_of_another);
	return finish_tests();
}
