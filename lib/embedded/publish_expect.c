/* publish_expect.c - see publish_expect.h */
#include <stdio.h>
#include <string.h>

#include "base/advice.h"
#include "base/error.h"
#include "base/name.h"
#include "embedded/publish_expect.h"
#include "embedded/queue/log_key_index.h"

int
mqs_embedded_publisher_expect(struct mqs_publisher *p, const char *id, const char *key,
    size_t key_len, struct mqs_error *err)
{
	struct mqs_expect *e = &p->expect;
	uint64_t number;

	if (mqs_parse_u64(id, strlen(id), &number) == -1)
		return mqs_fail(err, MQS_EINVAL, "%s: '%.*s': not an id", p->log->dir.name,
		    MQS_ID_SIZE, id);
	e->on = 1;
	e->id = number;
	e->by_key = key != NULL;
	e->key_len = 0;
	if (key != NULL && key_len > 0) {
		memcpy(e->key, key, key_len);
		e->key_len = key_len;
	}
	return MQS_OK;
}

/* The id of the queue's last message; 0: there is none. */
static int
last_of_queue(struct mqs_tx *tx, uint64_t *id, struct mqs_error *err)
{
	struct mqs_slice key, value;
	struct mqs_cur *cur;
	int rc;

	if ((rc = mqs_cur_new(&cur, tx, MQS_LOG_MESSAGES, err)) != MQS_OK)
		return rc;
	rc = mqs_cur_move(cur, MQS_LAST, &key, &value, err);
	if (rc == MQS_OK && key.n == 8)
		*id = mqs_get_be64(key.p);
	mqs_cur_free(cur);
	return rc < 0 ? rc : MQS_OK;
}

/* The id of the last message of the key. */
static int
last_of_key(const struct mqs_expect *e, const struct mqs_log_tx *ltx, uint64_t *id,
    struct mqs_error *err)
{
	const struct mqs_dir *dir = &ltx->log->dir;
	char ctl[MQS_CTL_SIZE];
	struct mqs_record r;
	int rc;

	if (ltx->v[MQS_LOG_KEY_INDEX] == MQS_KEY_INDEX_BUILDING)
		return mqs_fail(err, MQS_ECONFIG, "%s: the index of keys is not complete; to "
		    "complete it: %s trim %s", dir->name, mqs_ctl(ctl, dir->path), dir->name);
	if (ltx->v[MQS_LOG_KEY_INDEX] != MQS_KEY_INDEX_WHOLE)
		return mqs_fail(err, MQS_ECONFIG, "%s: there is no index of keys, which "
		    "--expect-last with a key needs; to have one: %s set %s index=key",
		    dir->name, mqs_ctl(ctl, dir->path), dir->name);
	rc = mqs_key_index_newest(ltx->tx, e->key, e->key_len, UINT64_MAX, &r, err);
	if (rc == MQS_OK)
		*id = r.message.seq;
	return rc < 0 ? rc : MQS_OK;
}

/* MQS_OK if all of these messages are retained already, under their message ids; MQS_NOTHING. */
static int
are_duplicates(const struct mqs_publisher *p, size_t from, struct mqs_log_tx *ltx,
    struct mqs_error *err)
{
	const struct mqs_message *m;
	uint64_t id;
	int rc = MQS_NOTHING;

	for (; from < p->n; from++) {
		m = &p->shapes[p->batch[from].shape].record.message;
		if (m->message_id == NULL)
			return MQS_NOTHING;
		if ((rc = mqs_log_duplicate(ltx, m, &id, err)) != MQS_OK)
			return rc;
	}
	return rc;
}

int
mqs_expect_check(const struct mqs_publisher *p, size_t from, struct mqs_log_tx *ltx,
    struct mqs_error *err)
{
	const struct mqs_expect *e = &p->expect;
	char of[MQS_KEY_MAX + 16] = "", expected[MQS_ID_SIZE], found[MQS_ID_SIZE];
	uint64_t id = 0;
	int rc;

	if (!e->on || (rc = are_duplicates(p, from, ltx, err)) == MQS_OK)
		return MQS_OK;
	if (rc < 0)
		return rc;
	rc = e->by_key ? last_of_key(e, ltx, &id, err) : last_of_queue(ltx->tx, &id, err);
	if (rc != MQS_OK || id == e->id)
		return rc;
	if (e->by_key)
		(void)snprintf(of, sizeof(of), " of key %.*s", (int)e->key_len, e->key);
	mqs_format_u64(e->id, expected);
	mqs_format_u64(id, found);
	if (id == 0)
		return mqs_fail(err, MQS_EBUSY, "%s: there is no message%s, but %s was expected",
		    p->log->dir.name, of, expected);
	if (e->id == 0)
		return mqs_fail(err, MQS_EBUSY, "%s: the last message%s is %s, but none was "
		    "expected", p->log->dir.name, of, found);
	return mqs_fail(err, MQS_EBUSY, "%s: the last message%s is %s, not %s",
	    p->log->dir.name, of, found, expected);
}

void
mqs_expect_stored(struct mqs_publisher *p, size_t from, size_t to, uint64_t before)
{
	struct mqs_expect *e = &p->expect;
	const struct mqs_message *m;

	if (!e->on)
		return;
	/* One with a lower id was there already, under the same message id. */
	for (; to > from; to--) {
		m = &p->shapes[p->batch[to - 1].shape].record.message;
		if (p->batch[to - 1].id > before &&
		    (!e->by_key || mqs_key_is(m, e->key, e->key_len))) {
			e->id = p->batch[to - 1].id;
			return;
		}
	}
}
