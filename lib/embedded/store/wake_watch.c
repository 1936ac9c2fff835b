/*
 * wake_watch.c - inotify watches of a queue's status pages, consumers and directory
 *
 * Watches are set by open descriptor (/proc/self/fd/N), not by path, so that they
 * are of this queue even if another takes its name meanwhile.  A watch that can't
 * be had (no inotify instance or watch left, a page that is not there and can't be
 * made) is missing: wake.c polls in its place, and tries to set it once a second.
 *
 * The directory is held open here, so the kernel does not tell when it is removed,
 * only when it is renamed, which is how a queue is deleted.
 */
#include <sys/epoll.h>
#include <sys/inotify.h>

#include <errno.h>
#include <limits.h>
#include <stdio.h>
#include <string.h>
#include <unistd.h>

#include "embedded/store/group_page_open.h"
#include "embedded/store/mailbox.h"
#include "embedded/store/status_page.h"
#include "embedded/store/wake_watch.h"

#define READS_A_DRAIN	16

enum { LOG, GROUP, OWNER, GONE };

static int
add_to_epoll(const struct mqs_watches *w)
{
	struct epoll_event event = { .events = EPOLLIN, .data = { .fd = w->inotify } };

	return epoll_ctl(w->epoll, EPOLL_CTL_ADD, w->inotify, &event);
}

static int
watch_fd(const struct mqs_watches *w, int fd, uint32_t mask)
{
	char path[32];

	snprintf(path, sizeof(path), "/proc/self/fd/%d", fd);
	return inotify_add_watch(w->inotify, path, mask);
}

/* Sets one watch: its number, or -1. */
static int
set_watch(const struct mqs_watches *w, const struct mqs_watch *watch)
{
	int fd, wd;

	if (watch->fd != -1)
		return watch_fd(w, watch->fd, watch->mask);
	if (mqs_page_open(w->dir, watch->page, 0, &fd, NULL) != 0)
		return -1;
	wd = watch_fd(w, fd, watch->mask);
	close(fd);
	return wd;
}

void
mqs_watches_set(struct mqs_watches *w)
{
	struct mqs_watch *watch;

	if (w->inotify == -1) {
		w->inotify = inotify_init1(IN_NONBLOCK | IN_CLOEXEC);
		if (w->inotify != -1 && add_to_epoll(w) == -1) {
			close(w->inotify);
			w->inotify = -1;
		}
		w->muted = 0;
	}
	if (w->muted && add_to_epoll(w) == 0)
		w->muted = 0;
	w->missing = 0;
	for (watch = w->watch; watch < w->watch + MQS_WATCHES; watch++) {
		if (watch->what == 0)
			continue;
		if (watch->wd == -1 && w->inotify != -1)
			watch->wd = set_watch(w, watch);
		if (watch->wd == -1)
			w->missing |= watch->what;
	}
}

static void
choose(struct mqs_watches *w, const char *group, int owners)
{
	struct mqs_watch *watch;

	for (watch = w->watch; watch < w->watch + MQS_WATCHES; watch++)
		watch->wd = watch->fd = -1;
	w->watch[LOG].what = MQS_WAKE_LOG;
	w->watch[LOG].mask = IN_MODIFY;
	snprintf(w->watch[LOG].page, MQS_WATCH_PAGE, "log.stat");
	if (group != NULL && !w->all) {
		w->watch[GROUP].what = MQS_WAKE_GROUP;
		w->watch[GROUP].mask = IN_MODIFY;
		snprintf(w->watch[GROUP].page, MQS_WATCH_PAGE, "%s.group.stat", group);
	}
	if (owners) {
		w->watch[OWNER].what = MQS_WAKE_OWNER;
		w->watch[OWNER].mask = IN_CLOSE_WRITE | IN_DELETE;
		w->watch[OWNER].fd = w->dir->owner;
	}
	w->watch[GONE].what = MQS_WAKE_GONE;
	w->watch[GONE].mask = IN_DELETE_SELF | IN_MOVE_SELF;
	w->watch[GONE].fd = w->dir->fd;
	if (w->all) {
		/* One directory has one watch. */
		w->watch[GONE].what |= MQS_WAKE_GROUP;
		w->watch[GONE].mask |= IN_MODIFY | IN_DELETE | IN_MOVED_TO;
	}
}

