/* log_limits.c - see log_limits.h */
#include <sys/statvfs.h>

#include "base/clock.h"
#include "base/error.h"
#include "base/units.h"
#include "embedded/queue/group_page.h"
#include "embedded/queue/group_state.h"
#include "embedded/queue/group_temporary.h"
#include "embedded/queue/log_limits.h"

#define FREE_MOST	(UINT64_C(64) << 20)
#define FREE_SHARE	20	/* a twentieth: 5 % */
/*
 * Measured: a new group that settles a thousand messages takes 170 KiB (92 of them before
 * its first message: the lock file with its 1,024 readers, two pages of state, the status
 * page), a dead-letter queue that is made for it 170 KiB with a hundred small letters, and
 * one letter may have a body of 256 KiB.
 */
#define FREE_LEAST	(UINT64_C(768) << 10)
#define COMMIT_BYTES	(UINT64_C(64) << 10)	/* of a commit, whatever is in it */
#define MESSAGE_BYTES	64	/* of a message, beside its body, key and headers */

static uint64_t
left(uint64_t limit, uint64_t used)
{
	return limit > used ? limit - used : 0;
}

void
mqs_limits_promised(const struct mqs_log_tx *ltx, struct mqs_log_room *room)
{
	const struct mqs_log_settings *s = &ltx->log->settings;
	const uint64_t *v = ltx->v;

	room->messages = room->bytes = UINT64_MAX;
	room->messages_group[0] = room->bytes_group[0] = '\0';
	if (s->max_messages != 0)
		room->messages = left(v[MQS_LOG_ROOM_ORDINAL], v[MQS_LOG_ORDINAL]);
	if (s->max_bytes != 0)
		room->bytes = left(v[MQS_LOG_ROOM_BYTES], v[MQS_LOG_IN_BYTES]);
}

/* ------------------------------------------------------------ looking -- */

struct look {
	struct mqs_log		*log;
	const uint64_t		*lv;
	int64_t			 now;		/* judged */
	uint64_t		 messages, bytes;	/* the most of any group */
	unsigned		 groups;
	struct mqs_log_room		*room;
	struct mqs_error	*err;
};

static int
look_at(void *arg, const char *group)
{
	struct look *l = arg;
	uint64_t v[MQS_GROUP_VALUES], messages, bytes;
	int rc, gone;

	if ((rc = mqs_group_remove_expired(l->log, group, l->now, &gone, l->err)) != MQS_OK ||
	    gone)
		return rc;
	if ((rc = mqs_group_peek(&l->log->dir, group, v, l->err)) < 0)
		return rc;
	if (rc == MQS_NOTHING || mqs_group_ahead(v, l->lv)) {
		messages = l->lv[MQS_LOG_ORDINAL] - l->lv[MQS_LOG_REMOVED];
		bytes = l->lv[MQS_LOG_IN_BYTES] - l->lv[MQS_LOG_REMOVED_BYTES];
	} else {
		messages = mqs_group_unsettled(v, l->lv);
		bytes = mqs_group_unsettled_bytes(v, l->lv);
	}
	if (l->groups == 0 || messages > l->messages) {
		l->messages = messages;
		memcpy(l->room->messages_group, group, strlen(group) + 1);
	}
	if (l->groups == 0 || bytes > l->bytes) {
		l->bytes = bytes;
		memcpy(l->room->bytes_group, group, strlen(group) + 1);
	}
	l->groups++;
	return 0;
}

/* The room that is there is promised to those who come after. */
static void
promise(struct mqs_log_tx *ltx, const struct mqs_log_room *room)
{
	const struct mqs_log_settings *s = &ltx->log->settings;
	uint64_t *v = ltx->v;

	v[MQS_LOG_ROOM_ORDINAL] = s->max_messages == 0 ? 0 :
	    v[MQS_LOG_ORDINAL] + room->messages;
	v[MQS_LOG_ROOM_BYTES] = s->max_bytes == 0 ? 0 :
	    v[MQS_LOG_IN_BYTES] + room->bytes;
}

int
mqs_limits_measure(struct mqs_log_tx *ltx, struct mqs_log_room *room, struct mqs_error *err)
{
	const struct mqs_log_settings *s = &ltx->log->settings;
	struct look l = { .log = ltx->log, .lv = ltx->v, .room = room, .err = err };
	uint64_t messages, bytes;
	int rc;

	l.now = mqs_later(mqs_now(), ltx->log->options->clock_shift);
	room->messages_group[0] = room->bytes_group[0] = '\0';
	if ((rc = mqs_dir_each_group(&ltx->log->dir, look_at, &l, err)) != MQS_OK)
		return rc;
	messages = ltx->v[MQS_LOG_ORDINAL] - ltx->v[MQS_LOG_REMOVED];
	bytes = ltx->v[MQS_LOG_IN_BYTES] - ltx->v[MQS_LOG_REMOVED_BYTES];
	/* What was dropped may still be under a lease, or held. */
	if (l.groups > 0 && (s->overflow != MQS_OVERFLOW_DROP || l.messages < messages))
		messages = l.messages;
	if (l.groups > 0 && (s->overflow != MQS_OVERFLOW_DROP || l.bytes < bytes))
		bytes = l.bytes;
	room->messages = s->max_messages == 0 ? UINT64_MAX : left(s->max_messages, messages);
	room->bytes = s->max_bytes == 0 ? UINT64_MAX : left(s->max_bytes, bytes);
	promise(ltx, room);
	return MQS_OK;
}

