/* test_queue_dir.c - directories of queues: opened only if whole, locked against maintenance */
#include "queue_dirs.h"

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
		snprintf(words, sizeof(words), "%s: no %s", strcmp(parts[i], "log.mdb") == 0 ?
		    "not a queue" : "not a whole queue", parts[i]);
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
	char who[64];

	setup();
	check_int(create("orders"), 0);
	check_int(mqs_dir_open(&a, spool, "orders", &err), 0);
	check_int(mqs_dir_open(&b, spool, "orders", &err), 0);
	check_int(mqs_dir_open_sole(&c, spool, "orders", &err), MQS_EBUSY);
	snprintf(who, sizeof(who), "in use by %ld (", (long)getpid());
	check(says(who));
	mqs_dir_close(&a);
	/* b still holds it shared: */
	check_int(mqs_dir_open_sole(&c, spool, "orders", &err), MQS_EBUSY);
	mqs_dir_close(&b);
	check_int(mqs_dir_open_sole(&b, spool, "orders", &err), 0);
	check_int(mqs_dir_open_sole(&c, spool, "orders", &err), MQS_EBUSY);
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
	check_int(mqs_dir_sweep(&dir, NULL, NULL, &err), 0);
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

int
main(void)
{
	run_test("no spool, no queue, a file in the way", test_not_there);
	run_test("a directory that is no queue", test_no_queue);
	run_test("maintenance has a queue to itself", test_sole);
	run_test("names of queues and groups", test_names);
	run_test("a group is put in its place", test_install);
	run_test("renaming never replaces", test_rename);
	run_test("permissions", test_permissions);
	return finish_tests();
}
