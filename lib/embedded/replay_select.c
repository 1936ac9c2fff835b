/* replay_select.c - see replay_select.h */
#include <stdlib.h>

#include "base/error.h"
#include "embedded/replay_select.h"

/* The next record of a key; MQS_ECONFIG: the index is of no use, read on without it. */
static int
next_of_key(struct mqs_reader *r, struct mqs_record *record, struct mqs_error *err)
{
	uint64_t id;
	int rc;

	do {
		if ((rc = mqs_key_ids_next(&r->of_key, &r->reader, &id, err)) != MQS_OK)
			return rc;
		rc = mqs_log_reader_at(&r->reader, id, 1, record, err);
	} while (rc == MQS_NOTHING);
	return rc;
}

/* The next record, of the group's list or of the log. */
static int
next_record(struct mqs_reader *r, struct mqs_record *record, struct mqs_error *err)
{
	uint64_t after;
	int rc;

	while (r->group.next_id < r->group.nids) {
		after = r->reader.at;
		rc = mqs_log_reader_at(&r->reader, r->group.ids[r->group.next_id++], 1,
		    record, err);
		/* The list does not move the place beyond the cursor. */
		mqs_log_reader_seek(&r->reader, after + 1);
		if (rc != MQS_NOTHING)
			return rc;
	}
	if (r->which == MQS_REPLAY_LISTED)
		return MQS_NOTHING;
	if (r->by_index) {
		if ((rc = next_of_key(r, record, err)) != MQS_ECONFIG)
			return rc;
		r->by_index = 0;
		mqs_log_reader_seek(&r->reader, r->of_key.from);
	}
	do {
		rc = mqs_log_reader_next(&r->reader, 1, record, err);
		if (r->group.queue == NULL)
			return rc;
	} while ((rc == MQS_OK && mqs_replay_group_looked_at(&r->group, &record->message)) ||
	    ((rc == MQS_OK || (rc == MQS_EDAMAGED && r->reader.placed)) &&
	    mqs_replay_group_skipped(&r->group, r->reader.at)));
	return rc;
}

/*
 * MQS_OK if a message is within the bounds, MQS_NOTHING if not; *end: nor is any after it.
 * Where the clock was set back, messages that are earlier may come after one that is
 * late, up to the last id of that time.
 */
static int
within(struct mqs_reader *r, const struct mqs_message *m, int *end,
    struct mqs_error *err)
{
	uint64_t lv[MQS_LOG_VALUES];
	int rc;

	*end = m->seq > r->bounds.until_id;
	if (*end)
		return MQS_NOTHING;
	if (!mqs_replay_late(&r->bounds, m))
		return mqs_replay_wanted(&r->bounds, m) ? MQS_OK : MQS_NOTHING;
	if ((rc = mqs_log_reader_state(&r->reader, lv, err)) != MQS_OK)
		return rc;
	*end = m->seq >= lv[MQS_LOG_BEHIND];
	return MQS_NOTHING;
}

/*
 * Adds to the reason why there is no next record which file is damaged, and sets the id of
 * the damaged one, if it is one message.  next_id: which of the group's list was to be read.
 */
static int
tell_record(struct mqs_reader *r, size_t next_id, int rc, struct mqs_error *err)
{
	struct mqs_error why;

	if (r->group.next_id != next_id)
		r->damaged = r->group.ids[r->group.next_id - 1];
	else if (r->by_index)
		r->damaged = r->of_key.from - 1;
	else if (mqs_log_reader_goes_on(&r->reader))
		r->damaged = r->reader.told ? r->reader.at + 1 : r->reader.at;
	if (rc != MQS_EDAMAGED || r->damaged == 0)
		return rc;
	if (r->damaged > r->bounds.until_id)
		return MQS_NOTHING;
	if (err == NULL)
		return rc;
	why = *err;
	return mqs_fail(err, rc, "%s (%s/log.mdb)", why.text, r->log->dir.path);
}

/* The next record within the bounds.  On MQS_EDAMAGED r->damaged is its id, or 0. */
static int
next_wanted(struct mqs_reader *r, struct mqs_record *record, struct mqs_error *err)
{
	const size_t next_id = r->group.next_id;
	int rc, end;

	while ((rc = next_record(r, record, err)) == MQS_OK) {
		if ((rc = within(r, &record->message, &end, err)) != MQS_NOTHING || end)
			return rc;
	}
	return rc == MQS_NOTHING ? rc : tell_record(r, next_id, rc, err);
}

/* Finds the newest messages, and makes them what is read from now on. */
static int
find_latest(struct mqs_reader *r, struct mqs_error *err)
{
	struct mqs_record record;
	int rc;

	if (r->whole_queue && r->newest.n == 0 &&
	    (rc = mqs_newest_by_index(&r->reader, &r->bounds, err)) != 0) {
		r->which = MQS_REPLAY_NEWEST;
		return rc == 1 ? MQS_OK : rc;
	}
	while ((rc = next_wanted(r, &record, err)) == MQS_OK)
		if ((rc = mqs_latest_add(&r->newest, r->reader.tx, &record.message,
		    err)) != MQS_OK)
			return rc;
	if (rc != MQS_NOTHING)
		return rc;
	free(r->group.ids);
	mqs_latest_list(&r->newest, &r->group.ids, &r->group.nids);
	r->group.next_id = 0;
	r->which = MQS_REPLAY_LISTED;
	return MQS_OK;
}

int
mqs_replay_select(struct mqs_reader *r, struct mqs_record *record, struct mqs_error *err)
{
	int rc;

	if (r->everything) {
		rc = mqs_log_reader_next(&r->reader, 1, record, err);
		return rc == MQS_OK || rc == MQS_NOTHING ? rc :
		    tell_record(r, r->group.next_id, rc, err);
	}
	if (r->which == MQS_REPLAY_LATEST && (rc = find_latest(r, err)) != MQS_OK)
		return rc;
	for (;;) {
		if ((rc = next_wanted(r, record, err)) != MQS_OK ||
		    r->which != MQS_REPLAY_NEWEST)
			return rc;
		if (record->message.body_len == 0)
			continue;
		rc = mqs_is_newest(&r->reader, &r->bounds, &record->message, err);
		if (rc != 0)
			return rc == 1 ? MQS_OK : rc;
	}
}
