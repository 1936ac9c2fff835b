/* publish_wait_for_room.c - see publish_wait_for_room.h */
#include <errno.h>
#include <poll.h>

#include "base/clock.h"
#include "base/error.h"
#include "base/interrupted.h"
#include "embedded/publish_wait_for_room.h"
#include "embedded/queue/group_page.h"

#define LOOK_AGAIN	(100 * MQS_MSEC)	/* at a disk, of which nothing tells */

void
mqs_publish_wait_init(struct mqs_publish_wait *w, struct mqs_spool *spool, struct mqs_log *log,
    int64_t wait)
{
	*w = (struct mqs_publish_wait){ .spool = spool, .log = log, .wait = wait,
	    .until = wait < 0 ? INT64_MAX : mqs_later(mqs_boottime(), wait) };
}

void
mqs_publish_wait_done(struct mqs_publish_wait *w)
{
	mqs_wake_free(w->wake);
}

static int
interrupted(const struct mqs_publish_wait *w, struct mqs_error *err)
{
	if (!mqs_interrupted(&w->spool->options))
		return MQS_OK;
	return mqs_fail(err, MQS_EINTR, "%s: interrupted while waiting for room",
	    w->log->dir.name);
}

/* Waits for the descriptor (-1: none) or so long, if there is so much time left. */
static int
pause_for(const struct mqs_publish_wait *w, int fd, int64_t most, struct mqs_error *err)
{
	struct pollfd p = { .fd = fd, .events = POLLIN };
	int64_t left = w->until - mqs_boottime();
	int ms;

	/* The time may be over by now; poll would wait for ever. */
	if (left < 0)
		left = 0;
	ms = (int)((left < most ? left : most) / MQS_MSEC) + 1;
	if (poll(&p, 1, ms) == -1 && errno != EINTR)
		return mqs_fail_errno(err, "%s: waiting for room", w->log->dir.name);
	return interrupted(w, err);
}

/* what: why there is no room, as an error has it. */
static void
tell(const struct mqs_publish_wait *w, const struct mqs_error *what)
{
	mqs_progress(w->spool, 0, 0, "%s, waiting", what->text);
}

/* Brings the page of a group up to date: not our business if that can't be done. */
static void
refresh(const struct mqs_publish_wait *w, const char *name)
{
	struct mqs_group *group;

	if (name[0] != '\0' && mqs_spool_group(w->spool, w->log->dir.name, name, 0, NULL,
	    &group, NULL) == MQS_OK)
		(void)mqs_group_refresh(group, NULL);
}

static void
refresh_both(const struct mqs_publish_wait *w, const struct mqs_log_room *room)
{
	refresh(w, room->messages_group);
	if (strcmp(room->bytes_group, room->messages_group) != 0)
		refresh(w, room->bytes_group);
}

int
mqs_publish_wait_for_room(struct mqs_publish_wait *w, const struct mqs_log_room *room,
    struct mqs_error *err)
{
	struct mqs_error full;
	unsigned what;
	int rc;

	if ((rc = interrupted(w, err)) != MQS_OK)
		return rc;
	if (!w->looked) {
		/* Watched from before the next look, so that nothing slips between. */
		w->looked = 1;
		if (w->wait != 0 && (rc = mqs_wake_new(&w->wake, &w->log->dir,
		    MQS_WAKE_ALL, 0, err)) != MQS_OK)
			return rc;
		refresh_both(w, room);
		return MQS_OK;
	}
	if (w->log->settings.overflow != MQS_OVERFLOW_BLOCK || w->wait == 0 ||
	    mqs_boottime() >= w->until)
		return mqs_limits_full(w->log, room, err);
	(void)mqs_limits_full(w->log, room, &full);
	tell(w, &full);
	if ((rc = pause_for(w, mqs_wake_fd(w->wake), MQS_SECOND, err)) != MQS_OK ||
	    (rc = mqs_wake_drain(w->wake, &what, err)) != MQS_OK)
		return rc;
	if (what & MQS_WAKE_TIME)
		refresh_both(w, room);
	return what & MQS_WAKE_GONE ? mqs_db_check_path(w->log->db, err) : MQS_OK;
}

int
mqs_publish_wait_for_disk(struct mqs_publish_wait *w, uint64_t messages, uint64_t bytes,
    struct mqs_error *err)
{
	struct mqs_error full;
	int rc;

	while ((rc = mqs_limits_check_disk(w->log, messages, bytes, &full)) == MQS_EFULL &&
	    w->wait > 0 && mqs_boottime() < w->until) {
		tell(w, &full);
		if ((rc = pause_for(w, -1, LOOK_AGAIN, err)) != MQS_OK)
			return rc;
	}
	if (rc != MQS_OK && err != NULL)
		*err = full;
	return rc;
}
