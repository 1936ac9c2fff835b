/* test_queue_dir_create.c - queues are made and removed whole or not at all, whoever is killed */
#include "queue_dirs.h"

/* Entries of the spool, hidden ones too. */
static int
in_spool(void)
{
	struct mqs_dir d = { .path = spool };

	return tree_entries(&d, ".");
}

static void
test_create(void)
{
	struct mqs_dir dir;
	struct stat st;
	char path[500];
	mode_t mask = umask(027);

	setup();
	check_int(create("orders"), 0);
	check_int(create("orders"), MQS_EEXIST);
	check(says("orders: exists already"));
	check_int(in_spool(), 1);
	must(stat(spool, &st) == 0);
	check_int(st.st_mode & 07777, 0750);
	path_of(path, "orders/turn");
	must(stat(path, &st) == 0);
	check_int(st.st_mode & 07777, 0640);
	check_int(mqs_dir_open(&dir, spool, "orders", &err), 0);
	check_str(dir.name, "orders");
	path_of(path, "orders");
	check_str(dir.path, path);
	check(dir.gate != -1 && dir.turn != -1 && dir.use != -1 && dir.blob != -1 &&
	    dir.owner != -1);
	mqs_dir_close(&dir);
	umask(mask);
	teardown();
}

static void
test_setgid(void)
{
	struct stat st;
	char path[500];

	setup();
	must(mqs_spool_check(spool, 1, &err) == 0);
	must(chmod(spool, 02775) == 0);
	check_int(create("orders"), 0);
	path_of(path, "orders/blob");
	must(stat(path, &st) == 0);
	check(st.st_mode & S_ISGID);
	teardown();
}

static void
test_failed_create(void)
{
	int rc = MQS_EFULL;

	setup();
	check_int(mqs_dir_create(spool, "orders", fill, &rc, &err), MQS_EFULL);
	check_int(in_spool(), 0);
	check_int(create("a/b"), MQS_EINVAL);
	check_int(create(".hidden"), MQS_EINVAL);
	check_int(create(""), MQS_EINVAL);
	check_int(in_spool(), 0);
	teardown();
}

/* Another process was faster: filled in while we were building. */
static int
overtake(void *arg, const struct mqs_dir *building, struct mqs_error *e)
{
	int *rc = arg;

	*rc = create("orders");
	return fill(NULL, building, e);
}

static void
test_overtaken(void)
{
	int rc = -1;

	setup();
	check_int(mqs_dir_create(spool, "orders", overtake, &rc, &err), MQS_EEXIST);
	check_int(rc, 0);
	check_int(in_spool(), 1);
	teardown();
}

static int
die(void *arg, const struct mqs_dir *building, struct mqs_error *e)
{
	(void)fill(NULL, building, e);
	_exit(*(int *)arg);
}

static int
create_and_die(void *arg)
{
	return mqs_dir_create(spool, "dead", die, arg, &err);
}

/* Someone builds while others sweep: what is held stays. */
static int
sweep_meanwhile(void *arg, const struct mqs_dir *building, struct mqs_error *e)
{
	int status = 7;

	check_int(in_child(create_and_die, &status), 7);
	check_int(in_spool(), 2);
	check_int(create("third"), 0);
	check_int(in_spool(), 2);	/* ours and the third; the dead one is gone */
	return fill(arg, building, e);
}

static void
test_sweep_spool(void)
{
	setup();
	check_int(mqs_dir_create(spool, "orders", sweep_meanwhile, NULL, &err), 0);
	check_int(in_spool(), 2);
	teardown();
}

