/* test_blob.c - large bodies: whole or not there, and never collected too early */
#include <sys/file.h>
#include <sys/mount.h>
#include <sys/resource.h>

#include <sched.h>
#include "base/hash.h"

#include "base/clock.h"
#include "check.h"
#include "embedded/store/blob.h"
#include "embedded/store/blob_sweep.h"
#include "tree.h"

#define BIG	((size_t)3 * 1024 * 1024 + 5)

static struct mqs_dir dir;
static struct mqs_error err;
static unsigned char *big;

static char *
blob_path(uint64_t name)
{
	static char path[512];

	snprintf(path, sizeof(path), "%s/blob/%016" PRIx64, dir.path, name);
	return path;
}

/* Compares a whole file with n bytes. */
static void
check_content(int fd, const void *want, size_t n)
{
	unsigned char *got = malloc(n + 1);
	size_t have = 0;
	ssize_t r;

	must(got != NULL);
	check_int(lseek(fd, 0, SEEK_CUR), 0);
	while (have <= n && (r = read(fd, got + have, n + 1 - have)) > 0)
		have += (size_t)r;
	check_mem(got, have, want, n);
	free(got);
}

static struct mqs_blob *
new_blob(void)
{
	struct mqs_blob *blob = NULL;

	must(mqs_blob_new(&blob, &dir, &err) == 0);
	return blob;
}

static int
big_file(void)
{
	int fd = open(dir.path, O_TMPFILE | O_RDWR | O_CLOEXEC, 0600);

	must(fd != -1);
	must(write(fd, big, BIG) == (ssize_t)BIG);
	return fd;
}

/* A blob of `text', kept. */
static struct mqs_blob_ref
keep(const char *text)
{
	struct mqs_blob *blob = new_blob();
	struct mqs_blob_ref ref = { 0 };

	must(mqs_blob_write(blob, text, strlen(text), &err) == 0);
	must(mqs_blob_finish(blob, &ref, &err) == 0);
	mqs_blob_free(blob, 1);
	return ref;
}

static void
test_write(void)
{
	struct mqs_blob *blob;
	struct mqs_blob_ref ref;
	size_t at, n;
	int fd;

	make_tree(&dir);
	blob = new_blob();
	for (at = 0, n = 1; at < BIG; at += n, n = n * 3 + 1) {
		if (n > BIG - at)
			n = BIG - at;
		check_int(mqs_blob_write(blob, big + at, n, &err), 0);
		check_u64(mqs_blob_size(blob), at + n);
	}
	check_int(mqs_blob_finish(blob, &ref, &err), 0);
	check(ref.name != 0);
	check_u64(ref.size, BIG);
	check_u64(ref.hash, XXH3_64bits(big, BIG));
	check_int(mqs_blob_write(blob, "x", 1, &err), MQS_EBUG);
	mqs_blob_free(blob, 1);
	if (check_int(mqs_blob_open(&dir, &ref, 1, &fd, &err), 0)) {
		check(fcntl(fd, F_GETFD) & FD_CLOEXEC);
		check_int(fcntl(fd, F_GETFL) & (O_ACCMODE | O_NONBLOCK), O_RDONLY);
		check_content(fd, big, BIG);
		close(fd);
	}
	check_int(tree_entries(&dir, "blob"), 1);
	check_int(mqs_blob_unlink(&dir, ref.name, &err), 0);
	check_int(mqs_blob_unlink(&dir, ref.name, &err), 0);
	check_int(mqs_blob_open(&dir, &ref, 0, &fd, &err), MQS_NOTHING);
	drop_tree(&dir);
}

static void
test_empty(void)
{
	struct mqs_blob *blob;
	struct mqs_blob_ref ref;
	int fd;

	make_tree(&dir);
	blob = new_blob();
	check_int(mqs_blob_write(blob, NULL, 0, &err), 0);
	check_int(mqs_blob_finish(blob, &ref, &err), 0);
	check_u64(ref.size, 0);
	mqs_blob_free(blob, 1);
	check_int(mqs_blob_open(&dir, &ref, 1, &fd, &err), 0);
	close(fd);
	mqs_blob_free(NULL, 0);
	drop_tree(&dir);
}

