/*
 * test_wake.c - waking: what wakes, what does not, and what takes its place
 *
 * Waits are for a state, with a time after which the test gives up.
 */
#include <sys/epoll.h>

#include <poll.h>
#include <sched.h>

#include "base/clock.h"
#include "check.h"
#include "embedded/store/owner.h"
#include "embedded/store/status_page.h"
#include "embedded/store/wake.h"
#include "tree.h"

#define GIVE_UP	5000	/* ms */

#define FAMILY	0xfedcba98u	/* upper half of the names */

static struct mqs_dir dir;
static struct mqs_error err;

/* 1 if it is readable now. */
static int
is_ready(struct mqs_wake *w)
{
	struct pollfd p = { .fd = mqs_wake_fd(w), .events = POLLIN };

	return poll(&p, 1, 0) == 1;
}

/* Waits for one wake: what it was for, or UINT_MAX if none came. */
static unsigned
wait_once(struct mqs_wake *w, int ms)
{
	struct pollfd p = { .fd = mqs_wake_fd(w), .events = POLLIN };
	unsigned what = 0;
	int rc;

	while ((rc = poll(&p, 1, ms)) == -1)
		must(errno == EINTR);
	if (rc == 0)
		return UINT32_MAX;
	check_int(mqs_wake_drain(w, &what, &err), 0);
	return what;
}

/* Waits until a wake is for any of `wanted': what it was for, or 0. */
static unsigned
wait_for(struct mqs_wake *w, unsigned wanted)
{
	int64_t end = mqs_boottime() + GIVE_UP * MQS_MSEC;
	unsigned what;

	while (mqs_boottime() < end) {
		what = wait_once(w, GIVE_UP);
		if (what != UINT32_MAX && (what & wanted))
			return what;
	}
	return 0;
}

/* What has happened by now. */
static unsigned
drain(struct mqs_wake *w)
{
	unsigned what = 0;

	check_int(mqs_wake_drain(w, &what, &err), 0);
	return what;
}

static void
touch_page(const char *name)
{
	static uint64_t tx;
	struct mqs_page page = { 0 };
	int fd;

	page.tx = ++tx;
	must(mqs_page_open(&dir, name, 1, &fd, &err) == 0);
	must(mqs_page_write(fd, &page, 0, &err) == 0);
	close(fd);
}

static struct mqs_wake *
new_wake(const char *group, int owners)
{
	struct mqs_wake *w = NULL;
	int fd;

	make_tree(&dir);
	/* The group's page is made beside its file only. */
	fd = openat(dir.fd, "g.group.mdb", O_RDWR | O_CREAT | O_CLOEXEC, 0666);
	must(fd != -1);
	close(fd);
	must(mqs_wake_new(&w, &dir, group, owners, &err) == 0);
	return w;
}

static void
done(struct mqs_wake *w)
{
	mqs_wake_free(w);
	drop_tree(&dir);
}

static void
test_pages(void)
{
	struct mqs_wake *w = new_wake("g", 0);

	/* Both pages were made, to be watched. */
	check(faccessat(dir.fd, "log.stat", F_OK, 0) == 0);
	check(faccessat(dir.fd, "g.group.stat", F_OK, 0) == 0);
	check(fcntl(mqs_wake_fd(w), F_GETFD) & FD_CLOEXEC);
	check(!is_ready(w));
	touch_page("log.stat");
	check_u64(wait_once(w, GIVE_UP) & ~MQS_WAKE_TIME, MQS_WAKE_LOG);
	check(!is_ready(w));
	touch_page("g.group.stat");
	check_u64(wait_once(w, GIVE_UP) & ~MQS_WAKE_TIME, MQS_WAKE_GROUP);
	touch_page("log.stat");
	touch_page("g.group.stat");
	check_u64(wait_once(w, GIVE_UP) & ~MQS_WAKE_TIME,
	    MQS_WAKE_LOG | MQS_WAKE_GROUP);
	touch_page("other.group.stat");
	check_u64(drain(w) & ~MQS_WAKE_TIME, 0);
	done(w);
}

static void
test_only_log(void)
{
	struct mqs_wake *w = new_wake(NULL, 0);
	struct mqs_owner *owner;

	touch_page("g.group.stat");
	must(mqs_owner_new(&owner, &dir, FAMILY, &err) == 0);
	mqs_owner_free(owner, 1);
	check_u64(drain(w) & ~MQS_WAKE_TIME, 0);
	touch_page("log.stat");
	check_u64(wait_for(w, MQS_WAKE_LOG) & ~MQS_WAKE_TIME, MQS_WAKE_LOG);
	done(w);
}

