/* consume_unmatched.c - see consume_unmatched.h */
#include "base/clock.h"
#include "base/error.h"
#include "embedded/consume_admission.h"
#include "embedded/consume_outcome.h"
#include "embedded/consume_unmatched.h"
#include "embedded/queue/group_state.h"

#define HOLD_TIME	MQS_SECOND
#define HOLD_MOST	10000	/* messages, also in one look */
#define NEAR_LIMIT	8	/* an eighth of it */

int64_t
mqs_unmatched_due(const struct mqs_consumer *c)
{
	const struct mqs_unmatched *u = &c->unmatched;

	return u->to > u->cursor ? mqs_later(u->since, HOLD_TIME) : 0;
}

static int
may_look(const struct mqs_consumer *c, const uint64_t v[MQS_GROUP_VALUES])
{
	const struct mqs_group *g = c->group;

	return c->unmatched.waiting && c->wanted.fn == NULL && g->bindings.n > 0 &&
	    v[MQS_GROUP_SETTINGS] == g->settings_seen && v[MQS_GROUP_SKIPPED] == 0 &&
	    (!g->settings.exclusive || mqs_admission_is_active(c, v));
}

/* Begins anew unless what is remembered holds for that state. */
static void
begin(struct mqs_unmatched *u, const uint64_t v[MQS_GROUP_VALUES])
{
	if (u->generation != v[MQS_GROUP_GENERATION] ||
	    u->settings != v[MQS_GROUP_SETTINGS] || u->cursor != v[MQS_GROUP_CURSOR]) {
		u->generation = v[MQS_GROUP_GENERATION];
		u->settings = v[MQS_GROUP_SETTINGS];
		u->cursor = u->to = v[MQS_GROUP_CURSOR];
		u->count = 0;
	}
	if (u->to == u->cursor)
		u->since = mqs_boottime();
}

/* 1 if a message must be examined within a transaction. */
static int
needs_transaction(struct mqs_consumer *c, struct mqs_slice value, int plain_matches)
{
	uint64_t ordinal, behind, size;
	struct mqs_record r;

	if (mqs_record_plain(value, &ordinal, &behind, &size))
		return plain_matches;
	return mqs_log_reader_decode(&c->reader, value, &r, NULL) != MQS_OK ||
	    mqs_outcome_is_for(c->group, &r);
}

/* Looks at what is new; 1 if nothing needs a transaction. */
static int
look(struct mqs_consumer *c)
{
	static const struct mqs_message plain = MQS_MESSAGE_INIT;
	const int plain_matches = mqs_bindings_match(&c->group->bindings, &plain);
	struct mqs_unmatched *u = &c->unmatched;
	struct mqs_slice value;
	uint64_t id;
	int rc = MQS_OK;

	mqs_log_reader_seek(&c->reader, u->to + 1);
	while (u->count < HOLD_MOST) {
		rc = mqs_log_reader_next_raw(&c->reader, &id, &value, NULL);
		if (rc != MQS_OK || needs_transaction(c, value, plain_matches))
			break;
		u->to = id;
		u->count++;
	}
	return rc == MQS_NOTHING;
}

/* 1 if the messages that the cursor has not passed may soon be in a publisher's way. */
static int
near_limit(const struct mqs_log_settings *s, const uint64_t v[MQS_GROUP_VALUES],
    const uint64_t lv[MQS_LOG_VALUES])
{
	return (s->max_messages != 0 &&
	    mqs_group_unsettled(v, lv) >= s->max_messages / NEAR_LIMIT) ||
	    (s->max_bytes != 0 &&
	    mqs_group_unsettled_bytes(v, lv) >= s->max_bytes / NEAR_LIMIT);
}

int
mqs_unmatched_look(struct mqs_consumer *c, const uint64_t v[MQS_GROUP_VALUES], int *work,
    struct mqs_error *err)
{
	struct mqs_unmatched *u = &c->unmatched;
	struct mqs_log *log = c->group->log;
	uint64_t lv[MQS_LOG_VALUES];
	int rc;

	if (!may_look(c, v))
		return MQS_OK;
	begin(u, v);
	if (u->to > u->cursor && mqs_boottime() >= mqs_unmatched_due(c))
		return MQS_OK;
	rc = mqs_log_reader_state(&c->reader, lv, err);
	if (rc == MQS_OK)
		rc = mqs_log_refresh(log, c->reader.tx, lv[MQS_LOG_SETTINGS], err);
	/* What is remembered of a log that has gone back is of no use. */
	if (rc == MQS_OK && u->to <= lv[MQS_LOG_LAST_ID] &&
	    !near_limit(&log->settings, v, lv) && look(c))
		*work = 0;
	mqs_log_reader_rest(&c->reader);
	return rc;
}
