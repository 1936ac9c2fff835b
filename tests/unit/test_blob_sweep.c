/* test_blob_sweep.c - large bodies are never collected too early, and can be linked */
#include "blobs.h"
#include "embedded/store/blob_hold.h"
#include "embedded/store/file.h"

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

/* While another holds the bodies, the sweep leaves even orphans alone. */
static void
test_hold(void)
{
	struct mqs_dir own, other;
	char name[MQS_FILE_NAME];
	int fd;

	make_tree(&own);
	must((fd = openat(own.blob, mqs_file_name(7, name), O_RDWR | O_CREAT | O_CLOEXEC,
	    0600)) != -1);
	close(fd);
	other = own;
	close(own.use);
	must((own.use = openat(own.fd, "use", O_RDONLY | O_CREAT | O_CLOEXEC, 0600)) != -1);
	must((other.use = openat(own.fd, "use", O_RDONLY | O_CLOEXEC)) != -1);
	check_int(mqs_blob_hold(&other, NULL), 0);
	check_int(mqs_blob_is_held(&own), 1);
	check_int(mqs_blob_is_held(&other), 0);
	check_u64(swept(&own), 0);
	check_int(tree_entries(&own, "blob"), 1);
	mqs_blob_release(&other);
	check_int(mqs_blob_is_held(&own), 0);
	check_u64(swept(&own), 1);
	check_int(tree_entries(&own, "blob"), 0);
	/* A hold ends with its holder. */
	check_int(mqs_blob_hold(&other, NULL), 0);
	close(other.use);
	check_int(mqs_blob_is_held(&own), 0);
	drop_tree(&own);
}

/* The publisher commits and ends its hold after the sweep has taken its snapshot. */
static int
committed_meanwhile(void *arg, uint64_t name, struct mqs_error *e)
{
	int *hold = arg;

	(void)name;
	(void)e;
	close(*hold);
	*hold = -1;
	return 0;
}

static void
test_suspended(void)
{
	struct mqs_blob_ref ref, again;
	struct mqs_blob *blob, *lost;
	uint64_t removed;
	int hold, fd;

	make_tree(&dir);
	close(dir.use);
	must((dir.use = openat(dir.fd, "use", O_RDONLY | O_CREAT | O_CLOEXEC, 0600)) != -1);
	check_int(mqs_blob_hold_more(&dir, &hold, &err), 0);
	blob = new_blob();
	lost = new_blob();
	must(mqs_blob_write(blob, "body", 4, &err) == 0);
	check_int(mqs_blob_suspend(blob, &err), 0);
	check_int(mqs_blob_suspend(lost, &err), 0);
	check_u64(mqs_blob_size(blob), 4);
	check_content(mqs_blob_fd(blob), "body", 4);
	check_int(mqs_blob_write(blob, "more", 4, &err), MQS_EBUG);
	check_int(mqs_blob_suspend(blob, &err), 0);
	check_int(mqs_blob_write(blob, "more", 4, &err), MQS_EBUG);
	check_int(mqs_blob_finish(blob, &ref, &err), 0);
	check_int(mqs_blob_finish(blob, &again, &err), 0);
	check_u64(again.hash, ref.hash);
	check_u64(ref.size, 4);
	check_int(tree_entries(&dir, "blob"), 2);
	mqs_blob_free(lost, 0);
	check_int(tree_entries(&dir, "blob"), 1);
	/* Nothing locks it, but it is held, even if the commit comes meanwhile. */
	check_int(mqs_blob_sweep(&dir, committed_meanwhile, &hold, &removed, &err), 0);
	check_u64(removed, 0);
	if (hold != -1)
		close(hold);
	mqs_blob_free(blob, 1);
	check_int(mqs_blob_open(&dir, &ref, 1, &fd, &err), 0);
	close(fd);
	check_int(mqs_blob_sweep(&dir, never, NULL, &removed, &err), 0);
	check_u64(removed, 1);
	drop_tree(&dir);
}

int
main(void)
{
	run_test("the sweep collects orphans, nothing else", test_sweep);
	run_test("a killed writer leaves an orphan", test_killed_writer);
	run_test("the sweep takes nothing that is just being made", test_sweep_race);
	run_test("linked into another queue, it outlives the first", test_link);
	run_test("not linked where it can't be shared", test_no_link);
	run_test("bodies that are held stay", test_hold);
	run_test("suspended: no descriptor, no lock, and no sweep", test_suspended);
	return finish_tests();
}
