/*
 * check_group.c - see check_group.h
 *
 * All in one snapshot of the group: every lease has its entry in each of three tables, and its
 * counts are right; the tables `held' and `order' agree; the counters, the floor and the
 * digest of the bindings follow from the tables.
 */
#include <stdlib.h>

#include "base/error.h"
#include "embedded/check_group.h"
#include "embedded/check_order.h"
#include "embedded/queue/group_held.h"
#include "embedded/queue/group_state.h"
#include "embedded/queue/lease_batch.h"
#include "embedded/queue/log_reader.h"

#define ORDER_KEY	17

struct tally {
	struct mqs_checking	*k;
	struct mqs_group	*group;
	struct mqs_tx		*tx;
	struct mqs_batch	*batch;
	uint64_t		 v[MQS_GROUP_VALUES];
	uint64_t		 leased, leased_bytes, leases;
	uint64_t		 held[MQS_SKIPPED + 1], held_bytes;
	uint64_t		 floor;
	uint64_t		 out;		/* messages with which their key is busy */
};

static void
expect(struct tally *t, const char *what, uint64_t is, uint64_t should)
{
	if (is != should)
		mqs_check_found(t->k, "group %s: %s: %llu, but the state says %llu",
		    t->group->name, what, (unsigned long long)is,
		    (unsigned long long)should);
}

static int
check_first(struct tally *t, uint64_t lease, struct mqs_error *err)
{
	unsigned char key[16];
	struct mqs_slice value;
	int rc;

	mqs_put_be64(key, t->batch->entries[0].id);
	mqs_put_be64(key + 8, lease);
	rc = mqs_tx_get(t->tx, MQS_GROUP_FIRST, key, sizeof(key), &value, err);
	if (rc == MQS_NOTHING)
		mqs_check_found(t->k, "group %s: lease %llu: not indexed by its first id",
		    t->group->name, (unsigned long long)lease);
	if (t->batch->entries[0].id < t->floor)
		t->floor = t->batch->entries[0].id;
	return rc < 0 ? rc : MQS_OK;
}

static int
check_lease(struct tally *t, uint64_t lease, struct mqs_error *err)
{
	struct mqs_batch *b = t->batch;
	uint64_t n = 0, bytes = 0;
	size_t i;
	int rc;

	if ((rc = mqs_batch_read(t->tx, lease, b, err)) < 0)
		return rc;
	if (rc == MQS_NOTHING) {
		mqs_check_found(t->k, "group %s: lease %llu has no batch",
		    t->group->name, (unsigned long long)lease);
		return MQS_OK;
	}
	for (i = 0; i < b->n; i++) {
		if (i > 0 && b->entries[i].id <= b->entries[i - 1].id)
			mqs_check_found(t->k, "group %s: lease %llu: ids out of order",
			    t->group->name, (unsigned long long)lease);
		if (mqs_batch_settled(b, i))
			continue;
		n++;
		bytes += b->entries[i].size;
		if ((rc = mqs_check_out(t->k, t->group, t->tx, &b->entries[i], MQS_READY,
		    &t->out, err)) != MQS_OK)
			return rc;
	}
	if (n != b->head.unsettled || bytes != b->head.unsettled_bytes || n == 0)
		mqs_check_found(t->k, "group %s: lease %llu: counts %u unsettled, has %llu",
		    t->group->name, (unsigned long long)lease, b->head.unsettled,
		    (unsigned long long)n);
	t->leased += n;
	t->leased_bytes += bytes;
	t->leases++;
	return check_first(t, lease, err);
}

static int
check_leases(struct tally *t, struct mqs_error *err)
{
	static const unsigned tables[] = { MQS_GROUP_BATCH, MQS_GROUP_FIRST };
	uint64_t lease = 0, n;
	unsigned i;
	int rc;

	while ((rc = mqs_batch_next(t->tx, &lease, err)) == MQS_OK)
		if ((rc = check_lease(t, lease, err)) != MQS_OK)
			return rc;
	if (rc != MQS_NOTHING)
		return rc;
	for (i = 0; i < 2; i++) {
		if ((rc = mqs_tx_count(t->tx, tables[i], &n, err)) != MQS_OK)
			return rc;
		expect(t, "leases", n, t->leases);
	}
	expect(t, "leased", t->leased, t->v[MQS_GROUP_LEASED]);
	expect(t, "leased bytes", t->leased_bytes, t->v[MQS_GROUP_LEASED_BYTES]);
	return MQS_OK;
}

static int
check_one_held(struct tally *t, const struct mqs_held *h, struct mqs_error *err)
{
	unsigned char key[ORDER_KEY];
	struct mqs_slice value;
	int rc;

	if (h->class < MQS_WAITING || h->class > MQS_SKIPPED) {
		mqs_check_found(t->k, "group %s: held message %llu: class %d",
		    t->group->name, (unsigned long long)h->entry.id, (int)h->class);
		return MQS_OK;
	}
	key[0] = (unsigned char)h->class;
	mqs_put_be64(key + 1, h->sort);
	mqs_put_be64(key + 9, h->entry.id);
	rc = mqs_tx_get(t->tx, MQS_GROUP_ORDER, key, sizeof(key), &value, err);
	if (rc == MQS_NOTHING)
		mqs_check_found(t->k, "group %s: held message %llu is not in order",
		    t->group->name, (unsigned long long)h->entry.id);
	if (h->class == MQS_PARKED && h->sort != h->entry.key)
		mqs_check_found(t->k, "group %s: held message %llu waits for another key",
		    t->group->name, (unsigned long long)h->entry.id);
	if (rc >= 0)
		rc = mqs_check_out(t->k, t->group, t->tx, &h->entry, h->class, &t->out, err);
	t->held[h->class]++;
	t->held_bytes += h->entry.size;
	if (h->entry.id < t->floor)
		t->floor = h->entry.id;
	return rc < 0 ? rc : MQS_OK;
}

