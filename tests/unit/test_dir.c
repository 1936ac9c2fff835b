/*
 * test_dir.c - directories of the spool and of queues: made whole or not at all,
 * opened only if whole, removed at once, locked against maintenance
 */
#include <sys/file.h>
#include <sys/mount.h>

#include <sched.h>
#include <time.h>

#include "check.h"
#include "embedded/store/directory.h"
#include "embedded/store/filesystem.h"
#include "embedded/store/queue_dir.h"
#include "tree.h"

static struct mqs_dir base;	/* a temporary directory; spools are made in it */
static char spool[400];
static struct mqs_error err;

static void
setup(void)
{
	make_tree(&base);
	must(fchmod(base.fd, 0755) == 0);
	snprintf(spool, sizeof(spool), "%s/a/b/spool", base.path);
	memset(&err, 0, sizeof(err));
}

static void
teardown(void)
{
	drop_tree(&base);
}

static int
fill(void *arg, const struct mqs_dir *building, struct mqs_error *e)
{
	int fd, *rc = arg;

	(void)e;
	must((fd = openat(building->fd, "log.mdb", O_CREAT | O_EXCL | O_RDWR, 0666)) != -1);
	close(fd);
	return rc == NULL ? MQS_OK : *rc;
}

static int
create(const char *queue)
{
	return mqs_dir_create(spool, queue, fill, NULL, &err);
}

/* Entries of the spool, hidden ones too. */
static int
in_spool(void)
{
	struct mqs_dir d = { .path = spool };

	return tree_entries(&d, ".");
}

static int
says(const char *words)
{
	if (strstr(err.text, words) != NULL)
		return 1;
	printf("# %s\n", err.text);
	return 0;
}