/*
 * Makes the pages that are not there yet, to be watched; where that is not permitted,
 * they are polled for.  Only once: a page that goes later went with its group.
 */
static void
make_pages(const struct mqs_watches *w, const char *group)
{
	const struct mqs_watch *watch;
	int fd;

	for (watch = w->watch; watch < w->watch + MQS_WATCHES; watch++) {
		if (watch->what != 0 && watch->fd == -1 && (watch == &w->watch[GROUP] ?
		    mqs_group_page_open(w->dir, group, &fd, NULL) :
		    mqs_page_open(w->dir, watch->page, 1, &fd, NULL)) == 0)
			close(fd);
	}
}

/* An event in the directory: only groups' pages count. */
static unsigned
in_directory(const struct inotify_event *event)
{
	static const char ending[] = ".group.stat";
	size_t n = strlen(event->name), m = sizeof(ending) - 1;

	return n > m && strcmp(event->name + n - m, ending) == 0 ? MQS_WAKE_GROUP : 0;
}

static unsigned
take_event(struct mqs_watches *w, const struct inotify_event *event)
{
	struct mqs_watch *watch;

	if (event->mask & IN_Q_OVERFLOW)
		return MQS_WAKE_LOG | MQS_WAKE_GROUP | MQS_WAKE_OWNER;
	for (watch = w->watch; watch < w->watch + MQS_WATCHES; watch++) {
		if (watch->wd == event->wd)
			break;
	}
	if (watch == w->watch + MQS_WATCHES)
		return 0;
	if (event->len > 0 && watch == &w->watch[GONE])
		return in_directory(event);
	if (event->mask & IN_IGNORED) {
		watch->wd = -1;
		w->missing |= watch->what;
	}
	/* A mailbox is no consumer. */
	if (watch->what == MQS_WAKE_OWNER && event->len > 0 &&
	    strncmp(event->name, MQS_MAILBOX_BEFORE, strlen(MQS_MAILBOX_BEFORE)) == 0)
		return 0;
	return watch->what;
}

/* A flood of events is left for the next time. */
int
mqs_watches_take(struct mqs_watches *w, unsigned *what)
{
	_Alignas(struct inotify_event) char b[4096];
	const struct inotify_event *event;
	const size_t longest = sizeof(*event) + NAME_MAX + 1;
	ssize_t n = sizeof(b);
	size_t at;
	int reads;

	if (w->inotify == -1)
		return 0;
	for (reads = 0; reads < READS_A_DRAIN &&
	    (size_t)n > sizeof(b) - longest; reads++) {
		while ((n = read(w->inotify, b, sizeof(b))) == -1) {
			if (errno == EAGAIN)
				return 0;
			if (errno != EINTR)
				return -1;
		}
		for (at = 0; at < (size_t)n; at += sizeof(*event) + event->len) {
			event = (const struct inotify_event *)(b + at);
			*what |= take_event(w, event);
		}
	}
	return 0;
}

void
mqs_watches_begin(struct mqs_watches *w, const struct mqs_dir *dir, int epoll,
    const char *group, int owners)
{
	w->dir = dir;
	w->epoll = epoll;
	w->inotify = -1;
	w->all = group != NULL && group[0] == '\0';
	choose(w, group, owners);
	make_pages(w, group);
	mqs_watches_set(w);
}

void
mqs_watches_end(struct mqs_watches *w)
{
	if (w->inotify != -1)
		close(w->inotify);
	w->inotify = -1;
}

void
mqs_watches_mute(struct mqs_watches *w)
{
	if (w->inotify != -1 && !w->muted &&
	    epoll_ctl(w->epoll, EPOLL_CTL_DEL, w->inotify, NULL) == 0)
		w->muted = 1;
	w->missing = 0;
}

void
mqs_watches_suspend(struct mqs_watches *w)
{
	struct mqs_watch *watch;

	/* Its instance too: a user has 128 of them by default. */
	mqs_watches_end(w);
	for (watch = w->watch; watch < w->watch + MQS_WATCHES; watch++)
		watch->wd = -1;
	w->muted = 0;
	w->missing = 0;
}
