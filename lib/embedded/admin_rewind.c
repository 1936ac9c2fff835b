/*
 * admin_rewind.c - moving a group to another place of its queue
 *
 * One transaction of the group forgets its leases and held messages, and puts the cursors at
 * the place that was asked for.  It also begins a new generation, so that markers of the old
 * one do not count: what was made of the group's messages before is made again.  Consumers
 * that are running go on.  They lose what they hold, and their settlings of it are refused.
 *
 * The floor may get lower, so the order is that of queue/group_tx.h: under the log's write
 * lock the page is lowered first, and then the group is committed.  A crash leaves the group
 * where it was, with a page whose floor is lower than need be, which is safe; or moved.
 */
#include "base/error.h"
#include "base/name.h"
#include "embedded/queue/group_settle_all.h"
#include "embedded/queue/group_state.h"
#include "embedded/queue/log_reader.h"
#include "embedded/queue/log_tx.h"
#include "embedded/spool.h"

static int
start_of(struct mqs_start *start, const struct mqs_rewind_options *o,
    struct mqs_error *err)
{
	const struct mqs_consumer_options from = {
		.from = o->to, .from_time = o->to_time
	};

	if (o->to != NULL || o->to_time != 0)
		return mqs_group_start_of(start, &from, err);
	memset(start, 0, sizeof(*start));
	start->at = MQS_START_LAST;
	start->last = o->last;
	return MQS_OK;
}

/* What a state means in the log as it is now. */
static int
describe(struct mqs_log *log, const uint64_t v[MQS_GROUP_VALUES],
    uint64_t *depth, struct mqs_rewound *r, struct mqs_error *err)
{
	uint64_t lv[MQS_LOG_VALUES];
	struct mqs_log_reader reader;
	struct mqs_record first;
	int rc;

	if ((rc = mqs_log_reader_init(&reader, log, err)) != MQS_OK)
		return rc;
	if ((rc = mqs_log_reader_state(&reader, lv, err)) != MQS_OK)
		goto out;
	*depth = mqs_group_unsettled(v, lv);
	if (r == NULL)
		goto out;
	mqs_log_reader_seek(&reader, v[MQS_GROUP_CURSOR] + 1);
	if ((rc = mqs_log_reader_next(&reader, 0, &first, err)) == MQS_OK) {
		mqs_format_u64(first.message.seq, r->id);
		r->time = first.message.time;
	} else if (rc == MQS_EDAMAGED && mqs_log_reader_goes_on(&reader)) {
		mqs_format_u64(reader.at, r->id);	/* damaged; its time may be, too */
		rc = MQS_OK;
	}
out:
	mqs_log_reader_done(&reader);
	return rc < 0 ? rc : MQS_OK;
}

/* The state after the move: nothing held or leased, all beyond the place unsettled. */
static int
moved(struct mqs_log *log, const struct mqs_start *start,
    uint64_t v[MQS_GROUP_VALUES], struct mqs_rewound *r, struct mqs_error *err)
{
	int rc;

	v[MQS_GROUP_LEASED] = v[MQS_GROUP_WAITING] = v[MQS_GROUP_READY] =
	    v[MQS_GROUP_PARKED] = 0;
	if ((rc = mqs_group_place(log, start, v, err)) != MQS_OK)
		return rc;
	return describe(log, v, &r->depth, r, err);
}

static int
try_it(struct mqs_group *group, const struct mqs_start *start,
    struct mqs_rewound *r, struct mqs_error *err)
{
	uint64_t v[MQS_GROUP_VALUES];
	int rc;

	if ((rc = mqs_group_state(group, v, err)) != MQS_OK ||
	    (rc = describe(group->log, v, &r->before, NULL, err)) != MQS_OK)
		return rc;
	return moved(group->log, start, v, r, err);
}

static int
change(struct mqs_group_tx *gtx, const struct mqs_start *start,
    struct mqs_rewound *r, struct mqs_error *err)
{
	struct mqs_log *log = gtx->group->log;
	uint64_t count = 0;
	int rc, more;

	if ((rc = describe(log, gtx->v, &r->before, NULL, err)) != MQS_OK ||
	    (rc = mqs_group_settle_all(gtx, SIZE_MAX, &count, &more, err)) != MQS_OK)
		return rc;
	gtx->v[MQS_GROUP_GENERATION]++;
	return moved(log, start, gtx->v, r, err);
}

static int
do_it(struct mqs_group *group, const struct mqs_start *start,
    struct mqs_rewound *r, struct mqs_error *err)
{
	struct mqs_group_tx gtx;
	struct mqs_log_tx ltx;
	int rc;

	if ((rc = mqs_group_begin(&gtx, group, err)) != MQS_OK)
		return rc;
	if ((rc = change(&gtx, start, r, err)) != MQS_OK ||
	    (rc = mqs_log_begin(&ltx, group->log, 0, err)) != MQS_OK) {
		mqs_group_abort(&gtx);
		return rc;
	}
	rc = mqs_group_commit_lower(&gtx, err);
	if (rc != MQS_OK || (ltx.v[MQS_LOG_ROOM_ORDINAL] | ltx.v[MQS_LOG_ROOM_BYTES]) == 0) {
		mqs_log_abort(&ltx);
		return rc;
	}
	/* More is unsettled than when somebody looked how much room there is. */
	ltx.v[MQS_LOG_ROOM_ORDINAL] = ltx.v[MQS_LOG_ROOM_BYTES] = 0;
	return mqs_log_commit(&ltx, err);
}

int
mqs_embedded_rewind(struct mqs_spool *spool, const char *queue, const char *group,
    const struct mqs_rewind_options *options, struct mqs_rewound *r,
    struct mqs_error *err)
{
	struct mqs_start start;
	struct mqs_group *g;
	struct mqs_log *log;
	int rc;

	memset(r, 0, sizeof(*r));
	if ((rc = start_of(&start, options, err)) != MQS_OK ||
	    (rc = mqs_spool_log(spool, queue, 0, &log, err)) != MQS_OK ||
	    (rc = mqs_spool_group(spool, queue, group, 0, NULL, &g, err)) != MQS_OK)
		return rc;
	return options->dry_run ? try_it(g, &start, r, err) : do_it(g, &start, r, err);
}
