/*
 * test_filesystem.c - filesystems of other kinds, which this machine may not have
 *
 * What the kernel answers about a filesystem is replaced here: the type that fstatfs
 * tells, the mount table, and whether a rename can refuse to replace.
 */
#include <sys/syscall.h>
#include <sys/sysmacros.h>
#include <sys/vfs.h>

#include "check.h"
#include "embedded/store/directory.h"
#include "embedded/store/filesystem.h"
#include "tree.h"

#define FUSE	0x65735546

static struct mqs_dir dir;
static struct mqs_error err;

static long type;		/* what fstatfs tells; 0: the truth */
static int interrupts;		/* how often it is interrupted first */
static const char *mounts;	/* read in place of the mount table; NULL: there is none */
static int no_rename;		/* errno of a rename that must not replace; 0: it works */

int
fstatfs(int fd, struct statfs *fs)
{
	if (interrupts > 0) {
		interrupts--;
		errno = EINTR;
		return -1;
	}
	if (syscall(SYS_fstatfs, fd, fs) == -1)
		return -1;
	if (type != 0)
		fs->f_type = type;
	return 0;
}

FILE *
fopen(const char *path, const char *mode)
{
	if (mounts == NULL || strcmp(path, "/proc/self/mountinfo") != 0 || *mode != 'r') {
		errno = ENOENT;
		return NULL;
	}
	return fmemopen((void *)(uintptr_t)mounts, strlen(mounts), "r");
}

int
renameat2(int from_dir, const char *from, int to_dir, const char *to, unsigned flags)
{
	if (no_rename != 0 && flags != 0) {
		errno = no_rename;
		return -1;
	}
	return (int)syscall(SYS_renameat2, from_dir, from, to_dir, to, flags);
}

static int
checked(long as)
{
	type = as;
	err.text[0] = '\0';
	return mqs_filesystem_check(dir.fd, "/some/spool", &err);
}

static void
test_local(void)
{
	make_tree(&dir);
	check_int(checked(0), MQS_OK);
	check_int(checked(0xef53), MQS_OK);		/* ext4 */
	check_int(checked(0x9123683e), MQS_OK);		/* btrfs */
	check_int(checked(0x01021994), MQS_OK);		/* tmpfs */
	check_int(checked(0x794c7630), MQS_OK);		/* overlay */
	interrupts = 3;
	check_int(checked(0), MQS_OK);
	check_int(interrupts, 0);
	drop_tree(&dir);
}

static void
test_network(void)
{
	make_tree(&dir);
	check_int(checked(0x6969), MQS_ENOTSUP);
	check_str(err.text, "/some/spool: spool on a network filesystem (nfs): not supported");
	check_int(checked(0xff534d42), MQS_ENOTSUP);
	check_str(err.text, "/some/spool: spool on a network filesystem (cifs): not supported");
	check_int(checked(0x01021997), MQS_ENOTSUP);
	check_str(err.text, "/some/spool: spool on a network filesystem (9p): not supported");
	drop_tree(&dir);
}

/* A mount table in which the tree's device is of this kind, among others. */
static void
set_mounts(char text[256], const char *kind)
{
	struct stat st;

	must(fstat(dir.fd, &st) == 0);
	(void)snprintf(text, 256,
	    "21 1 0:1 / /proc rw,nosuid - proc proc rw\n"
	    "not a line of that table\n"
	    "36 35 %u:%u / /mnt rw,noatime shared:1 - %s source rw\n",
	    major(st.st_dev), minor(st.st_dev), kind);
	mounts = text;
}

static void
test_fuse(void)
{
	char text[256];

	make_tree(&dir);
	set_mounts(text, "fuse.sshfs");
	check_int(checked(FUSE), MQS_ENOTSUP);
	check_str(err.text,
	    "/some/spool: spool on a network filesystem (fuse.sshfs): not supported");
	set_mounts(text, "virtiofs");
	check_int(checked(FUSE), MQS_ENOTSUP);
	set_mounts(text, "fuse.ntfs-3g");
	check_int(checked(FUSE), MQS_OK);
	set_mounts(text, "fuseblk");
	check_int(checked(FUSE), MQS_OK);
	mounts = NULL;
	check_int(checked(FUSE), MQS_ENOTSUP);
	check_str(err.text, "/some/spool: spool on a network filesystem "
	    "(fuse, of an unknown kind): not supported");
	drop_tree(&dir);
}

static void
make_file(const char *name)
{
	int fd;

	must((fd = openat(dir.fd, name, O_WRONLY | O_CREAT | O_EXCL, 0600)) != -1);
	must(close(fd) == 0);
}

static int
is_there(const char *name)
{
	return faccessat(dir.fd, name, F_OK, 0) == 0;
}

/* Files and directories, free names and taken ones, however the kernel does it. */
static void
rename_all(void)
{
	make_tree(&dir);
	make_file("a");
	make_file("b");
	check_int(mqs_rename_new(dir.fd, "a", dir.fd, "b"), -1);
	check_int(errno, EEXIST);
	check(is_there("a"));
	check_int(mqs_rename_new(dir.fd, "a", dir.fd, "c"), 0);
	check(!is_there("a") && is_there("c"));
	must(mkdirat(dir.fd, "d", 0700) == 0 && mkdirat(dir.fd, "e", 0700) == 0);
	check_int(mqs_rename_new(dir.fd, "d", dir.fd, "e"), -1);
	check_int(errno, EEXIST);
	check_int(mqs_rename_new(dir.fd, "d", dir.fd, "f"), 0);
	check(!is_there("d") && is_there("f"));
	check_int(mqs_rename_new(dir.fd, "nothing", dir.fd, "g"), -1);
	check_int(errno, ENOENT);
	drop_tree(&dir);
}

static void
test_rename(void)
{
	no_rename = 0;
	rename_all();
	no_rename = EINVAL;
	rename_all();
	no_rename = ENOSYS;
	rename_all();
	no_rename = EIO;
	make_tree(&dir);
	make_file("a");
	check_int(mqs_rename_new(dir.fd, "a", dir.fd, "b"), -1);
	check_int(errno, EIO);
	check(is_there("a"));
	drop_tree(&dir);
	no_rename = 0;
}

int
main(void)
{
	run_test("local filesystems are used", test_local);
	run_test("network filesystems are refused by name", test_network);
	run_test("FUSE: refused if it reaches over a network, or can't be told", test_fuse);
	run_test("a rename never replaces, also where the kernel can't promise it", test_rename);
	return finish_tests();
}
