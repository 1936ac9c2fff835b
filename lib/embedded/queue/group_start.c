/* group_start.c - see group_start.h */
#include <string.h>

#include "base/error.h"
#include "base/name.h"
#include "embedded/queue/group_start.h"
#include "embedded/queue/log_reader.h"

/* All priorities start together. */
static void
stand(uint64_t v[MQS_GROUP_VALUES], const uint64_t lv[MQS_LOG_VALUES],
    uint64_t id, uint64_t ordinal, uint64_t bytes)
{
	unsigned p;

	v[MQS_GROUP_CURSOR] = id;
	v[MQS_GROUP_ORDINAL] = ordinal;
	v[MQS_GROUP_BYTES] = bytes;
	for (p = 0; p < 9; p++)
		v[MQS_GROUP_CURSORS + p] = id;
	/* It knows all messages with a priority if none is beyond that. */
	v[MQS_GROUP_PRIORITISED] = lv[MQS_LOG_PRIORITISED] > id ? 0 :
	    lv[MQS_LOG_PRIORITISED];
	v[MQS_GROUP_AHEAD] = v[MQS_GROUP_AHEAD_BYTES] = 0;
}

/* Puts the cursor right before a record, with `after' bytes from that on. */
static void
before(uint64_t v[MQS_GROUP_VALUES], const uint64_t lv[MQS_LOG_VALUES],
    const struct mqs_record *r, uint64_t after)
{
	stand(v, lv, r->message.seq - 1, r->ordinal - 1, lv[MQS_LOG_IN_BYTES] - after);
}

void
mqs_group_to_oldest(uint64_t v[MQS_GROUP_VALUES], const uint64_t lv[MQS_LOG_VALUES])
{
	stand(v, lv, 0, lv[MQS_LOG_REMOVED], lv[MQS_LOG_REMOVED_BYTES]);
}

void
mqs_group_to_end(uint64_t v[MQS_GROUP_VALUES], const uint64_t lv[MQS_LOG_VALUES])
{
	stand(v, lv, lv[MQS_LOG_LAST_ID], lv[MQS_LOG_ORDINAL], lv[MQS_LOG_IN_BYTES]);
}

/*
 * The next message, be it damaged: then what is known of it.  Those that are missing are
 * passed over.
 */
static int
next(struct mqs_log_reader *reader, struct mqs_record *r, struct mqs_error *err)
{
	int rc;

	do
		rc = mqs_log_reader_next(reader, 0, r, err);
	while (rc == MQS_EDAMAGED && reader->told);
	if (rc != MQS_EDAMAGED || !mqs_log_reader_goes_on(reader))
		return rc;
	if (mqs_record_decode(r, reader->at, reader->walk.value, 0, NULL) != MQS_OK) {
		r->message.body_len = 0;
		r->message.time = (int64_t)reader->at;
	}
	r->message.seq = reader->at;
	r->ordinal = reader->ordinal;
	return MQS_OK;
}

/* Before the first message with an id, time and ordinal of at least these. */
static int
at_message(struct mqs_log_reader *reader, uint64_t id, int64_t time, uint64_t ordinal,
    const uint64_t lv[MQS_LOG_VALUES], uint64_t v[MQS_GROUP_VALUES],
    struct mqs_error *err)
{
	struct mqs_record r, first = { .ordinal = 0 };
	uint64_t after = 0;
	int rc, placed = 0;

	mqs_log_reader_seek(reader, id);
	while ((rc = next(reader, &r, err)) == MQS_OK) {
		if (!placed && (r.message.time < time || r.ordinal < ordinal))
			continue;
		if (!placed)
			first = r;
		placed = 1;
		after += r.message.body_len;
	}
	if (rc == MQS_NOTHING && placed)
		before(v, lv, &first, after);
	else if (rc == MQS_NOTHING)
		mqs_group_to_end(v, lv);
	return rc == MQS_NOTHING ? MQS_OK : rc;
}

static int
at_last(struct mqs_log_reader *reader, uint64_t n,
    const uint64_t lv[MQS_LOG_VALUES], uint64_t v[MQS_GROUP_VALUES],
    struct mqs_error *err)
{
	uint64_t id = UINT64_MAX, after = 0, all = lv[MQS_LOG_ORDINAL];
	struct mqs_record r;
	int rc = MQS_OK;
	uint64_t left;

	mqs_group_to_end(v, lv);
	for (left = n; left > 0; left--) {
		if ((rc = mqs_log_reader_before(reader, id, &r, err)) != MQS_OK)
			break;
		id = r.message.seq;
		after += r.message.body_len;
		before(v, lv, &r, after);
	}
	/* Forward, the reader gets past what is damaged. */
	if (rc == MQS_EDAMAGED)
		return at_message(reader, 0, INT64_MIN, n < all ? all - n + 1 : 0, lv, v, err);
	return rc == MQS_NOTHING ? MQS_OK : rc;
}

static int
place(struct mqs_log_reader *reader, const struct mqs_start *start,
    uint64_t v[MQS_GROUP_VALUES], struct mqs_error *err)
{
	uint64_t lv[MQS_LOG_VALUES], id = 0;
	int rc;

	if ((rc = mqs_log_reader_state(reader, lv, err)) != MQS_OK)
		return rc;
	switch (start->at) {
	case MQS_START_NEWEST:
		mqs_group_to_end(v, lv);
		return MQS_OK;
	case MQS_START_ID:
		return at_message(reader, start->id, INT64_MIN, 0, lv, v, err);
	case MQS_START_TIME:
		/* An id is never less than its record's time. */
		if (start->time > 0)
			id = (uint64_t)start->time;
		return at_message(reader, id, start->time, 0, lv, v, err);
	case MQS_START_LAST:
		return at_last(reader, start->last, lv, v, err);
	case MQS_START_OLDEST:
		break;
	}
	mqs_group_to_oldest(v, lv);
	return MQS_OK;
}

int
mqs_group_place(struct mqs_log *log, const struct mqs_start *start,
    uint64_t v[MQS_GROUP_VALUES], struct mqs_error *err)
{
	struct mqs_log_reader reader;
	int rc;

	if ((rc = mqs_log_reader_init(&reader, log, err)) != MQS_OK)
		return rc;
	rc = place(&reader, start, v, err);
	mqs_log_reader_done(&reader);
	return rc;
}

int
mqs_group_start_of(struct mqs_start *start, const struct mqs_consumer_options *o,
    struct mqs_error *err)
{
	memset(start, 0, sizeof(*start));
	start->at = MQS_START_OLDEST;
	if (o->from_time != 0) {
		start->at = MQS_START_TIME;
		start->time = o->from_time;
	} else if (o->from == NULL || strcmp(o->from, "oldest") == 0) {
		return MQS_OK;
	} else if (strcmp(o->from, "newest") == 0) {
		start->at = MQS_START_NEWEST;
	} else {
		start->at = MQS_START_ID;
		if (mqs_parse_u64(o->from, strlen(o->from), &start->id) == -1)
			return mqs_fail(err, MQS_EINVAL, "%s: not an id", o->from);
	}
	return MQS_OK;
}