static void
test_flood(void)
{
	struct mqs_wake *w = new_wake("g", 0);
	int i;

	/* By turns, so that the kernel can't join them. */
	for (i = 0; i < 10000; i++) {
		touch_page("log.stat");
		touch_page("g.group.stat");
	}
	check_u64(wait_for(w, MQS_WAKE_LOG) & ~MQS_WAKE_TIME,
	    MQS_WAKE_LOG | MQS_WAKE_GROUP);
	for (i = 0; i < 100 && is_ready(w); i++)
		(void)drain(w);
	check(!is_ready(w));
	done(w);
}

static void
test_time(void)
{
	struct mqs_wake *w = new_wake(NULL, 0);
	int64_t when;

	when = mqs_boottime() + 5 * MQS_MSEC;
	check_int(mqs_wake_at(w, when, &err), 0);
	check(wait_for(w, MQS_WAKE_TIME) != 0);
	check(mqs_boottime() >= when);
	/* It is over: no second wake for it. */
	check(!is_ready(w));
	check_int(mqs_wake_at(w, 1, &err), 0);		/* long ago */
	check_u64(wait_once(w, GIVE_UP), MQS_WAKE_TIME);
	check_int(mqs_wake_at(w, -5, &err), 0);
	check_u64(wait_once(w, GIVE_UP), MQS_WAKE_TIME);
	check(!is_ready(w));
	check_int(mqs_wake_at(w, 1, &err), 0);
	check_int(mqs_wake_at(w, 0, &err), 0);		/* taken back */
	check(!is_ready(w));
	done(w);
}

static void
test_second(void)
{
	struct mqs_wake *w = new_wake(NULL, 0);

	check_u64(wait_once(w, GIVE_UP), MQS_WAKE_TIME);
	/* A later time does not put the second off. */
	check_int(mqs_wake_at(w, mqs_boottime() + 3600 * MQS_SECOND, &err), 0);
	check_u64(wait_once(w, GIVE_UP), MQS_WAKE_TIME);
	done(w);
}

/* A consumer that lives until it is killed. */
static pid_t
start_consumer(void)
{
	struct mqs_owner *owner;
	int ready[2];
	pid_t pid;
	char c;

	make_pipe(ready);
	fflush(stdout);
	must((pid = fork()) != -1);
	if (pid == 0) {
		must(mqs_owner_new(&owner, &dir, FAMILY, &err) == 0);
		tell(ready[1], "", 1);
		for (;;)
			pause();
	}
	must(hear(ready[0], &c, 1));
	close(ready[0]);
	close(ready[1]);
	return pid;
}

static void
test_killed_consumer(void)
{
	struct mqs_wake *w = new_wake("g", 1);
	int64_t start;
	int i;
	pid_t pid;

	pid = start_consumer();
	check_u64(drain(w) & ~MQS_WAKE_TIME, 0);	/* a new one wakes nobody */
	start = mqs_boottime();
	kill_child(pid);
	check(wait_for(w, MQS_WAKE_OWNER) != 0);
	/* And again after 1, 10 and 100 ms. */
	for (i = 0; i < 3; i++)
		check(wait_for(w, MQS_WAKE_OWNER) != 0);
	check(mqs_boottime() - start >= 100 * MQS_MSEC);
	check_u64(wait_for(w, MQS_WAKE_TIME | MQS_WAKE_OWNER), MQS_WAKE_TIME);
	done(w);
}

static void
test_owner_events(void)
{
	struct mqs_wake *w = new_wake("g", 1);
	enum mqs_owner_life life;
	struct mqs_owner *owner;
	unsigned run;
	int fd;

	/* What living consumers do wakes nobody, nor does looking at them. */
	must(mqs_owner_new(&owner, &dir, FAMILY, &err) == 0);
	must(mqs_owner_run(owner, 1, 2, &run, &fd, &err) == 0);
	must(mqs_owner_run_started(owner, run, getpid(), &err) == 0);
	must(mqs_owner_look(&dir, mqs_owner_name(owner), &life, NULL, &err) == 0);
	mqs_owner_run_end(owner, run);
	check_u64(drain(w) & ~MQS_WAKE_TIME, 0);
	mqs_owner_free(owner, 1);
	check(wait_for(w, MQS_WAKE_OWNER) != 0);
	done(w);
}

static void
test_renamed(void)
{
	struct mqs_wake *w = new_wake("g", 1);
	char *other;

	must(asprintf(&other, "%s.moved", dir.path) != -1);
	must(rename(dir.path, other) == 0);
	check_u64(wait_once(w, GIVE_UP) & ~MQS_WAKE_TIME, MQS_WAKE_GONE);
	free(dir.path);
	dir.path = other;
	/* What happens there is still told. */
	touch_page("log.stat");
	check(wait_for(w, MQS_WAKE_LOG) != 0);
	done(w);
}

