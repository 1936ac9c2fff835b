/* marker.c - see marker.h */
#include "base/hash.h"
#include "embedded/queue/group_state.h"
#include "embedded/queue/marker.h"

#define MARKER_GENERATION	24	/* where the generation stands in it */
#define SWEEP_MAX	100

static void
key_of(unsigned char key[MQS_MARKER_KEY], const struct mqs_marker *m)
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
	unsigned char key[MQS_MARKER_KEY];
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
	unsigned char key[MQS_MARKER_KEY];

	key_of(key, m);
	return mqs_tx_put(tx, table, key, sizeof(key), "", 0, err);
}

int
mqs_marker_restore(struct mqs_tx *tx, unsigned table, const unsigned char key[MQS_MARKER_KEY],
    struct mqs_error *err)
{
	return mqs_tx_put(tx, table, key, MQS_MARKER_KEY, "", 0, err);
}

int
mqs_marker_del(struct mqs_tx *tx, unsigned table, const struct mqs_marker *m,
    struct mqs_error *err)
{
	unsigned char key[MQS_MARKER_KEY];

	key_of(key, m);
	return mqs_tx_del(tx, table, key, sizeof(key), err);
}

/* Of a marker's key in a table. */
static uint64_t
generation_of(struct mqs_slice key)
{
	return mqs_get_be64((const unsigned char *)key.p + MARKER_GENERATION);
}

int
mqs_marker_sweep(struct mqs_tx *tx, unsigned table, struct mqs_group *group,
    const struct mqs_marker *m, struct mqs_error *err)
{
	unsigned char first[MQS_MARKER_KEY] = { 0 }, end[MQS_MARKER_KEY];
	struct mqs_slice at = { first, sizeof(first) }, value;
	struct mqs_cur *cur;
	unsigned n;
	int rc, stands = 0;

	key_of(end, m);
	memcpy(first, end, MARKER_GENERATION);
	if ((rc = mqs_cur_new(&cur, tx, table, err)) != MQS_OK)
		return rc;
	rc = mqs_cur_move(cur, MQS_FROM, &at, &value, err);
	for (n = 0; n < SWEEP_MAX && rc == MQS_OK; n++) {
		if (at.n != MQS_MARKER_KEY || memcmp(at.p, end, MQS_MARKER_KEY) >= 0)
			break;
		if (!stands && generation_of(at) != m->generation) {
			rc = mqs_group_generation_stands(group, m->generation, err);
			if (rc != MQS_OK)
				break;
			stands = 1;
		}
		if ((rc = mqs_cur_del(cur, err)) == MQS_OK)
			rc = mqs_cur_move(cur, MQS_NEXT, &at, &value, err);
	}
	mqs_cur_free(cur);
	return rc == MQS_NOTHING ? MQS_OK : rc;
}

static void
marker_in(struct mqs_marker *m, const unsigned char *key)
{
	memcpy(m->uuid, key, 16);
	m->group = mqs_get_be64(key + 16);
	m->generation = mqs_get_be64(key + 24);
	m->id = mqs_get_be64(key + 32);
}

/* The least key behind all of a marker's group: 0 if there is none. */
static int
behind_group(unsigned char key[MQS_MARKER_KEY])
{
	size_t i = MARKER_GENERATION;

	memset(key + MARKER_GENERATION, 0, MQS_MARKER_KEY - MARKER_GENERATION);
	while (i > 0)
		if (++key[--i] != 0)
			return 1;
	return 0;
}

int
mqs_marker_remove_gone(struct mqs_tx *tx, unsigned table,
    int (*is_gone)(void *arg, const struct mqs_marker *), void *arg, size_t most,
    size_t *n, struct mqs_error *err)
{
	unsigned char key[MQS_MARKER_KEY] = { 0 };
	struct mqs_slice at = { key, sizeof(key) }, value;
	struct mqs_marker m;
	struct mqs_cur *cur;
	int rc;

	*n = 0;
	if ((rc = mqs_cur_new(&cur, tx, table, err)) != MQS_OK)
		return rc;
	rc = mqs_cur_move(cur, MQS_FROM, &at, &value, err);
	while (*n < most && rc == MQS_OK && at.n == MQS_MARKER_KEY) {
		memcpy(key, at.p, sizeof(key));
		marker_in(&m, key);
		if (is_gone(arg, &m)) {
			++*n;
			if ((rc = mqs_cur_del(cur, err)) == MQS_OK)
				rc = mqs_cur_move(cur, MQS_NEXT, &at, &value, err);
			continue;
		}
		if (!behind_group(key))
			break;
		at.p = key;
		at.n = sizeof(key);
		rc = mqs_cur_move(cur, MQS_FROM, &at, &value, err);
	}
	mqs_cur_free(cur);
	return rc == MQS_NOTHING ? MQS_OK : rc;
}

int
mqs_marker_last_generation(struct mqs_tx *tx, const unsigned char uuid[16], uint64_t group,
    uint64_t *generation, struct mqs_error *err)
{
	struct mqs_marker end = { .group = group, .generation = UINT64_MAX, .id = UINT64_MAX };
	unsigned char from[MQS_MARKER_KEY];
	struct mqs_slice key = { from, sizeof(from) }, value;
	struct mqs_cur *cur;
	int rc;

	memcpy(end.uuid, uuid, sizeof(end.uuid));
	key_of(from, &end);
	if ((rc = mqs_cur_new(&cur, tx, MQS_LOG_MARKERS, err)) != MQS_OK)
		return rc;
	rc = mqs_cur_move(cur, MQS_FROM, &key, &value, err);
	if (rc >= 0)
		rc = mqs_cur_move(cur, rc == MQS_OK ? MQS_PREV : MQS_LAST, &key, &value, err);
	if (rc == MQS_OK && (key.n != MQS_MARKER_KEY || memcmp(key.p, from, MARKER_GENERATION) != 0))
		rc = MQS_NOTHING;
	if (rc == MQS_OK)
		*generation = mqs_get_be64((const unsigned char *)key.p + MARKER_GENERATION);
	mqs_cur_free(cur);
	return rc;
}
