/* group_count_acks.c - see group_count_acks.h */
#include "embedded/queue/group_count_acks.h"
#include "embedded/queue/lease_batch.h"
#include "engine/latency.h"

#define US	1000	/* ns */

static uint64_t
latency(const struct mqs_group_tx *gtx, uint64_t id)
{
	return gtx->now > id ? gtx->now - id : 0;
}

/* Finds the class of an id, and which ids are of the same. */
static unsigned
find_class(struct mqs_group_tx *gtx, uint64_t id)
{
	const uint64_t ns = latency(gtx, id), now = gtx->now;
	const unsigned class = mqs_latency_class(ns < INT64_MAX ? (int64_t)ns : INT64_MAX);
	const uint64_t most = (uint64_t)mqs_latency_bound(class);
	const uint64_t least = class == 0 ? 0 : (uint64_t)mqs_latency_bound(class - 1);

	gtx->ack_class = class;
	gtx->ack_first = now > most ? now - most : 0;
	gtx->ack_ids = (class == 0 ? UINT64_MAX : now - least) - gtx->ack_first;
	return class;
}

/* A group is mostly worked off in order, so that an id is of the class of the one before. */
static inline unsigned
class_of(struct mqs_group_tx *gtx, uint64_t id)
{
	return id - gtx->ack_first < gtx->ack_ids ? gtx->ack_class : find_class(gtx, id);
}

static void
count(struct mqs_group_tx *gtx, unsigned class, uint64_t n, uint64_t bytes, uint64_t us)
{
	gtx->v[MQS_GROUP_ACKED] += n;
	gtx->v[MQS_GROUP_ACKED_BYTES] += bytes;
	gtx->v[MQS_GROUP_ACK_LATENCY] += us;
	gtx->v[MQS_GROUP_ACK_CLASSES + class] += n;
}

void
mqs_count_ack(struct mqs_group_tx *gtx, const struct mqs_entry *e)
{
	count(gtx, class_of(gtx, e->id), 1, e->size, latency(gtx, e->id) / US);
}

void
mqs_sum_ids(struct mqs_id_sum *s, const struct mqs_entry *e, size_t n)
{
	const uint64_t first = e[0].id;
	uint64_t offsets = 0;
	size_t i;

	for (i = 0; i < n; i++)
		offsets += (e[i].id - first) / US;
	*s = (struct mqs_id_sum){ first, e[n - 1].id, offsets, n };
}

int
mqs_is_one_class(struct mqs_group_tx *gtx, const struct mqs_id_sum *s)
{
	return s->last <= gtx->now && class_of(gtx, s->first) == class_of(gtx, s->last);
}

void
mqs_count_acks(struct mqs_group_tx *gtx, const struct mqs_id_sum *s, uint64_t bytes)
{
	const uint64_t us = latency(gtx, s->first) / US * s->n;

	/* Offsets are rounded down one by one, and so may be the more. */
	count(gtx, class_of(gtx, s->last), s->n, bytes, us > s->offsets ? us - s->offsets : 0);
}

size_t
mqs_ack_through(struct mqs_group_tx *gtx, size_t last)
{
	const struct mqs_entry *e = gtx->batch->entries;
	struct mqs_id_sum sum = { 0 };
	uint64_t bytes = 0;
	size_t i, n = 0;
	int simple;

	sum.first = e[0].id;
	sum.last = e[last].id;
	simple = mqs_is_one_class(gtx, &sum);
	for (i = 0; i <= last; i++) {
		if (mqs_batch_settled(gtx->batch, i))
			continue;
		mqs_batch_mark(gtx, i);
		n++;
		if (!simple) {
			mqs_count_ack(gtx, &e[i]);
			continue;
		}
		sum.n++;
		sum.offsets += (e[i].id - sum.first) / US;
		bytes += e[i].size;
	}
	if (sum.n > 0)
		mqs_count_acks(gtx, &sum, bytes);
	return n;
}