static void
test_removed(void)
{
	struct mqs_wake *w = new_wake("g", 1);

	must(nftw(dir.path, tree_remove, 16, FTW_DEPTH | FTW_PHYS) == 0);
	check(wait_for(w, MQS_WAKE_GONE) != 0);
	done(w);
}

static int
limit_instances(const char *text)
{
	int fd = open("/proc/sys/user/max_inotify_instances", O_WRONLY | O_CLOEXEC);
	ssize_t n;

	if (fd == -1)
		return -1;
	n = write(fd, text, strlen(text));
	close(fd);
	return n == (ssize_t)strlen(text) ? 0 : -1;
}

/* Returns the number of the step that failed. */
static int
without_inotify(void *arg)
{
	struct mqs_wake *w;
	int64_t end;

	(void)arg;
	if (unshare(CLONE_NEWUSER) == -1 || limit_instances("0") == -1)
		return SKIP;
	if (mqs_wake_new(&w, &dir, "g", 1, &err) != 0)
		return 1;
	/* The timer stands in for all of it. */
	if ((wait_once(w, GIVE_UP) & ~MQS_WAKE_TIME) !=
	    (MQS_WAKE_LOG | MQS_WAKE_GROUP | MQS_WAKE_OWNER))
		return 2;
	if (wait_for(w, MQS_WAKE_TIME) == 0)
		return 3;
	if (limit_instances("100") == -1)
		return SKIP;
	/* It is tried again each second; then nothing wakes in between. */
	end = mqs_boottime() + GIVE_UP * MQS_MSEC;
	while (wait_once(w, 200) != UINT32_MAX) {
		if (mqs_boottime() > end)
			return 4;
	}
	touch_page("log.stat");
	if ((wait_for(w, MQS_WAKE_LOG) & ~MQS_WAKE_TIME) != MQS_WAKE_LOG)
		return 5;
	mqs_wake_free(w);
	return 0;
}

static void
test_without_inotify(void)
{
	int rc;

	make_tree(&dir);
	touch_page("log.stat");
	touch_page("g.group.stat");
	rc = in_child(without_inotify, NULL);
	if (!skipped(rc, "can't limit inotify"))
		check_int(rc, 0);
	drop_tree(&dir);
}

/* A page that is not there and can't be made. */
static int
without_page(void *arg)
{
	struct mqs_wake *w;

	(void)arg;
	if (geteuid() == 0 && setresuid(65534, 65534, 65534) == -1)
		return SKIP;
	if (mqs_wake_new(&w, &dir, "g", 0, &err) != 0)
		return 1;
	return (wait_once(w, GIVE_UP) & ~MQS_WAKE_TIME) ==
	    (MQS_WAKE_LOG | MQS_WAKE_GROUP) ? 0 : 2;
}

static void
test_without_page(void)
{
	int rc;

	make_tree(&dir);
	must(fchmod(dir.fd, 0555) == 0);
	rc = in_child(without_page, NULL);
	if (!skipped(rc, "can't become another user"))
		check_int(rc, 0);
	must(fchmod(dir.fd, 0755) == 0);
	drop_tree(&dir);
}

/* A page that may be read but not written is watched all the same. */
static int
with_readable_page(void *arg)
{
	struct mqs_wake *w;
	unsigned what;

	(void)arg;
	if (geteuid() == 0 && setresuid(65534, 65534, 65534) == -1)
		return SKIP;
	if (mqs_wake_new(&w, &dir, NULL, 0, &err) != 0)
		return 1;
	what = wait_once(w, GIVE_UP);
	return what == MQS_WAKE_TIME ? 0 : 2;	/* no polling */
}

static void
test_readable_page(void)
{
	int rc;

	make_tree(&dir);
	touch_page("log.stat");
	must(fchmodat(dir.fd, "log.stat", 0444, 0) == 0);
	must(fchmod(dir.fd, 0555) == 0);
	rc = in_child(with_readable_page, NULL);
	if (!skipped(rc, "can't become another user"))
		check_int(rc, 0);
	must(fchmod(dir.fd, 0755) == 0);
	drop_tree(&dir);
}

int
main(void)
{
	run_test("a page's change wakes, and says which", test_pages);
	run_test("without a group, only the log does", test_only_log);
	run_test("a flood is drained", test_flood);
	run_test("a time that was set wakes once", test_time);
	run_test("a second wakes whatever happens", test_second);
	run_test("a killed consumer wakes, and again a little later",
	    test_killed_consumer);
	run_test("a living consumer wakes nobody", test_owner_events);
	run_test("a renamed queue is gone", test_renamed);
	run_test("a removed queue is gone", test_removed);
	run_test("without inotify the timer runs faster", test_without_inotify);
	run_test("so it does for a page that can't be watched", test_without_page);
	run_test("a page that may only be read is watched", test_readable_page);
	return finish_tests();
}