static void
path_of(char path[500], const char *rest)
{
	snprintf(path, 500, "%s/%s", spool, rest);
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
test_not_there(void)
{
	struct mqs_dir dir;
	char path[500];

	setup();
	check_int(mqs_spool_check(spool, 0, &err), MQS_ENOENT);
	check(says("no such spool"));
	check_int(mqs_dir_open(&dir, spool, "orders", &err), MQS_ENOENT);
	check(says("no such spool"));
	check_int(mqs_dir_each_queue(spool, NULL, NULL, &err), MQS_ENOENT);
	check_int(create("orders"), 0);
	check_int(mqs_dir_open(&dir, spool, "others", &err), MQS_ENOENT);
	check(says("others: no such queue"));
	check_int(mqs_dir_open(&dir, spool, "../spool", &err), MQS_EINVAL);
	path_of(path, "file");
	must(close(open(path, O_CREAT | O_RDWR, 0600)) == 0);
	check_int(mqs_dir_open(&dir, spool, "file", &err), MQS_EDAMAGED);
	check(says("not a directory"));
	strcat(spool, "/file");
	check_int(mqs_spool_check(spool, 0, &err), MQS_EINVAL);
	check(says("/file: not a directory"));
	check_int(mqs_dir_open(&dir, spool, "orders", &err), MQS_EINVAL);
	check_int(mqs_spool_check("", 0, &err), MQS_EINVAL);
	strcat(spool, "/deeper");
	check_int(mqs_spool_check(spool, 1, &err), MQS_EINVAL);
	check(says("/file: not a directory"));
	teardown();
}

static void
test_no_queue(void)
{
	static const char *const parts[] = {
		"gate", "turn", "use", "log.mdb", "blob", "owner"
	};
	char path[500], hidden[500], words[64];
	struct mqs_dir dir;
	size_t i;

	setup();
	check_int(create("orders"), 0);
	for (i = 0; i < 6; i++) {
		snprintf(words, sizeof(words), "orders/%s", parts[i]);
		path_of(path, words);
		path_of(hidden, "orders/hidden");
		must(rename(path, hidden) == 0);
		check_int(mqs_dir_open(&dir, spool, "orders", &err), MQS_EDAMAGED);
		snprintf(words, sizeof(words), "not a queue: no %s", parts[i]);
		check(says(words));
		must(rename(hidden, path) == 0);
	}
	check_int(mqs_dir_open(&dir, spool, "orders", &err), 0);
	mqs_dir_close(&dir);
	teardown();
}

static void
test_sole(void)
{
	struct mqs_dir a, b, c;

	setup();
	check_int(create("orders"), 0);
	check_int(mqs_dir_open(&a, spool, "orders", &err), 0);
	check_int(mqs_dir_open(&b, spool, "orders", &err), 0);
	check_int(mqs_dir_sole(&a, &err), MQS_EBUSY);
	/* a still holds it shared: */
	check_int(mqs_dir_sole(&b, &err), MQS_EBUSY);
	mqs_dir_close(&a);
	check_int(mqs_dir_sole(&b, &err), 0);
	check_int(mqs_dir_open(&c, spool, "orders", &err), MQS_EBUSY);
	check(says("in use by maintenance"));
	mqs_dir_close(&b);
	check_int(mqs_dir_open(&c, spool, "orders", &err), 0);
	check_int(mqs_dir_gate(&c, 1, &err), 0);
	check_int(flock(c.gate, LOCK_EX | LOCK_NB), 0);
	check_int(mqs_dir_gate(&c, 0, &err), 0);
	mqs_dir_close(&c);
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

struct list {
	char	text[200];
	int	stop;
};

static int
collect(void *arg, const char *name)
{
	struct list *list = arg;

	strcat(strcat(list->text, name), " ");
	return list->stop;
}

static void
touch(int at, const char *name)
{
	int fd;

	must((fd = openat(at, name, O_CREAT | O_RDWR | O_CLOEXEC, 0600)) != -1);
	close(fd);
}

static void
test_names(void)
{
	struct list list = { "", 0 };
	char path[500];
	struct mqs_dir dir;

	setup();
	check_int(create("b"), 0);
	check_int(create("a.dead"), 0);
	check_int(create("c"), 0);
	path_of(path, "no-queue");
	must(mkdir(path, 0700) == 0);
	path_of(path, "file");
	touch(AT_FDCWD, path);
	path_of(path, ".new-0123456789abcdef");
	must(mkdir(path, 0700) == 0);
	path_of(path, "c/log.mdb");	/* damaged, but a queue */
	must(unlink(path) == 0);
	check_int(mqs_dir_each_queue(spool, collect, &list, &err), 0);
	check_str(list.text, "a.dead b c ");
	list = (struct list){ "", 9 };
	check_int(mqs_dir_each_queue(spool, collect, &list, &err), 9);
	check_str(list.text, "a.dead ");
	check_int(mqs_dir_open(&dir, spool, "b", &err), 0);
	touch(dir.fd, "y.group.mdb");
	touch(dir.fd, "x.group.mdb");
	touch(dir.fd, "x.group.mdb-lock");
	touch(dir.fd, "x.group.stat");
	touch(dir.fd, ".group.mdb");
	list = (struct list){ "", 0 };
	check_int(mqs_dir_each_group(&dir, collect, &list, &err), 0);
	check_str(list.text, "x y ");
	check_int(mqs_dir_has_group(&dir, "x"), 1);
	check_int(mqs_dir_has_group(&dir, "z"), 0);
	check_int(mqs_dir_has_group(&dir, ""), 0);
	mqs_dir_close(&dir);
	teardown();
}

static void
test_install(void)
{
	struct mqs_dir dir;
	struct stat st;
	char temp[32];

	setup();
	check_int(create("q"), 0);
	check_int(mqs_dir_open(&dir, spool, "q", &err), 0);
	check_int((int)strlen(mqs_temp_name(temp)), 21);
	touch(dir.fd, temp);
	touch(dir.fd, "g.group.mdb-lock");	/* of one that was deleted */
	check_int(mqs_dir_install(&dir, temp, "g.group.mdb", &err), 0);
	check_int(mqs_dir_has_group(&dir, "g"), 1);
	check_int(fstatat(dir.fd, "g.group.mdb-lock", &st, 0), -1);
	touch(dir.fd, "g.group.mdb-lock");	/* of the one in use */
	touch(dir.fd, mqs_temp_name(temp));
	check_int(mqs_dir_install(&dir, temp, "g.group.mdb", &err), MQS_EEXIST);
	check_int(fstatat(dir.fd, temp, &st, 0), -1);
	check_int(fstatat(dir.fd, "g.group.mdb-lock", &st, 0), 0);
	touch(dir.fd, ".new-left");
	touch(dir.fd, ".new-left-lock");
	must(mkdirat(dir.fd, ".new-folder", 0700) == 0);
	check_int(mqs_dir_sweep(&dir, &err), 0);
	check_int(fstatat(dir.fd, ".new-left", &st, 0), -1);
	check_int(fstatat(dir.fd, ".new-left-lock", &st, 0), -1);
	check_int(fstatat(dir.fd, ".new-folder", &st, 0), -1);
	check_int(mqs_dir_has_group(&dir, "g"), 1);
	mqs_dir_close(&dir);
	teardown();
}

static void
test_rename(void)
{
	setup();
	touch(base.fd, "a");
	touch(base.fd, "b");
	check_int(mqs_rename_new(base.fd, "a", base.fd, "b"), -1);
	check_int(errno, EEXIST);
	check_int(mqs_rename_new(base.fd, "blob", base.fd, "owner"), -1);
	check_int(errno, EEXIST);
	check_int(mqs_rename_new(base.fd, "a", base.fd, "c"), 0);
	check_int(mqs_rename_new(base.fd, "blob", base.fd, "d"), 0);
	check_int(mqs_remove_tree(base.fd, "d"), 0);
	check_int(mqs_remove_tree(base.fd, "c"), 0);
	check_int(mqs_remove_tree(base.fd, "c"), 0);
	teardown();
}

static int
as_nobody(void *arg)
{
	struct mqs_dir dir;

	(void)arg;
	if (seteuid(65534) == -1)
		return SKIP;
	if (create("new") != MQS_EPERM || !says("new: can't be made in"))
		return 1;
	if (mqs_dir_open(&dir, spool, "orders", &err) != MQS_OK)
		return 2;
	if (dir.turn != -1 || dir.gate == -1)
		return 3;
	if (mqs_dir_delete(&dir, spool, &err) != MQS_EPERM)
		return 4;
	mqs_dir_close(&dir);
	if (mqs_dir_open(&dir, spool, "private", &err) != MQS_EPERM)
		return 5;
	strcat(spool, "/x");
	return mqs_spool_check(spool, 1, &err) == MQS_EPERM ? 0 : 6;
}

static void
test_permissions(void)
{
	mode_t mask = umask(022);
	char path[500];
	int rc;

	setup();
	check_int(create("orders"), 0);
	check_int(create("private"), 0);
	path_of(path, "private");
	must(chmod(path, 0700) == 0);
	rc = in_child(as_nobody, NULL);
	if (!skipped(rc, "not root"))
		check_int(rc, 0);
	umask(mask);
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
	run_test("no spool, no queue, a file in the way", test_not_there);
	run_test("a directory that is no queue", test_no_queue);
	run_test("maintenance has a queue to itself", test_sole);
	run_test("a queue is deleted at once", test_delete);
	run_test("names of queues and groups", test_names);
	run_test("a group is put in its place", test_install);
	run_test("renaming never replaces", test_rename);
	run_test("permissions", test_permissions);
	run_test("a full disk", test_full_disk);
	run_test("killed at any moment", test_kills);
	return finish_tests();
}
