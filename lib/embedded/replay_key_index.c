/* replay_key_index.c - see replay_key_index.h */
#include "base/error.h"
#include "embedded/queue/log_key_index.h"
#include "embedded/replay_key_index.h"

/* Reads the log's state: MQS_ECONFIG if the index is not whole. */
static int
look(struct mqs_log_reader *reader, uint64_t v[MQS_LOG_VALUES], struct mqs_error *err)
{
	int rc;

	if ((rc = mqs_log_reader_state(reader, v, err)) != MQS_OK)
		return rc;
	return v[MQS_LOG_KEY_INDEX] == MQS_KEY_INDEX_WHOLE ? MQS_OK : MQS_ECONFIG;
}

void
mqs_key_ids_init(struct mqs_key_ids *k, const struct mqs_replay_bounds *b)
{
	k->hash = mqs_key_index_hash(b->key, b->key_len);
	k->from = b->first;
	k->n = k->next = 0;
}

int
mqs_key_ids_next(struct mqs_key_ids *k, struct mqs_log_reader *reader, uint64_t *id,
    struct mqs_error *err)
{
	uint64_t v[MQS_LOG_VALUES];
	int rc;

	if (k->next == k->n) {
		if ((rc = look(reader, v, err)) != MQS_OK)
			return rc;
		k->n = MQS_KEY_IDS;
		k->next = 0;
		if ((rc = mqs_key_index_list(reader->tx, k->hash, k->from, k->ids, &k->n,
		    err)) != MQS_OK) {
			k->n = 0;
			return rc;
		}
		if (k->n == 0)
			return MQS_NOTHING;
	}
	*id = k->ids[k->next++];
	k->from = *id + 1;
	return MQS_OK;
}

int
mqs_key_ids_last(struct mqs_key_ids *k, struct mqs_log_reader *reader,
    const struct mqs_replay_bounds *b, uint64_t last, struct mqs_error *err)
{
	uint64_t v[MQS_LOG_VALUES], id = b->until_id, from = UINT64_MAX;
	struct mqs_record r;
	int rc;

	if ((rc = look(reader, v, err)) != MQS_OK)
		return rc;
	while (last > 0 && (rc = mqs_key_index_before(reader->tx, k->hash, id, &id,
	    err)) == MQS_OK && id >= b->first) {
		rc = mqs_log_reader_at(reader, id, 1, &r, err);
		/* A damaged one is none of the last. */
		if (rc < 0 && rc != MQS_EDAMAGED)
			return rc;
		if (rc == MQS_OK && !mqs_replay_late(b, &r.message) &&
		    mqs_replay_wanted(b, &r.message)) {
			from = id;
			last--;
		}
		if (id-- == 0)
			break;
	}
	if (rc < 0 && rc != MQS_EDAMAGED)
		return rc;
	/* There were not so many, or none: then what comes later, if it is followed. */
	if (last > 0 || from == UINT64_MAX)
		from = b->first;
	k->from = from;
	return MQS_OK;
}

/* ----------------------------------------------------------- the newest -- */

int
mqs_newest_by_index(struct mqs_log_reader *reader, const struct mqs_replay_bounds *b,
    struct mqs_error *err)
{
	uint64_t v[MQS_LOG_VALUES];
	size_t i;
	int rc;

	if (b->by_key)
		return 0;
	for (i = 0; i < b->bindings.n; i++)
		if (b->bindings.list[i].binding.kind != MQS_BIND_KEY &&
		    b->bindings.list[i].binding.kind != MQS_BIND_PATTERN)
			return 0;
	if ((rc = look(reader, v, err)) == MQS_ECONFIG)
		return 0;
	return rc == MQS_OK ? 1 : rc;
}

/* No message within the bounds has a greater id; see replay_bounds.h about times. */
static uint64_t
greatest(const struct mqs_replay_bounds *b, const uint64_t v[MQS_LOG_VALUES])
{
	uint64_t most;

	if (b->until <= 0)
		return b->until_id;
	most = (uint64_t)b->until + MQS_LOG_AHEAD_MAX;
	if (most < v[MQS_LOG_BEHIND])
		most = v[MQS_LOG_BEHIND];
	return most < b->until_id ? most : b->until_id;
}

int
mqs_is_newest(struct mqs_log_reader *reader, const struct mqs_replay_bounds *b,
    const struct mqs_message *m, struct mqs_error *err)
{
	uint64_t v[MQS_LOG_VALUES], most;
	struct mqs_record r;
	int rc;

	if ((rc = look(reader, v, err)) != MQS_OK)
		return rc != MQS_ECONFIG ? rc : mqs_fail(err, MQS_EBUSY,
		    "%s: the index of keys was turned off meanwhile", reader->log->dir.name);
	most = greatest(b, v);
	while ((rc = mqs_key_index_newest(reader->tx, m->key, m->key_len, most, &r,
	    err)) == MQS_OK && r.message.seq > m->seq) {
		if (!mqs_replay_late(b, &r.message) && mqs_replay_wanted(b, &r.message))
			return 0;
		most = r.message.seq - 1;
	}
	/* Without an entry, which is damage, it is the newest that is known. */
	return rc < 0 ? rc : 1;
}