static void
test_copy(void)
{
	struct mqs_blob *blob;
	struct mqs_blob_ref ref;
	int file, fd;

	make_tree(&dir);
	file = big_file();
	must(lseek(file, 77, SEEK_SET) == 77);
	blob = new_blob();
	/* A part of the file, after what was written. */
	check_int(mqs_blob_write(blob, big, 3, &err), 0);
	check_int(mqs_blob_copy(blob, file, 10, &err), 0);
	check_u64(mqs_blob_size(blob), 13);
	mqs_blob_free(blob, 0);
	check_int(tree_entries(&dir, "blob"), 0);
	blob = new_blob();
	check_int(mqs_blob_copy(blob, file, BIG, &err), 0);
	check_int(lseek(file, 0, SEEK_CUR), 77);	/* it is the caller's */
	check_int(mqs_blob_finish(blob, &ref, &err), 0);
	check_u64(ref.size, BIG);
	check_u64(ref.hash, XXH3_64bits(big, BIG));
	mqs_blob_free(blob, 1);
	if (check_int(mqs_blob_open(&dir, &ref, 1, &fd, &err), 0)) {
		check_content(fd, big, BIG);
		close(fd);
	}
	close(file);
	drop_tree(&dir);
}

/* The kernel does not copy from devices. */
static void
test_copy_by_hand(void)
{
	unsigned char *zeros = calloc(1, 1000000);
	struct mqs_blob *blob;
	struct mqs_blob_ref ref;
	int file, fd;

	make_tree(&dir);
	must(zeros != NULL && (file = open("/dev/zero", O_RDONLY | O_CLOEXEC)) != -1);
	blob = new_blob();
	check_int(mqs_blob_copy(blob, file, 1000000, &err), 0);
	check_int(mqs_blob_finish(blob, &ref, &err), 0);
	check_u64(ref.hash, XXH3_64bits(zeros, 1000000));
	mqs_blob_free(blob, 1);
	if (check_int(mqs_blob_open(&dir, &ref, 1, &fd, &err), 0)) {
		check_content(fd, zeros, 1000000);
		close(fd);
	}
	free(zeros);
	close(file);
	drop_tree(&dir);
}

static void
test_short_source(void)
{
	struct mqs_blob *blob;
	struct mqs_blob_ref ref;
	int file;

	make_tree(&dir);
	file = big_file();
	blob = new_blob();
	check_int(mqs_blob_copy(blob, file, BIG + 1, &err), MQS_EDATA);
	check_str(err.text, "body: ended after 3145733 of 3145734 bytes");
	check_int(tree_entries(&dir, "blob"), 0);
	/* What failed stays failed, for the same reason. */
	memset(&err, 0, sizeof(err));
	check_int(mqs_blob_write(blob, "x", 1, &err), MQS_EDATA);
	check_int(mqs_blob_copy(blob, file, 1, NULL), MQS_EDATA);
	check_int(mqs_blob_finish(blob, &ref, &err), MQS_EDATA);
	check_str(err.text, "body: ended after 3145733 of 3145734 bytes");
	mqs_blob_free(blob, 1);
	/* A file that can't be read. */
	close(file);
	must((file = open("/", O_RDONLY | O_CLOEXEC)) != -1);
	blob = new_blob();
	check_int(mqs_blob_copy(blob, file, 5, &err), MQS_EIO);
	mqs_blob_free(blob, 0);
	close(file);
	drop_tree(&dir);
}

static void
test_cut_meanwhile(void)
{
	struct mqs_blob *blob;
	struct mqs_blob_ref ref;
	DIR *list;
	struct dirent *entry;

	make_tree(&dir);
	blob = new_blob();
	must(mqs_blob_write(blob, "1234567", 7, &err) == 0);
	must((list = fdopendir(dup(dir.blob))) != NULL);
	while ((entry = readdir(list)) != NULL) {
		if (entry->d_name[0] != '.') {
			int fd = openat(dir.blob, entry->d_name, O_WRONLY);

			must(fd != -1 && ftruncate(fd, 6) == 0);
			close(fd);
		}
	}
	closedir(list);
	check_int(mqs_blob_finish(blob, &ref, &err), MQS_EIO);
	check_int(tree_entries(&dir, "blob"), 0);
	mqs_blob_free(blob, 1);
	drop_tree(&dir);
}

