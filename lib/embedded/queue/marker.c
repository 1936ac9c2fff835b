/* marker.c - see marker.h */
#include "base/hash.h"
#include "embedded/queue/marker.h"

#define MARKER_KEY	40
#define MARKER_PREFIX	32	/* all but the id */
#define SWEEP_MAX	100

static void
key_of(unsigned char key[MARKER_KEY], const struct mqs_marker *m)
{
	memcpy(key, m->uuid, 16);
	mqs_put_be64(key + 16, m->group);
	mqs_put_be64(key + 24, m->generation);
	mqs_put_be64(key + 32, m->id);
}

void
mqs_marker_of(struct mqs_marker *m, const struct mqs_group *group,
    uint64_t generation, uint64_t id)
{
	memcpy(m->uuid, group->log->uuid, sizeof(m->uuid));
	m->group = XXH3_64bits(group->name, strlen(group->name));
	m->generation = generation;
	m->id = id;
}

int
mqs_marker_find(struct mqs_tx *tx, unsigned table, const struct mqs_marker *m,
    struct mqs_error *err)
{
	unsigned char key[MARKER_KEY];
	struct mqs_slice value;

	key_of(key, m);
	return mqs_tx_get(tx, table, key, sizeof(key), &value, err);
}

int
mqs_marker_stands(struct mqs_log *log, const struct mqs_marker *m, struct mqs_error *err)
{
	struct mqs_tx *tx;
	int rc;

	if ((rc = mqs_tx_read(log->db, &tx, err)) != MQS_OK)
		return rc;
	rc = mqs_marker_find(tx, MQS_LOG_MARKERS, m, err);
	mqs_tx_abort(tx);
	return rc == MQS_OK && log->settings.relaxed ? mqs_db_sync(log->db, err) : rc;
}

int
mqs_marker_put(struct mqs_tx *tx, unsigned table, const struct mqs_marker *m,
    struct mqs_error *err)
{
	unsigned char key[MARKER_KEY];

	key_of(key, m);
	return mqs_tx_put(tx, table, key, sizeof(key), "", 0, err);
}

int
mqs_marker_del(struct mqs_tx *tx, unsigned table, const struct mqs_marker *m,
    struct mqs_error *err)
{
	unsigned char key[MARKER_KEY];

	key_of(key, m);
	return mqs_tx_del(tx, table, key, sizeof(key), err);
}

int
mqs_marker_sweep(struct mqs_tx *tx, unsigned table, const struct mqs_marker *m,
    struct mqs_error *err)
{
	unsigned char key[MARKER_KEY];
	struct mqs_slice at, value;
	struct mqs_cur *cur;
	unsigned n;
	int rc;

	if ((rc = mqs_cur_new(&cur, tx, table, err)) != MQS_OK)
		return rc;
	key_of(key, m);
	memset(key + MARKER_PREFIX, 0, MARKER_KEY - MARKER_PREFIX);
	at.p = key;
	at.n = sizeof(key);
	rc = mqs_cur_move(cur, MQS_FROM, &at, &value, err);
	for (n = 0; n < SWEEP_MAX && rc == MQS_OK; n++) {
		if (at.n != MARKER_KEY || memcmp(at.p, key, MARKER_PREFIX) != 0 ||
		    mqs_get_be64((const unsigned char *)at.p + MARKER_PREFIX) >= m->id)
			break;
		if ((rc = mqs_cur_del(cur, err)) == MQS_OK)
			rc = mqs_cur_move(cur, MQS_NEXT, &at, &value, err);
	}
	mqs_cur_free(cur);
	return rc == MQS_NOTHING ? MQS_OK : rc;
}
