/* test_owner_file.c - owner files: made, read, listed, removed; each consumer locks one */
#include "owner_files.h"

static int
stop_at(void *arg, uint64_t name)
{
	return name == *(uint64_t *)arg ? 5 : 0;
}

static void
test_own(void)
{
	struct mqs_owner_left left = { .nslots = 9 };
	struct mqs_owner *owner, *other;
	uint64_t name;

	make_tree(&dir);
	check_int(look(1, &left), MQS_OWNER_DEAD);
	check_u64(left.nslots, 0);
	if (!check_int(mqs_owner_new(&owner, &dir, FAMILY, &err), 0))
		return;
	must(mqs_owner_new(&other, &dir, FAMILY, &err) == 0);
	name = mqs_owner_name(owner);
	check(name != mqs_owner_name(other));
	check_u64(name >> 32, FAMILY);
	check_u64(mqs_owner_name(other) >> 32, FAMILY);
	check_int(look(name, &left), MQS_OWNER_LIVES);
	check_int(look(name, NULL), MQS_OWNER_LIVES);
	check_int(owners(), 2);
	mqs_owner_free(owner, 1);
	check_int(look(name, NULL), MQS_OWNER_DEAD);
	check_int(owners(), 1);
	name = mqs_owner_name(other);
	mqs_owner_free(other, 0);
	check_int(look(name, NULL), MQS_OWNER_DEAD);
	check_int(owners(), 1);
	check_int(mqs_owner_collect(&dir, name, &err), 0);
	check_int(owners(), 0);
	check_int(mqs_owner_collect(&dir, name, &err), 0);
	check_int(tree_entries(&dir, "owner"), 0);
	mqs_owner_free(NULL, 1);
	drop_tree(&dir);
}

static void
test_layout(void)
{
	struct mqs_owner *owner;
	unsigned char b[192];
	unsigned run;
	int fd, file;

	make_tree(&dir);
	must(mqs_owner_new(&owner, &dir, FAMILY, &err) == 0);
	must(mqs_owner_handed_out(owner, 11, 12, &err) == 0);
	must(mqs_owner_run(owner, 13, 14, &run, &fd, &err) == 0);
	must(mqs_owner_run_started(owner, run, getpid(), &err) == 0);
	file = open_owner_file(mqs_owner_name(owner));
	must(pread(file, b, sizeof(b), 0) == (ssize_t)sizeof(b));
	check_mem(b, 8, "mqowner\1", 8);
	check_u64(mqs_get_le64(b + 8), mqs_boot());
	check_u64(mqs_get_le64(b + 16), (uint64_t)getpid());
	check_u64(mqs_get_le64(b + 24), mqs_process_start(getpid()));
	check_u64(mqs_get_le64(b + 64), 11);
	check_u64(mqs_get_le64(b + 72), 12);
	check_u64(mqs_get_le64(b + 128), 13);
	check_u64(mqs_get_le64(b + 136), 14);
	check_u64(mqs_get_le64(b + 144), (uint64_t)getpid());
	check_u64(mqs_get_le64(b + 152), mqs_process_start(getpid()));
	check_u64(mqs_get_le64(b + 160), 1);
	check(fcntl(fd, F_GETFD) & FD_CLOEXEC);
	check((fcntl(fd, F_GETFL) & O_ACCMODE) == O_RDONLY);
	close(file);
	mqs_owner_free(owner, 1);
	drop_tree(&dir);
}

static void
test_each(void)
{
	struct mqs_owner *a, *b;
	uint64_t name;

	make_tree(&dir);
	must(mqs_owner_new(&a, &dir, FAMILY, &err) == 0);
	must(mqs_owner_new(&b, &dir, FAMILY, &err) == 0);
	close(openat(dir.owner, ".new-0123456789abcdef", O_CREAT | O_WRONLY, 0600));
	close(openat(dir.owner, "0123456789ABCDEF", O_CREAT | O_WRONLY, 0600));
	close(openat(dir.owner, "0123456789abcdef0", O_CREAT | O_WRONLY, 0600));
	close(openat(dir.owner, "0123", O_CREAT | O_WRONLY, 0600));
	check_int(owners(), 2);
	name = mqs_owner_name(b);
	check_int(mqs_owner_each(&dir, stop_at, &name, &err), 5);
	mqs_owner_free(a, 1);
	mqs_owner_free(b, 1);
	drop_tree(&dir);
}