int
mqs_limits_drop_oldest(struct mqs_log_tx *ltx, uint64_t messages, uint64_t bytes,
    struct mqs_log_room *room, struct mqs_trimmed *t, uint64_t *dropped,
    struct mqs_error *err)
{
	const struct mqs_log_settings *s = &ltx->log->settings;
	const uint64_t *v = ltx->v;
	uint64_t floor, there;
	int rc;

	if ((rc = mqs_trim_floor(ltx->log, v, &floor, err)) != MQS_OK)
		return rc;
	if (floor == MQS_FLOOR_NO_GROUP)
		floor = 0;		/* nobody has settled anything */
	if ((rc = mqs_trim_to_size(ltx,
	    s->max_messages == 0 ? UINT64_MAX : left(s->max_messages, messages),
	    s->max_bytes == 0 ? UINT64_MAX : left(s->max_bytes, bytes),
	    floor, t, dropped, err)) != MQS_OK)
		return rc;
	ltx->v[MQS_LOG_DROPPED] += *dropped;
	/* No group can have more to settle than there is. */
	there = left(s->max_messages, v[MQS_LOG_ORDINAL] - v[MQS_LOG_REMOVED]);
	if (s->max_messages != 0 && room->messages < there)
		room->messages = there;
	there = left(s->max_bytes, v[MQS_LOG_IN_BYTES] - v[MQS_LOG_REMOVED_BYTES]);
	if (s->max_bytes != 0 && room->bytes < there)
		room->bytes = there;
	promise(ltx, room);
	return MQS_OK;
}

/* ------------------------------------------------------------- saying -- */

int
mqs_limits_full(const struct mqs_log *log, const struct mqs_log_room *room,
    struct mqs_error *err)
{
	const struct mqs_log_settings *s = &log->settings;

	if (s->max_messages != 0 && (room->messages == 0 || s->max_bytes == 0))
		return mqs_fail(err, MQS_EFULL, "%s: queue full (%llu message%s)",
		    log->dir.name, (unsigned long long)s->max_messages,
		    mqs_plural(s->max_messages));
	return mqs_fail(err, MQS_EFULL, "%s: queue full (%llu byte%s)", log->dir.name,
	    (unsigned long long)s->max_bytes, mqs_plural(s->max_bytes));
}

static uint64_t
least_free(const struct mqs_log *log, const struct statvfs *st)
{
	uint64_t share = (uint64_t)st->f_blocks * st->f_frsize / FREE_SHARE;

	if (log->settings.min_free != UINT64_MAX)
		return log->settings.min_free;
	if (share < FREE_LEAST)
		return FREE_LEAST;
	return share < FREE_MOST ? share : FREE_MOST;
}

int
mqs_limits_disk(const struct mqs_log *log, uint64_t *bytes_free, uint64_t *min_free,
    struct mqs_error *err)
{
	struct statvfs st;

	if (fstatvfs(log->dir.fd, &st) == -1)
		return mqs_fail_errno(err, "%s", log->dir.path);
	*bytes_free = (uint64_t)st.f_bavail * st.f_frsize;
	*min_free = least_free(log, &st);
	return MQS_OK;
}

int
mqs_limits_check_disk(const struct mqs_log *log, uint64_t messages, uint64_t bytes,
    struct mqs_error *err)
{
	uint64_t least, there;
	int rc;

	if (log->settings.min_free == 0)
		return MQS_OK;
	if ((rc = mqs_limits_disk(log, &there, &least, err)) != MQS_OK)
		return rc;
	if (there < least)
		return mqs_fail(err, MQS_EFULL, "%s: disk full (less than %llu byte%s "
		    "free, min-free)", log->dir.name, (unsigned long long)least,
		    least == 1 ? " is" : "s are");
	if (there - least >= bytes + messages * MESSAGE_BYTES + COMMIT_BYTES)
		return MQS_OK;
	return mqs_fail(err, MQS_EFULL, "%s: disk full (%llu bytes are free, of which "
	    "min-free keeps %llu)", log->dir.name, (unsigned long long)there,
	    (unsigned long long)least);
}
