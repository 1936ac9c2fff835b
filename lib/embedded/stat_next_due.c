/*
 * stat_next_due.c - when a group next has work
 *
 * It has work now if messages are ready, if messages beyond the cursor may be delivered, or
 * if a dead consumer held some.  Else it has work at the earliest of these times: when a held
 * message is due; when a delayed message beyond the cursor is due; when a lease ends.
 */
#include "base/clock.h"
#include "base/error.h"
#include "embedded/consume_outcome.h"
#include "embedded/lease_owner.h"
#include "embedded/queue/group_state.h"
#include "embedded/queue/log_reader.h"
#include "embedded/spool_each_group.h"

#define LOOK_MAX	10000	/* messages beyond the cursor: after so many, somebody should look */

struct search {
	struct mqs_group	*group;
	struct mqs_tx		*tx;
	int64_t			 now;	/* judged */
	int64_t			 due;	/* the first so far; INT64_MAX: none */
	uint64_t		 v[MQS_GROUP_VALUES];
};

static void
note(struct search *s, int64_t due)
{
	if (due < s->due)
		s->due = due;
}

/* ----------------------------------------------------- what is looked at -- */

/*
 * A lease that ends with its consumer: what that had, once it is dead, but for what
 * orphans still work on, whose end has no time.
 */
static int
note_owner(struct search *s, const struct mqs_lease *l, struct mqs_error *err)
{
	struct mqs_lease_owner f;
	size_t i, busy = 0;
	int rc;

	if ((rc = mqs_owner_look(&s->group->log->dir, l->owner, &f.life, &f.left,
	    err)) != MQS_OK || f.life == MQS_OWNER_LIVES)
		return rc;
	for (i = 0; i < f.left.nslots; i++)
		busy += f.left.slots[i].lease == l->lease && f.left.slots[i].alive;
	mqs_owner_left_free(&f.left);
	if (l->unsettled > busy)
		note(s, s->now);
	return MQS_OK;
}

static int
note_lease(struct search *s, uint64_t lease, struct mqs_error *err)
{
	struct mqs_lease l;
	int rc;

	if ((rc = mqs_batch_head(s->tx, lease, &l, err)) != MQS_OK)
		return rc == MQS_NOTHING ? MQS_OK : rc;
	if (mqs_lease_has_expired(&l) || l.boot != mqs_boot())
		note(s, s->now);
	else if (mqs_lease_has_deadline(&l))
		note(s, mqs_later(s->now, (int64_t)l.due - mqs_boottime()));
	else
		return note_owner(s, &l, err);
	return MQS_OK;
}

static int
note_leases(struct search *s, struct mqs_error *err)
{
	uint64_t lease = 0;
	int rc = MQS_OK;

	while (s->due > s->now && (rc = mqs_batch_next(s->tx, &lease, err)) == MQS_OK)
		if ((rc = note_lease(s, lease, err)) != MQS_OK)
			return rc;
	return rc == MQS_NOTHING ? MQS_OK : rc;
}

/* ------------------------------------------------- what is not looked at -- */

/* 1 if a message beyond the cursor is for this group, some day. */
static int
is_for(const struct search *s, const struct mqs_record *r)
{
	int priority = r->message.priority;

	/* Its priority's own cursor has been there. */
	if (priority != 0 && r->message.seq <= s->v[MQS_GROUP_CURSORS + priority - 1])
		return 0;
	if (r->message.expires != 0 && r->message.expires <= s->now)
		return 0;
	return mqs_outcome_is_for(s->group, r);
}

/* 1 if the group was told to skip the damaged message, or what is missing. */
static int
is_skipped(const struct search *s, const struct mqs_log_reader *reader)
{
	struct mqs_slice value;
	unsigned char key[8];

	if (s->v[MQS_GROUP_SKIPPED] == 0 || !mqs_log_reader_goes_on(reader))
		return 0;
	mqs_put_be64(key, reader->at);
	return reader->told ||
	    mqs_tx_get(s->tx, MQS_GROUP_HELD, key, sizeof(key), &value, NULL) == MQS_OK;
}

static int
note_new(struct search *s, struct mqs_log_reader *reader, struct mqs_error *err)
{
	struct mqs_record r;
	size_t n;
	int rc = MQS_OK;

	for (n = 0; s->due > s->now && n < LOOK_MAX; n++) {
		rc = mqs_log_reader_next(reader, 0, &r, err);
		if (rc == MQS_EDAMAGED && is_skipped(s, reader))
			continue;
		if (rc != MQS_OK)
			return rc == MQS_NOTHING ? MQS_OK : rc;
		if (is_for(s, &r))
			note(s, r.message.not_before > s->now ? r.message.not_before : s->now);
	}
	if (n == LOOK_MAX)
		note(s, s->now);
	return MQS_OK;
}

/* --------------------------------------------------------------- groups -- */

static int
search_group(struct search *s, struct mqs_error *err)
{
	uint64_t lv[MQS_LOG_VALUES], *v = s->v;
	struct mqs_log_reader reader;
	int rc;

	if ((rc = mqs_log_reader_init(&reader, s->group->log, err)) != MQS_OK)
		return rc;
	rc = mqs_log_reader_state(&reader, lv, err);
	if (rc != MQS_OK || v[MQS_GROUP_PAUSED] != 0 || lv[MQS_LOG_PAUSED] != 0)
		goto out;
	if (v[MQS_GROUP_READY] > 0)
		note(s, s->now);
	if (v[MQS_GROUP_NEXT_DUE] != 0)
		note(s, (int64_t)v[MQS_GROUP_NEXT_DUE]);
	mqs_log_reader_seek(&reader, v[MQS_GROUP_CURSOR] + 1);
	if ((rc = note_leases(s, err)) == MQS_OK)
		rc = note_new(s, &reader, err);
out:
	mqs_log_reader_done(&reader);
	return rc;
}

static int
each(void *arg, struct mqs_group *group, struct mqs_error *err)
{
	struct search *s = arg;
	int rc;

	s->group = group;
	if ((rc = mqs_tx_read(group->db, &s->tx, err)) != MQS_OK)
		return rc;
	if ((rc = mqs_group_read(s->tx, s->v, err)) == MQS_OK)
		rc = search_group(s, err);
	mqs_tx_abort(s->tx);
	return rc;
}

int
mqs_embedded_next_due(struct mqs_spool *spool, const char *queue, const char *group,
    int64_t *due, struct mqs_error *err)
{
	struct search s = { .now = mqs_judged_now(spool), .due = INT64_MAX };
	int rc;

	rc = mqs_spool_each_group(spool, queue, group, each, &s, err);
	*due = s.due > s.now ? s.due : s.now;
	if (rc != MQS_OK)
		return rc;
	return s.due == INT64_MAX ? MQS_NOTHING : MQS_OK;
}