static void
test_delete(void)
{
	struct mqs_dir dir, again;
	int fd;

	setup();
	check_int(create("orders"), 0);
	check_int(mqs_dir_open(&dir, spool, "orders", &err), 0);
	must((fd = openat(dir.blob, "0123", O_CREAT | O_RDWR, 0600)) != -1);
	close(fd);
	must(mkdirat(dir.fd, ".new-deep", 0700) == 0);
	must(mkdirat(dir.fd, ".new-deep/deeper", 0700) == 0);
	check_int(mqs_dir_delete(&dir, spool, &err), 0);
	check_int(in_spool(), 0);
	check_int(mqs_dir_delete(&dir, spool, &err), MQS_ENOENT);
	check_int(create("orders"), 0);
	/* Another queue of the same name is not ours to delete. */
	check_int(mqs_dir_delete(&dir, spool, &err), MQS_ENOENT);
	check_int(mqs_dir_open(&again, spool, "orders", &err), 0);
	mqs_dir_close(&again);
	mqs_dir_close(&dir);
	teardown();
}

/* A full disk: nothing half made is left. */
static int
on_small_disk(void *arg)
{
	struct mqs_dir dir;
	int rc;

	(void)arg;
	if (unshare(CLONE_NEWNS) == -1 ||
	    mount("none", "/", NULL, MS_REC | MS_PRIVATE, NULL) == -1 ||
	    mount("small", base.path, "tmpfs", 0, "size=1m,nr_inodes=5") == -1)
		return SKIP;
	snprintf(spool, sizeof(spool), "%s", base.path);
	rc = create("orders");
	if (rc != MQS_EFULL || in_spool() != 0)
		return 1;
	return mqs_dir_open(&dir, spool, "orders", &err) == MQS_ENOENT ? 0 : 2;
}

static void
test_full_disk(void)
{
	int rc;

	setup();
	rc = in_child(on_small_disk, NULL);
	if (!skipped(rc, "no mount here"))
		check_int(rc, 0);
	teardown();
}

static int
count(void *arg, const char *name)
{
	(void)name;
	++*(int *)arg;
	return 0;
}

static void
create_for_ever(void)
{
	char name[32];
	unsigned n;

	for (n = 0;; n++) {
		snprintf(name, sizeof(name), "q%u", n % 100);
		if (create(name) == MQS_EEXIST) {
			struct mqs_dir dir;

			if (mqs_dir_open(&dir, spool, name, &err) != MQS_OK ||
			    mqs_dir_delete(&dir, spool, &err) != MQS_OK)
				_exit(3);
			mqs_dir_close(&dir);
		}
	}
}

/* Killed anywhere while it makes and deletes: every queue there is can be opened. */
static int
is_whole(void *arg, const char *name)
{
	struct mqs_dir dir;

	(void)arg;
	if (!check_int(mqs_dir_open(&dir, spool, name, &err), 0))
		printf("# %s\n", err.text);
	else
		mqs_dir_close(&dir);
	return 0;
}

static void
test_kills(void)
{
	struct timespec moment = { 0, 0 };
	int i, status, queues = 0;
	pid_t pid;

	setup();
	check_int(create("first"), 0);
	for (i = 0; i < 60; i++) {
		fflush(stdout);
		must((pid = fork()) != -1);
		if (pid == 0)
			create_for_ever();
		moment.tv_nsec = 1000000 + i * 300000 % 9000000;
		nanosleep(&moment, NULL);
		must(kill(pid, SIGKILL) == 0);
		must(waitpid(pid, &status, 0) == pid);
		check(WIFSIGNALED(status));
		check_int(mqs_dir_each_queue(spool, is_whole, NULL, &err), 0);
	}
	check_int(create("last"), 0);
	check_int(mqs_dir_each_queue(spool, count, &queues, &err), 0);
	check_int(in_spool(), queues);		/* what the dead left was swept */
	teardown();
}

int
main(void)
{
	run_test("a queue is made whole", test_create);
	run_test("a setgid spool hands its group down", test_setgid);
	run_test("a queue that could not be filled is not there", test_failed_create);
	run_test("another process was faster", test_overtaken);
	run_test("what the dead left in a spool is swept, what lives is not", test_sweep_spool);
	run_test("a queue is deleted at once", test_delete);
	run_test("a full disk", test_full_disk);
	run_test("killed at any moment", test_kills);
	return finish_tests();
}