static int
without_proc(void *arg)
{
	struct mqs_owner *owner;
	unsigned run;
	int fd, life;

	(void)arg;
	if (unshare(CLONE_NEWNS) == -1 ||
	    mount("none", "/", NULL, MS_REC | MS_PRIVATE, NULL) == -1 ||
	    mount("none", "/proc", "tmpfs", 0, NULL) == -1)
		return SKIP;
	if (mqs_owner_new(&owner, &dir, FAMILY, &err) != 0)
		return 1;
	if (mqs_owner_run(owner, 1, 2, &run, &fd, &err) != 0 ||
	    mqs_owner_run_started(owner, run, getpid(), &err) != 0)
		return 2;
	life = (int)look(mqs_owner_name(owner), NULL);
	if (life != MQS_OWNER_LIVES || owners() != 1 ||
	    tree_entries(&dir, "owner") != 1)
		return 3;
	mqs_owner_free(owner, 1);
	return tree_entries(&dir, "owner") == 0 ? 0 : 4;
}

static void
test_without_proc(void)
{
	int rc;

	make_tree(&dir);
	rc = in_child(without_proc, NULL);
	if (!skipped(rc, "can't hide /proc"))
		check_int(rc, 0);
	drop_tree(&dir);
}

static int
run_beyond_limit(void *arg)
{
	const struct rlimit limit = { 128, 128 };
	struct mqs_owner *owner;
	unsigned run;
	int fd, rc;

	(void)arg;
	signal(SIGXFSZ, SIG_IGN);
	must(setrlimit(RLIMIT_FSIZE, &limit) == 0);
	must(mqs_owner_new(&owner, &dir, FAMILY, &err) == 0);
	rc = mqs_owner_run(owner, 1, 2, &run, &fd, &err);
	if (rc != MQS_EIO || fd != -1 || strstr(err.text, "/owner/") == NULL)
		return 1;
	return run_locked(mqs_owner_name(owner)) ? 2 : 0;
}

static void
test_limit(void)
{
	make_tree(&dir);
	check_int(in_child(run_beyond_limit, NULL), 0);
	drop_tree(&dir);
}

static void
test_gone(void)
{
	struct mqs_owner *owner;

	make_tree(&dir);
	must(nftw(dir.path, tree_remove, 16, FTW_DEPTH | FTW_PHYS) == 0);
	check_int(mqs_owner_new(&owner, &dir, FAMILY, &err), MQS_ENOENT);
	check(owner == NULL);
	drop_tree(&dir);
}

static void
test_permissions(void)
{
	mode_t mask = umask(077);
	struct mqs_owner *owner;
	struct stat st;
	int fd;

	make_tree(&dir);
	must(fchmod(dir.owner, 02770) == 0);
	must(mqs_owner_new(&owner, &dir, FAMILY, &err) == 0);
	fd = open_owner_file(mqs_owner_name(owner));
	must(fstat(fd, &st) == 0);
	check_int(st.st_mode & 07777, 0660);
	close(fd);
	mqs_owner_free(owner, 1);
	umask(mask);
	drop_tree(&dir);
}

int
main(void)
{
	must(prctl(PR_SET_CHILD_SUBREAPER, 1, 0, 0, 0) == 0);
	run_test("made, seen alive, removed", test_own);
	run_test("the file is as described", test_layout);
	run_test("only owners are listed", test_each);
	run_test("it works without /proc", test_without_proc);
	run_test("a failed write leaves no lock", test_limit);
	run_test("a queue that is gone ends in an error", test_gone);
	run_test("permissions are the folder's, not the umask's", test_permissions);
	return finish_tests();
}
