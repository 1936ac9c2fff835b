/*
 * check_repair_counters.c - correcting what a log's state says of the messages that are there
 *
 * When a record is removed of which not even the size can be read, its bytes stay counted.  Then
 * retain-bytes and max-bytes would go by too much for ever.
 *
 * The bytes are summed up in a snapshot.  By how much they differ from the state of that snapshot
 * is added to the bytes removed, in one transaction: whatever others publish or remove meanwhile
 * changes state and messages alike, so the difference stays the same.  While a record is damaged,
 * nothing is corrected, since nobody knows what its size is.  A crash leaves the state as it was.
 */
#include "base/error.h"
#include "embedded/check_repair_counters.h"
#include "embedded/queue/log_reader.h"
#include "embedded/queue/log_tx.h"

struct sums {
	int		intact;		/* every record is */
	uint64_t	bytes;
	uint64_t	first_id;	/* 0: there is none */
	int64_t		first_time;
};

static int
sum_up(struct mqs_log_reader *reader, struct sums *s)
{
	struct mqs_record r;
	int rc;

	s->intact = 1;
	while ((rc = mqs_log_reader_next(reader, 1, &r, NULL)) == MQS_OK) {
		if (s->first_id == 0) {
			s->first_id = r.message.seq;
			s->first_time = r.message.time;
		}
		s->bytes += r.message.body_len;
	}
	if (rc == MQS_NOTHING)
		return MQS_OK;
	s->intact = 0;
	return rc == MQS_EDAMAGED ? MQS_OK : rc;	/* the check that follows tells */
}

/* The first message of the log is that of the snapshot still: 1, 0, or an error. */
static int
has_first(struct mqs_tx *tx, uint64_t id, struct mqs_error *err)
{
	struct mqs_slice key, value;
	struct mqs_cur *cur;
	int rc;

	if ((rc = mqs_cur_new(&cur, tx, MQS_LOG_MESSAGES, err)) != MQS_OK)
		return rc;
	rc = mqs_cur_move(cur, MQS_FIRST, &key, &value, err);
	if (rc >= 0)
		rc = rc == MQS_OK ? key.n == 8 && mqs_get_be64(key.p) == id : id == 0;
	mqs_cur_free(cur);
	return rc;
}

static int
correct(struct mqs_checking *k, const struct sums *s, uint64_t surplus, struct mqs_error *err)
{
	struct mqs_log_tx ltx;
	uint64_t *v = ltx.v;
	int rc;

	if ((rc = mqs_log_begin(&ltx, k->log, 0, err)) != MQS_OK)
		return rc;
	if (surplus != 0)
		mqs_check_repaired(k, "bytes: %llu, but the state says %llu",
		    (unsigned long long)(v[MQS_LOG_IN_BYTES] - v[MQS_LOG_REMOVED_BYTES] - surplus),
		    (unsigned long long)(v[MQS_LOG_IN_BYTES] - v[MQS_LOG_REMOVED_BYTES]));
	v[MQS_LOG_REMOVED_BYTES] += surplus;
	if ((rc = has_first(ltx.tx, s->first_id, err)) < 0) {
		mqs_log_abort(&ltx);
		return rc;
	}
	if (rc == 1 && v[MQS_LOG_OLDEST_TIME] != (uint64_t)s->first_time) {
		mqs_check_repaired(k, "time of the oldest message: %lld, but the state says %llu",
		    (long long)s->first_time, (unsigned long long)v[MQS_LOG_OLDEST_TIME]);
		v[MQS_LOG_OLDEST_TIME] = (uint64_t)s->first_time;
	}
	return mqs_log_commit(&ltx, err);
}

int
mqs_check_repair_counters(struct mqs_checking *k, struct mqs_error *err)
{
	uint64_t v[MQS_LOG_VALUES], surplus;
	struct mqs_log_reader reader;
	struct sums s = { 0 };
	int rc;

	if ((rc = mqs_log_reader_init(&reader, k->log, err)) != MQS_OK)
		return rc;
	if ((rc = mqs_log_reader_state(&reader, v, err)) == MQS_OK)
		rc = sum_up(&reader, &s);
	mqs_log_reader_done(&reader);
	if (rc != MQS_OK || !s.intact)
		return rc;
	surplus = v[MQS_LOG_IN_BYTES] - v[MQS_LOG_REMOVED_BYTES] - s.bytes;
	if (surplus == 0 && v[MQS_LOG_OLDEST_TIME] == (uint64_t)s.first_time)
		return MQS_OK;
	return correct(k, &s, surplus, err);
}