static void
test_damage(void)
{
	struct mqs_blob_ref ref;
	int fd, file;

	make_tree(&dir);
	ref = keep("0123456789");
	must((file = open(blob_path(ref.name), O_RDWR | O_CLOEXEC)) != -1);
	must(pwrite(file, "x", 1, 5) == 1);
	check_int(mqs_blob_open(&dir, &ref, 0, &fd, &err), 0);
	close(fd);
	check_int(mqs_blob_open(&dir, &ref, 1, &fd, &err), MQS_EDAMAGED);
	check_int(fd, -1);
	check(strncmp(err.text, blob_path(ref.name), strlen(blob_path(ref.name))) == 0);
	must(ftruncate(file, 9) == 0);
	check_int(mqs_blob_open(&dir, &ref, 0, &fd, &err), MQS_EDAMAGED);
	check(strstr(err.text, ": has 9 bytes, not 10") != NULL);
	close(file);
	must(unlink(blob_path(ref.name)) == 0);
	must(mkfifo(blob_path(ref.name), 0600) == 0);
	check_int(mqs_blob_open(&dir, &ref, 0, &fd, &err), MQS_EDAMAGED);
	drop_tree(&dir);
}

static int
write_beyond_limit(void *arg)
{
	const struct rlimit limit = { 1000, 1000 };
	struct mqs_blob *blob = new_blob();
	struct mqs_blob_ref ref;

	(void)arg;
	signal(SIGXFSZ, SIG_IGN);
	must(setrlimit(RLIMIT_FSIZE, &limit) == 0);
	if (mqs_blob_write(blob, big, 1000, &err) != 0)
		return 1;
	if (mqs_blob_write(blob, big, 1000, &err) != MQS_EIO)
		return 2;
	if (tree_entries(&dir, "blob") != 0)
		return 3;
	return mqs_blob_finish(blob, &ref, &err) == MQS_EIO ? 0 : 4;
}

static void
test_limit(void)
{
	make_tree(&dir);
	check_int(in_child(write_beyond_limit, NULL), 0);
	drop_tree(&dir);
}

static int
fill_disk(void *arg)
{
	struct mqs_blob *blob, *other;
	int file = *(int *)arg;

	if (unshare(CLONE_NEWNS) == -1 ||
	    mount("none", "/", NULL, MS_REC | MS_PRIVATE, NULL) == -1 ||
	    mount("none", dir.path, "tmpfs", 0, "size=2M") == -1)
		return SKIP;
	close(dir.fd);
	close(dir.blob);
	close(dir.owner);
	dir.fd = tree_folder(AT_FDCWD, dir.path);
	dir.blob = tree_folder(dir.fd, "blob");
	blob = new_blob();
	if (mqs_blob_write(blob, big, BIG, &err) != MQS_EFULL)
		return 1;
	if (strstr(err.text, "/blob/") == NULL || strstr(err.text, ": write: ") == NULL)
		return 2;
	if (tree_entries(&dir, "blob") != 0)
		return 3;
	/* There is room again, before the failed one is freed. */
	other = new_blob();
	if (mqs_blob_write(other, big, BIG / 2, &err) != 0)
		return 4;
	mqs_blob_free(other, 0);
	mqs_blob_free(blob, 0);
	blob = new_blob();
	if (mqs_blob_copy(blob, file, BIG, &err) != MQS_EFULL)
		return 5;
	mqs_blob_free(blob, 0);
	return tree_entries(&dir, "blob") == 0 ? 0 : 6;
}

static void
test_full_disk(void)
{
	int rc, file;

	make_tree(&dir);
	file = big_file();
	rc = in_child(fill_disk, &file);
	if (!skipped(rc, "can't mount a small disk"))
		check_int(rc, 0);
	close(file);
	drop_tree(&dir);
}

struct asked {
	int		 calls;
	uint64_t	 referenced;	/* this one is */
	int		 fail;
};

static int
ask(void *arg, uint64_t name, struct mqs_error *e)
{
	struct asked *asked = arg;
	int fd;

	asked->calls++;
	/* It is locked while this is asked. */
	must((fd = open(blob_path(name), O_RDONLY | O_CLOEXEC)) != -1);
	check(flock(fd, LOCK_SH | LOCK_NB) == -1);
	close(fd);
	if (asked->fail) {
		snprintf(e->text, sizeof(e->text), "no snapshot");
		return MQS_ESYSTEM;
	}
	return name == asked->referenced;
}