static int
check_held(struct tally *t, struct mqs_error *err)
{
	struct mqs_slice key, value;
	struct mqs_held h;
	struct mqs_cur *cur;
	uint64_t n;
	int rc;

	if ((rc = mqs_cur_new(&cur, t->tx, MQS_GROUP_HELD, err)) != MQS_OK)
		return rc;
	while ((rc = mqs_cur_move(cur, MQS_NEXT, &key, &value, err)) == MQS_OK) {
		if (key.n != 8) {
			rc = mqs_fail(err, MQS_EDAMAGED, "held: key of %zu bytes", key.n);
			break;
		}
		if ((rc = mqs_held_decode(&h, mqs_get_be64(key.p), value, err)) != MQS_OK ||
		    (rc = check_one_held(t, &h, err)) != MQS_OK)
			break;
	}
	mqs_cur_free(cur);
	if (rc != MQS_NOTHING)
		return rc;
	if ((rc = mqs_tx_count(t->tx, MQS_GROUP_ORDER, &n, err)) != MQS_OK)
		return rc;
	expect(t, "messages in order", n, t->v[MQS_GROUP_WAITING] +
	    t->v[MQS_GROUP_READY] + t->v[MQS_GROUP_PARKED] +
	    t->v[MQS_GROUP_SKIPPED]);
	expect(t, "waiting", t->held[MQS_WAITING], t->v[MQS_GROUP_WAITING]);
	expect(t, "ready", t->held[MQS_READY], t->v[MQS_GROUP_READY]);
	expect(t, "skipped", t->held[MQS_SKIPPED], t->v[MQS_GROUP_SKIPPED]);
	expect(t, "parked", t->held[MQS_PARKED], t->v[MQS_GROUP_PARKED]);
	expect(t, "held bytes", t->held_bytes, t->v[MQS_GROUP_HELD_BYTES]);
	return MQS_OK;
}

static int
check_bindings(struct tally *t, struct mqs_error *err)
{
	struct mqs_bindings set = { 0 };
	struct mqs_error why;
	uint64_t n;
	int rc;

	if ((rc = mqs_tx_count(t->tx, MQS_GROUP_BINDINGS, &n, err)) != MQS_OK)
		return rc;
	rc = mqs_bindings_load(&set, t->tx, &why);
	if (rc == MQS_EDAMAGED)
		mqs_check_found(t->k, "group %s: %s", t->group->name, why.text);
	else if (rc != MQS_OK && err != NULL)
		*err = why;
	if (rc == MQS_OK) {
		if (n != set.n)
			mqs_check_found(t->k, "group %s: a binding is there twice",
			    t->group->name);
		expect(t, "digest of bindings", mqs_bindings_digest(&set),
		    t->v[MQS_GROUP_DIGEST]);
	}
	mqs_bindings_free(&set);
	return rc == MQS_EDAMAGED ? MQS_OK : rc;
}

/*
 * A group can't be ahead of its log, unless the log was restored from an older copy or one
 * of the two is damaged.  The log's state is read after the group's snapshot was taken.
 */
static int
check_ahead_of_log(const struct tally *t, struct mqs_error *err)
{
	struct mqs_log_reader reader;
	uint64_t lv[MQS_LOG_VALUES];
	int rc;

	if ((rc = mqs_log_reader_init(&reader, t->k->log, err)) != MQS_OK)
		return rc;
	rc = mqs_log_reader_state(&reader, lv, err);
	mqs_log_reader_done(&reader);
	if (rc == MQS_OK && mqs_group_ahead(t->v, lv))
		mqs_check_found(t->k, "group %s: the log is older than this group (restored, "
		    "or damaged)", t->group->name);
	return rc;
}

/* Each acknowledged message is in one class of latency. */
static void
check_latency(struct tally *t)
{
	uint64_t n = 0;
	unsigned i;

	for (i = 0; i < MQS_LATENCY_CLASSES; i++)
		n += t->v[MQS_GROUP_ACK_CLASSES + i];
	expect(t, "acknowledged, by latency", n, t->v[MQS_GROUP_ACKED]);
}

int
mqs_check_group(struct mqs_checking *k, struct mqs_group *group,
    struct mqs_error *err)
{
	struct tally t = { .k = k, .group = group };
	int rc;

	if ((t.batch = calloc(1, sizeof(*t.batch))) == NULL)
		return mqs_fail_errno(err, "%s", group->name);
	if ((rc = mqs_tx_read(group->db, &t.tx, err)) != MQS_OK)
		goto out;
	if ((rc = mqs_group_read(t.tx, t.v, err)) != MQS_OK)
		goto out;
	if ((rc = check_ahead_of_log(&t, err)) != MQS_OK)
		goto out;
	t.floor = t.v[MQS_GROUP_CURSOR] + 1;
	if ((rc = check_leases(&t, err)) != MQS_OK ||
	    (rc = check_held(&t, err)) != MQS_OK ||
	    (rc = check_bindings(&t, err)) != MQS_OK ||
	    (rc = mqs_check_busy(k, group, t.tx, t.out, err)) != MQS_OK ||
	    (rc = mqs_check_ahead(k, group, t.v, err)) != MQS_OK)
		goto out;
	expect(&t, "floor", t.floor, t.v[MQS_GROUP_FLOOR]);
	check_latency(&t);
out:
	mqs_tx_abort(t.tx);
	free(t.batch);
	return rc;
}
