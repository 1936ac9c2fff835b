/* reader_latest.c - see reader_latest.h, and reader.h: only the newest message of each key */
#include <stdlib.h>

#include "amqp/reader.h"
#include "amqp/reader_latest.h"
#include "base/error.h"
#include "base/hash.h"

#define FIRST_CAP	1024	/* a power of 2 */

/* The slot of a hash, or the free one where it belongs. */
static struct mqs_amqp_latest_slot *
find(const struct mqs_amqp_latest *l, uint64_t low, uint64_t high)
{
	size_t at = (size_t)low & (l->cap - 1);

	while (l->slots[at].used && (l->slots[at].low != low || l->slots[at].high != high))
		at = (at + 1) & (l->cap - 1);
	return &l->slots[at];
}

static int
grow(struct mqs_amqp_latest *l, struct mqs_error *err)
{
	struct mqs_amqp_latest old = *l;
	size_t i;

	l->cap = old.cap == 0 ? FIRST_CAP : 2 * old.cap;
	if ((l->slots = calloc(l->cap, sizeof(*l->slots))) == NULL) {
		*l = old;
		return mqs_fail_errno(err, "the newest of %zu keys", l->n);
	}
	for (i = 0; i < old.cap; i++)
		if (old.slots[i].used)
			*find(l, old.slots[i].low, old.slots[i].high) = old.slots[i];
	free(old.slots);
	return MQS_OK;
}

int
mqs_amqp_latest_add(struct mqs_amqp_latest *l, const struct mqs_message *m, int64_t offset,
    struct mqs_error *err)
{
	const XXH128_hash_t hash = XXH3_128bits(m->key_len == 0 ? "" : m->key, m->key_len);
	struct mqs_amqp_latest_slot *s;
	int rc;

	if (l->n >= l->cap / 4 * 3 && (rc = grow(l, err)) != MQS_OK)
		return rc;
	s = find(l, hash.low64, hash.high64);
	l->n += !s->used;
	*s = (struct mqs_amqp_latest_slot){ .low = hash.low64, .high = hash.high64,
	    .offset = offset, .used = 1, .empty = m->body_len == 0 };
	return MQS_OK;
}

static int
compare(const void *a, const void *b)
{
	const int64_t *x = a, *y = b;

	return *x < *y ? -1 : *x > *y;
}

int
mqs_amqp_latest_list(struct mqs_amqp_latest *l, struct mqs_error *err)
{
	size_t i;

	l->noffsets = 0;
	if (l->n == 0)
		return MQS_OK;
	if ((l->offsets = calloc(l->n, sizeof(*l->offsets))) == NULL)
		return mqs_fail_errno(err, "the newest of %zu keys", l->n);
	for (i = 0; i < l->cap; i++)
		if (l->slots[i].used && !l->slots[i].empty)
			l->offsets[l->noffsets++] = l->slots[i].offset;
	qsort(l->offsets, l->noffsets, sizeof(*l->offsets), compare);
	free(l->slots);
	l->slots = NULL;
	l->n = l->cap = 0;
	return MQS_OK;
}

void
mqs_amqp_latest_free(struct mqs_amqp_latest *l)
{
	free(l->slots);
	free(l->offsets);
	*l = (struct mqs_amqp_latest){ 0 };
}

int
mqs_amqp_reader_place_latest(struct mqs_reader *r, struct mqs_error *err)
{
	struct mqs_amqp_stream_start start = { .at = MQS_AMQP_STREAM_OFFSET };
	int rc = mqs_amqp_reader_begin(r, err);

	while (rc == MQS_OK && (rc = mqs_amqp_reader_step(r, -1, err)) == MQS_OK)
		if (mqs_amqp_reader_wants(r))
			rc = mqs_amqp_latest_add(&r->latest, &r->incoming.message,
			    r->kept->offset, err);
	if (rc != MQS_NOTHING || (rc = mqs_amqp_latest_list(&r->latest, err)) != MQS_OK)
		return rc;
	r->only = 1;
	if (r->latest.noffsets == 0)
		return MQS_OK;	/* reading has ended */
	start.value = r->latest.offsets[0];
	return mqs_amqp_reader_seek(r, &start, err);
}