static void
test_sweep(void)
{
	struct asked asked = { 0 };
	struct mqs_blob_ref kept, orphan, used;
	struct mqs_blob *blob;
	uint64_t removed = 9;
	int fd, reader;

	make_tree(&dir);
	kept = keep("kept");
	orphan = keep("orphan");
	asked.referenced = kept.name;
	blob = new_blob();			/* being written: not asked about */
	close(openat(dir.blob, "README", O_CREAT | O_WRONLY, 0600));
	must(mqs_blob_open(&dir, &orphan, 0, &reader, &err) == 0);
	check_int(mqs_blob_sweep(&dir, ask, &asked, &removed, &err), 0);
	check_u64(removed, 1);
	check_int(asked.calls, 2);
	check_int(mqs_blob_open(&dir, &orphan, 0, &fd, &err), MQS_NOTHING);
	check_content(reader, "orphan", 6);	/* who has it open keeps it */
	close(reader);
	check_int(mqs_blob_finish(blob, &used, &err), 0);
	check_int(mqs_blob_sweep(&dir, ask, &asked, &removed, &err), 0);
	check_u64(removed, 0);			/* finished, but not yet free */
	mqs_blob_free(blob, 1);
	asked.fail = 1;
	check_int(mqs_blob_sweep(&dir, ask, &asked, &removed, &err), MQS_ESYSTEM);
	check_str(err.text, "no snapshot");
	asked.fail = 0;
	check_int(mqs_blob_sweep(&dir, ask, &asked, &removed, &err), 0);
	check_u64(removed, 1);
	check_int(mqs_blob_open(&dir, &kept, 1, &fd, &err), 0);
	close(fd);
	check_int(tree_entries(&dir, "blob"), 2);
	drop_tree(&dir);
}

static void
test_killed_writer(void)
{
	struct asked asked = { 0 };
	uint64_t removed;
	int ready[2];
	pid_t pid;
	char c;

	make_tree(&dir);
	make_pipe(ready);
	fflush(stdout);
	must((pid = fork()) != -1);
	if (pid == 0) {
		must(mqs_blob_write(new_blob(), "half", 4, &err) == 0);
		tell(ready[1], "", 1);
		for (;;)
			pause();
	}
	must(hear(ready[0], &c, 1));
	check_int(mqs_blob_sweep(&dir, ask, &asked, &removed, &err), 0);
	check_u64(removed, 0);
	check_int(tree_entries(&dir, "blob"), 1);
	kill_child(pid);
	check_int(mqs_blob_sweep(&dir, ask, &asked, &removed, &err), 0);
	check_u64(removed, 1);
	check_int(tree_entries(&dir, "blob"), 0);
	close(ready[0]);
	close(ready[1]);
	drop_tree(&dir);
}

static int
never(void *arg, uint64_t name, struct mqs_error *e)
{
	(void)arg;
	(void)name;
	(void)e;
	return 0;
}

/*
 * Sweeps without pause while blobs are made: none may be collected between being
 * made and being locked.
 */
static void
test_sweep_race(void)
{
	struct mqs_blob_ref ref;
	struct mqs_blob *blob;
	uint64_t removed;
	int i, fd, found = 1;
	pid_t pid;

	make_tree(&dir);
	fflush(stdout);
	must((pid = fork()) != -1);
	if (pid == 0) {
		while (mqs_blob_sweep(&dir, never, NULL, &removed, &err) == 0)
			continue;
		_exit(1);
	}
	for (i = 0; i < 1000 && found; i++) {
		blob = new_blob();
		must(mqs_blob_write(blob, "x", 1, &err) == 0);
		if (i % 100 == 0) {
			must(mqs_blob_finish(blob, &ref, &err) == 0);
			found = mqs_blob_open(&dir, &ref, 1, &fd, &err) == 0;
			if (found)
				close(fd);
		} else
			found = tree_entries(&dir, "blob") > 0;
		check(found);
		mqs_blob_free(blob, 0);
	}
	check_int(waitpid(pid, NULL, WNOHANG), 0);	/* it still sweeps */
	kill_child(pid);
	drop_tree(&dir);
}

static void
test_permissions(void)
{
	mode_t mask = umask(077);
	struct mqs_blob_ref ref;
	struct stat st;

	make_tree(&dir);
	must(fchmod(dir.blob, 02770) == 0);
	ref = keep("x");
	must(stat(blob_path(ref.name), &st) == 0);
	check_int(st.st_mode & 07777, 0660);
	umask(mask);
	drop_tree(&dir);
}

