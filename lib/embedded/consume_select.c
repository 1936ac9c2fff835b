/*
 * consume_select.c - see consume_select.h
 *
 * Messages of a higher priority come first.  Within a priority, messages that are ready (they
 * were looked at before: retries, releases, delayed ones) come before messages that the
 * group has not looked at yet; otherwise new messages would keep retries waiting for ever.
 *
 * In an ordered group the order within a key counts more than priority, so such a group can't
 * use the index of priorities.  If there are new messages with a priority, the claim first
 * surveys all new messages: it holds them as ready, and then takes from these by priority.
 */
#include "base/advice.h"
#include "base/clock.h"
#include "base/error.h"
#include "embedded/consume_examine.h"
#include "embedded/queue/group_key_order.h"
#include "embedded/queue/log_priority_index.h"

#define LOOK_MAX	(16 * MQS_BATCH_MAX)	/* messages looked at in one transaction */

/* --------------------------------------------------------------- ready -- */

/* For a consumer that does not want all.  *end: there is no more. */
static int
take_ready_wanted(struct mqs_claim *cl, unsigned priority, int *end, struct mqs_error *err)
{
	struct mqs_wanted *w = &cl->c->wanted;
	struct mqs_held h;
	size_t looked;
	int rc;

	*end = 0;
	for (looked = 0; cl->n < cl->max && looked < LOOK_MAX; looked++) {
		rc = mqs_group_next_held(&cl->stx.gtx, MQS_READY, w->from_sort, w->from_id,
		    &h, err);
		if (rc < 0)
			return rc;
		if (rc == MQS_NOTHING || h.sort > 9 - priority) {
			*end = 1;
			return MQS_OK;
		}
		w->from_sort = h.sort;
		w->from_id = h.entry.id;
		if ((rc = mqs_examine_ready_wanted(cl, &h, err)) != MQS_OK)
			return rc;
	}
	return MQS_OK;
}

/*
 * Takes what is ready, of priorities down to that one.  What becomes ready meanwhile and
 * should have come before waits for the next claim: a batch's ids ascend.
 */
static int
take_ready(struct mqs_claim *cl, unsigned priority, int *end, struct mqs_error *err)
{
	uint64_t last = 9 - priority, sort = 0, id = 0;
	struct mqs_held h;
	int rc;

	if (cl->c->wanted.fn != NULL)
		return take_ready_wanted(cl, priority, end, err);
	while (cl->n < cl->max) {
		rc = mqs_group_first_held(&cl->stx.gtx, MQS_READY, &h, err);
		if (rc != MQS_OK)
			return rc == MQS_NOTHING ? MQS_OK : rc;
		if (h.sort > last || h.sort < sort || (h.sort == sort && h.entry.id < id))
			return MQS_OK;
		sort = h.sort;
		id = h.entry.id;
		if ((rc = mqs_examine_ready(cl, &h, err)) != MQS_OK)
			return rc;
	}
	return MQS_OK;
}

/* ----------------------------------------------------------------- new -- */

/* Looks at what is new, until enough was taken.  *end: there is no more. */
static int
take_new(struct mqs_claim *cl, int *end, struct mqs_error *err)
{
	const uint64_t *v = cl->stx.gtx.v;
	size_t looked;
	int rc;

	*end = cl->stop = 0;
	mqs_log_reader_seek_behind(&cl->c->reader, v[MQS_GROUP_CURSOR], v[MQS_GROUP_ORDINAL]);
	if (cl->closely)
		mqs_log_reader_look_closely(&cl->c->reader);
	/* Bounded also where nothing is taken (all expired, all delayed). */
	for (looked = 0; cl->n < cl->max && looked < LOOK_MAX && !cl->stop; looked++) {
		cl->first = looked == 0;
		rc = mqs_examine_next(cl, err);
		if (rc == MQS_NOTHING) {
			*end = 1;
			return mqs_examine_end(cl, err);
		}
		if (rc != MQS_OK)
			return rc;
	}
	return looked > 0 ? mqs_examine_last(cl, err) : MQS_OK;
}

/* -------------------------------------------------------------- urgent -- */

