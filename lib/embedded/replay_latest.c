/* replay_latest.c - see replay_latest.h */
#include <stdlib.h>

#include "base/error.h"
#include "base/hash.h"
#include "embedded/replay_latest.h"

#define FIRST_CAP	1024	/* a power of 2 */
#define EMPTY_BODY	UINT64_C(1)

/* The slot of a hash, or the free one where it belongs, from `at' on. */
static size_t
probe(const struct mqs_latest *l, uint64_t hash, size_t at)
{
	while (l->slots[at].id != 0 && ((l->slots[at].hash ^ hash) & ~EMPTY_BODY) != 0)
		at = (at + 1) & (l->cap - 1);
	return at;
}

static size_t
home(const struct mqs_latest *l, uint64_t hash)
{
	return (size_t)(hash >> 1) & (l->cap - 1);
}

/* Makes the table twice as large, without looking at any key: no key is there twice. */
static int
grow(struct mqs_latest *l, struct mqs_error *err)
{
	struct mqs_latest old = *l;
	size_t i, at;

	l->cap = old.cap == 0 ? FIRST_CAP : 2 * old.cap;
	if ((l->slots = calloc(l->cap, sizeof(*l->slots))) == NULL) {
		*l = old;
		return mqs_fail_errno(err, "the newest of %zu keys", l->n);
	}
	for (i = 0; i < old.cap; i++) {
		if (old.slots[i].id == 0)
			continue;
		for (at = home(l, old.slots[i].hash); l->slots[at].id != 0;)
			at = (at + 1) & (l->cap - 1);
		l->slots[at] = old.slots[i];
	}
	free(old.slots);
	return MQS_OK;
}

/* 1 if the message with that id has the same key. */
static int
same_key(struct mqs_tx *tx, uint64_t id, const struct mqs_message *m, struct mqs_error *err)
{
	struct mqs_slice value;
	struct mqs_record r;
	unsigned char key[8];
	int rc;

	mqs_put_be64(key, id);
	if ((rc = mqs_tx_get(tx, MQS_LOG_MESSAGES, key, sizeof(key), &value, err)) != MQS_OK)
		return rc < 0 ? rc : 0;
	return mqs_record_decode(&r, id, value, 0, NULL) == MQS_OK &&
	    r.message.key_len == m->key_len &&
	    (m->key_len == 0 || memcmp(r.message.key, m->key, m->key_len) == 0);
}

int
mqs_latest_add(struct mqs_latest *l, struct mqs_tx *tx, const struct mqs_message *m,
    struct mqs_error *err)
{
	const uint64_t hash = XXH3_64bits(m->key_len == 0 ? "" : m->key, m->key_len);
	struct mqs_latest_slot *s;
	size_t at;
	int rc;

	if (l->n >= l->cap / 4 * 3 && (rc = grow(l, err)) != MQS_OK)
		return rc;
	for (at = home(l, hash);; at = (at + 1) & (l->cap - 1)) {
		at = probe(l, hash, at);
		s = &l->slots[at];
		if (s->id == 0)
			break;
		if ((rc = same_key(tx, s->id, m, err)) < 0)
			return rc;
		if (rc == 1)
			break;
	}
	l->n += s->id == 0;
	s->hash = (hash & ~EMPTY_BODY) | (m->body_len == 0 ? EMPTY_BODY : 0);
	s->id = m->seq;
	return MQS_OK;
}

static int
compare_ids(const void *a, const void *b)
{
	uint64_t x, y;

	memcpy(&x, a, sizeof(x));
	memcpy(&y, b, sizeof(y));
	return x < y ? -1 : x > y;
}

void
mqs_latest_list(struct mqs_latest *l, uint64_t **ids, size_t *n)
{
	unsigned char *list = (unsigned char *)l->slots;
	uint64_t id;
	size_t i;

	*n = 0;
	/* An id is put where only slots were that have been looked at. */
	for (i = 0; i < l->cap; i++) {
		id = l->slots[i].hash & EMPTY_BODY ? 0 : l->slots[i].id;
		if (id != 0)
			memcpy(list + sizeof(id) * (*n)++, &id, sizeof(id));
	}
	if (*n > 0)
		qsort(list, *n, sizeof(id), compare_ids);
	*ids = (uint64_t *)(void *)list;
	*l = (struct mqs_latest){ 0 };
}

void
mqs_latest_free(struct mqs_latest *l)
{
	free(l->slots);
	*l = (struct mqs_latest){ 0 };
}
