/* reader_place.c - see reader.h: where ids and the last N are */
#include <string.h>

#include "amqp/message_id.h"
#include "amqp/reader.h"
#include "base/error.h"

/* Of the end of a stream, so much more than is asked for is looked at first. */
#define SLACK		64
#define WIDER		8	/* times as much is looked at next */

/* ----------------------------------------------------------------- end -- */

/*
 * Finds the sign's offset, from the last chunk on.  Reading begins before a sign is published, so
 * that the last chunk is not one behind it.
 */
static int
find_end(struct mqs_reader *r, struct mqs_error *err)
{
	static const struct mqs_amqp_stream_start last = { .at = MQS_AMQP_STREAM_LAST };
	int rc = mqs_amqp_reader_seek(r, &last, err);

	mqs_amqp_sign_make(r->sign);
	while (rc == MQS_OK) {
		if ((rc = mqs_amqp_sign_publish(r->connection, r->stream, r->sign, err)) != MQS_OK)
			return rc;
		do
			rc = mqs_amqp_reader_step(r, mqs_boottime() + MQS_AMQP_READER_PATIENCE, err);
		while (rc == MQS_OK);
		if (rc == MQS_ETIMEOUT)
			rc = MQS_OK;
	}
	return rc == MQS_NOTHING ? MQS_OK : rc;
}

/* ----------------------------------------------------------------- ids -- */

/* Looks for an id: its offset, or -1 if it is not there. */
static int
find_id(struct mqs_reader *r, const char *id, int64_t time, int64_t *offset,
    struct mqs_error *err)
{
	int rc = mqs_amqp_reader_seek_time(r, time, err);

	*offset = -1;
	while (rc == MQS_OK && (rc = mqs_amqp_reader_step(r, -1, err)) == MQS_OK)
		if (strcmp(r->incoming.message.id, id) == 0) {
			*offset = r->kept->offset;
			return MQS_OK;
		}
	return rc == MQS_NOTHING ? MQS_OK : rc;
}

/*
 * An offset that is beyond the end becomes that of the sign: a stream that is read from beyond
 * its end gives what is published from then on.
 */
static int
find_offset(struct mqs_reader *r, int64_t *offset, struct mqs_error *err)
{
	int rc = find_end(r, err);

	if (rc == MQS_OK && *offset > r->end)
		*offset = r->end;
	return rc;
}

/* Where an id is: MQS_OK and its offset, or -1 and its time. */
static int
find(struct mqs_reader *r, const char *id, int64_t *offset, int64_t *time, struct mqs_error *err)
{
	*time = 0;
	if (mqs_amqp_is_offset(id, offset))
		return find_offset(r, offset, err);
	if (!mqs_amqp_id_read(id, strlen(id), time))
		return mqs_fail(err, MQS_EINVAL, "%s: %s: no id", r->queue, id);
	return find_id(r, id, *time, offset, err);
}

int
mqs_amqp_reader_find_ids(struct mqs_reader *r, struct mqs_error *err)
{
	struct mqs_amqp_bounds *b = &r->bounds;
	int64_t offset, time;
	int rc;

	if (b->since_id[0] != '\0') {
		if ((rc = find(r, b->since_id, &offset, &time, err)) != MQS_OK)
			return rc;
		if (offset >= 0)
			b->first = offset;
		else if (time > b->since)
			b->since = time;
	}
	if (b->until_id[0] != '\0') {
		if ((rc = find(r, b->until_id, &offset, &time, err)) != MQS_OK)
			return rc;
		if (offset >= 0)
			b->last = offset;
		else if (b->until == 0 || time + 1 < b->until)
			b->until = time + 1;	/* that time is included */
	}
	return MQS_OK;
}

/* ---------------------------------------------------------------- last -- */

/*
 * Counts those from an offset on that are wanted.  *all: there are no others before them, since
 * the stream begins there, or what is there is too early.
 */
static int
count_from(struct mqs_reader *r, int64_t from, uint64_t *count, int *all, struct mqs_error *err)
{
	const struct mqs_amqp_stream_start start = { .at = MQS_AMQP_STREAM_OFFSET, .value = from };
	const int64_t early = r->bounds.since - MQS_AMQP_READER_CLOCKS;
	int rc = mqs_amqp_reader_seek(r, &start, err), first = 1;

	*count = 0;
	*all = from == 0 || from < r->bounds.first;
	for (; rc == MQS_OK && (rc = mqs_amqp_reader_step(r, -1, err)) == MQS_OK; first = 0) {
		if (first && r->time != 0 && r->time < early)
			*all = 1;
		*count += (uint64_t)mqs_amqp_reader_wants(r);
	}
	return rc == MQS_NOTHING ? MQS_OK : rc;
}

int
mqs_amqp_reader_place_last(struct mqs_reader *r, uint64_t n, struct mqs_error *err)
{
	struct mqs_amqp_stream_start start = { .at = MQS_AMQP_STREAM_OFFSET };
	uint64_t span = n > INT64_MAX / 2 ? INT64_MAX / 2 : n + SLACK, count;
	int rc, all = 0;

	if ((rc = find_end(r, err)) != MQS_OK)
		return rc;
	for (count = 0; !all && count < n; span = span > INT64_MAX / WIDER ? span : span * WIDER) {
		start.value = (uint64_t)r->end > span ? r->end - (int64_t)span : 0;
		if ((rc = count_from(r, start.value, &count, &all, err)) != MQS_OK)
			return rc;
	}
	r->skip = count > n ? count - n : 0;
	return mqs_amqp_reader_seek(r, &start, err);
}