/* What is left of a priority comes in its turn in the log. */
static int
give_up_index(const struct mqs_claim *cl, unsigned priority, int *end)
{
	const struct mqs_dir *dir = &cl->c->group->log->dir;
	char ctl[MQS_CTL_SIZE];

	mqs_notice(cl->c->spool, "%s: damaged: the index of priority %u: delivering what is left "
	    "of it as if it had none (%s check --repair %s corrects it)", dir->name, priority,
	    mqs_ctl(ctl, dir->path), dir->name);
	*end = 1;
	return MQS_OK;
}

/* Looks at what is new of one priority.  *end: there is no more. */
static int
take_new_of(struct mqs_claim *cl, struct mqs_cur *index, unsigned priority,
    int *end, struct mqs_error *err)
{
	uint64_t *at = &cl->stx.gtx.v[MQS_GROUP_CURSORS + priority - 1];
	struct mqs_priority_walk w;
	size_t looked;
	int rc;

	*end = 0;
	if (*at < cl->stx.gtx.v[MQS_GROUP_CURSOR])
		*at = cl->stx.gtx.v[MQS_GROUP_CURSOR];
	rc = mqs_priority_from(&w, &cl->c->reader, index, priority, *at + 1, err);
	for (looked = 0; cl->n < cl->max && looked < LOOK_MAX && rc == MQS_OK; looked++) {
		if ((rc = mqs_examine_ahead(cl, w.id, priority, err)) == MQS_NOTHING)
			return give_up_index(cl, priority, end);
		if (rc != MQS_OK)
			return rc;
		*at = w.id;
		rc = mqs_priority_next(&w, err);
	}
	if (rc == MQS_NOTHING && w.damaged)
		return give_up_index(cl, priority, end);
	*end = rc == MQS_NOTHING;
	return rc < 0 ? rc : MQS_OK;
}

/* From the most urgent to priority 1.  *end: no new one is left of any. */
static int
take_urgent(struct mqs_claim *cl, int *end, struct mqs_error *err)
{
	struct mqs_cur *index;
	unsigned priority;
	int rc;

	*end = 1;
	if ((rc = mqs_cur_new(&index, cl->c->reader.tx, MQS_LOG_PRIORITY, err)) != MQS_OK)
		return rc;
	for (priority = 9; priority > 0 && *end && rc == MQS_OK; priority--)
		if ((rc = take_ready(cl, priority, end, err)) == MQS_OK && *end)
			rc = take_new_of(cl, index, priority, end, err);
	mqs_cur_free(index);
	if (rc == MQS_OK && *end)
		cl->stx.gtx.v[MQS_GROUP_PRIORITISED] = cl->lv[MQS_LOG_PRIORITISED];
	return rc;
}

/* Looks at all that is new and holds it as ready, so that priority can decide. */
static int
survey(struct mqs_claim *cl, int *end, struct mqs_error *err)
{
	int rc;

	cl->survey = 1;
	rc = take_new(cl, end, err);
	cl->survey = 0;
	return rc;
}

int
mqs_claim_select(struct mqs_claim *cl, struct mqs_error *err)
{
	static const struct mqs_message plain = MQS_MESSAGE_INIT;
	struct mqs_group_tx *gtx = &cl->stx.gtx;
	size_t ripe;
	int rc, end = 1;

	cl->plain_matches =
	    mqs_bindings_match(&cl->c->group->bindings, &plain);
	/* After the settling, or what is due at once would be due a moment from now. */
	cl->now = mqs_judged_now(cl->c->spool);
	if (cl->survey)
		return take_new(cl, &end, err);
	if ((rc = mqs_group_key_ripen(gtx, cl->now, cl->max, &ripe, err)) != MQS_OK)
		return rc;
	cl->passed += ripe;	/* some may be parked now, with others due behind them */
	if (gtx->v[MQS_GROUP_PRIORITISED] != cl->lv[MQS_LOG_PRIORITISED])
		rc = gtx->group->settings.ordered ? survey(cl, &end, err) :
		    take_urgent(cl, &end, err);
	/* Not all of the urgent were seen: what is not urgent must wait. */
	if (rc != MQS_OK || !end || (rc = take_ready(cl, 0, &end, err)) != MQS_OK || !end)
		return rc;
	return take_new(cl, &end, err);
}