static int
none_referenced(void *arg, uint64_t name, struct mqs_error *e)
{
	(void)arg;
	(void)name;
	(void)e;
	return 0;
}

/* How many a sweep removes where no record names anything. */
static uint64_t
swept(const struct mqs_dir *d)
{
	uint64_t removed = 0;

	check_int(mqs_blob_sweep(d, none_referenced, NULL, &removed, &err), 0);
	return removed;
}

/* A second name in another queue's folder, which outlives the first. */
static void
test_link(void)
{
	struct mqs_blob *blob;
	struct mqs_blob_ref ref, first;
	struct mqs_dir other;
	int fd;

	make_tree(&dir);
	make_tree(&other);
	first = ref = keep("body");
	check_int(mqs_blob_link(&blob, &other, &dir, &ref, &err), 0);
	check(ref.name != first.name && ref.name != 0);
	check_u64(ref.hash, first.hash);
	/* A sweep of either queue takes it for one that is being written. */
	check_u64(swept(&dir), 0);
	check_u64(swept(&other), 0);
	mqs_blob_free(blob, 1);
	check_u64(swept(&dir), 1);
	if (check_int(mqs_blob_open(&other, &ref, 1, &fd, &err), 0)) {
		check_content(fd, "body", 4);
		close(fd);
	}
	/* One whose record was not committed goes, and the other's stays. */
	first = ref;
	check_int(mqs_blob_link(&blob, &dir, &other, &ref, &err), 0);
	check_int(tree_entries(&dir, "blob"), 1);
	mqs_blob_free(blob, 0);
	check_int(tree_entries(&dir, "blob"), 0);
	check_int(mqs_blob_open(&other, &first, 1, &fd, &err), 0);
	close(fd);
	drop_tree(&other);
	drop_tree(&dir);
}

/* What can't share a file is to be copied. */
static void
test_no_link(void)
{
	struct mqs_blob *blob;
	struct mqs_blob_ref ref;
	struct mqs_dir other;
	char name[17];
	int fd;

	make_tree(&dir);
	make_tree(&other);
	ref = keep("body");
	must(fchmod(other.blob, 0755) == 0);
	check_int(mqs_blob_link(&blob, &other, &dir, &ref, &err), MQS_NOTHING);
	must(fchmod(other.blob, 0700) == 0);
	snprintf(name, sizeof(name), "%016" PRIx64, ref.name);
	must((fd = openat(dir.blob, name, O_RDONLY | O_CLOEXEC)) != -1);
	must(flock(fd, LOCK_EX) == 0);	/* as a sweep does */
	check_int(mqs_blob_link(&blob, &other, &dir, &ref, &err), MQS_NOTHING);
	close(fd);
	check_int(tree_entries(&other, "blob"), 0);
	check_int(mqs_blob_unlink(&dir, ref.name, &err), 0);
	check_int(mqs_blob_link(&blob, &other, &dir, &ref, &err), MQS_NOTHING);
	check_int(tree_entries(&other, "blob"), 0);
	drop_tree(&other);
	drop_tree(&dir);
}

int
main(void)
{
	size_t i;

	must((big = malloc(BIG)) != NULL);
	for (i = 0; i < BIG; i++)
		big[i] = (unsigned char)(i * 2654435761u >> 24);
	run_test("written in pieces, read whole, removed", test_write);
	run_test("an empty one", test_empty);
	run_test("copied from a file by the kernel", test_copy);
	run_test("copied by hand where the kernel can't", test_copy_by_hand);
	run_test("a source that is too short spoils it", test_short_source);
	run_test("a file that was cut meanwhile does not finish", test_cut_meanwhile);
	run_test("damage is found", test_damage);
	run_test("a file size limit removes it", test_limit);
	run_test("a full disk removes it, and gets the room back", test_full_disk);
	run_test("the sweep collects orphans, nothing else", test_sweep);
	run_test("a killed writer leaves an orphan", test_killed_writer);
	run_test("the sweep takes nothing that is just being made", test_sweep_race);
	run_test("linked into another queue, it outlives the first", test_link);
	run_test("not linked where it can't be shared", test_no_link);
	run_test("permissions are the folder's, not the umask's", test_permissions);
	free(big);
	return finish_tests();
}
