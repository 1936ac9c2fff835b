/*
 * admin_skip.c - settling messages that the group shall not be given
 *
 * One transaction of the group, for all of the ids or for none.  A message that the
 * cursor has not come to is held as skipped until it does; that also takes the cursor
 * past a record that is damaged, and, by any id among theirs, past messages that are missing
 * (consume_examine.h).
 */
#include <stdlib.h>

#include "base/error.h"
#include "base/name.h"
#include "embedded/queue/group_key_order.h"
#include "embedded/queue/lease_batch.h"
#include "embedded/queue/log_reader.h"
#include "embedded/spool.h"

struct skip {
	struct mqs_group	*group;
	struct mqs_group_tx	 gtx;
	uint64_t		*ids;
	size_t			 n;		/* those not yet found */
};

/* The i-th is dealt with. */
static void
found(struct skip *s, size_t i)
{
	s->gtx.v[MQS_GROUP_DROPPED]++;
	s->ids[i] = s->ids[--s->n];
}

static int
skip_held(struct skip *s, struct mqs_error *err)
{
	struct mqs_held h;
	size_t i = 0;
	int rc;

	while (i < s->n) {
		rc = mqs_group_held(&s->gtx, s->ids[i], &h, err);
		if (rc < 0)
			return rc;
		if (rc == MQS_NOTHING || h.class == MQS_SKIPPED) {
			i++;
			continue;
		}
		if ((rc = mqs_group_unhold(&s->gtx, &h, err)) != MQS_OK ||
		    (rc = mqs_group_key_leave(&s->gtx, &h.entry, err)) != MQS_OK)
			return rc;
		found(s, i);
	}
	return MQS_OK;
}

/* Those of the loaded batch. */
static int
skip_in_batch(struct skip *s, struct mqs_error *err)
{
	struct mqs_entry e;
	size_t i = 0;
	long at;
	int rc;

	while (i < s->n) {
		if ((at = mqs_batch_find(s->gtx.batch, s->ids[i])) < 0) {
			i++;
			continue;
		}
		e = s->gtx.batch->entries[at];
		mqs_batch_mark(&s->gtx, (size_t)at);
		if ((rc = mqs_group_key_leave(&s->gtx, &e, err)) != MQS_OK)
			return rc;
		found(s, i);
	}
	return MQS_OK;
}

static int
skip_leased(struct skip *s, struct mqs_error *err)
{
	uint64_t lease = 0;
	int rc = MQS_OK;

	while (s->n > 0 && (rc = mqs_batch_next(s->gtx.tx, &lease, err)) == MQS_OK)
		if ((rc = mqs_batch_load(&s->gtx, lease, err)) != MQS_OK ||
		    (rc = skip_in_batch(s, err)) != MQS_OK ||
		    (rc = mqs_batch_store(&s->gtx, err)) != MQS_OK)
			return rc;
	return rc == MQS_NOTHING ? MQS_OK : rc;
}

/* 1 if a message is there that the group has yet to look at, be it damaged. */
static int
is_new(struct skip *s, struct mqs_log_reader *reader, uint64_t id, struct mqs_error *err)
{
	const uint64_t *v = s->gtx.v;
	struct mqs_record r;
	struct mqs_held h;
	int rc;

	if (id <= v[MQS_GROUP_CURSOR] ||
	    (rc = mqs_group_held(&s->gtx, id, &h, err)) == MQS_OK)
		return 0;
	if (rc < 0 || (rc = mqs_log_reader_at(reader, id, 0, &r, err)) == MQS_NOTHING)
		return rc < 0 ? rc : 0;
	/* Or not there, and one of those that are missing. */
	if (rc == MQS_EDAMAGED)
		return reader->placed || reader->walk.missing > 0;
	if (rc != MQS_OK)
		return rc;
	return r.message.priority == 0 ||
	    id > v[MQS_GROUP_CURSORS + r.message.priority - 1];
}

static int
skip_new(struct skip *s, struct mqs_error *err)
{
	struct mqs_held h = { .class = MQS_SKIPPED };
	struct mqs_log_reader reader;
	int rc;

	if (s->n == 0)
		return MQS_OK;
	if ((rc = mqs_log_reader_init(&reader, s->group->log, err)) != MQS_OK)
		return rc;
	while (s->n > 0 && (rc = is_new(s, &reader, s->ids[0], err)) == 1) {
		h.entry.id = s->ids[0];
		if ((rc = mqs_group_hold(&s->gtx, &h, err)) != MQS_OK)
			break;
		found(s, 0);
	}
	mqs_log_reader_done(&reader);
	if (rc < 0 || s->n == 0)
		return rc < 0 ? rc : MQS_OK;
	return mqs_fail(err, MQS_ENOENT, "%s/%s: message %llu: not there to be skipped, "
	    "or settled", s->group->log->dir.name, s->group->name,
	    (unsigned long long)s->ids[0]);
}

static int
parse(struct skip *s, const char *const *ids, size_t n, struct mqs_error *err)
{
	if ((s->ids = calloc(n, sizeof(*s->ids))) == NULL)
		return mqs_fail_errno(err, "skip");
	for (s->n = 0; s->n < n; s->n++)
		if (mqs_parse_u64(ids[s->n], strlen(ids[s->n]), &s->ids[s->n]) == -1)
			return mqs_fail(err, MQS_EINVAL, "'%s': not an id", ids[s->n]);
	return MQS_OK;
}

int
mqs_embedded_skip(struct mqs_spool *spool, const char *queue, const char *group,
    const char *const *ids, size_t n, struct mqs_error *err)
{
	struct skip s = { 0 };
	int rc;

	if (n == 0)
		return MQS_OK;
	if ((rc = parse(&s, ids, n, err)) != MQS_OK ||
	    (rc = mqs_spool_group(spool, queue, group, 0, NULL, &s.group, err)) != MQS_OK ||
	    (rc = mqs_group_begin(&s.gtx, s.group, err)) != MQS_OK)
		goto out;
	if ((rc = skip_held(&s, err)) != MQS_OK ||
	    (rc = skip_leased(&s, err)) != MQS_OK ||
	    (rc = skip_new(&s, err)) != MQS_OK)
		mqs_group_abort(&s.gtx);
	else if ((rc = mqs_group_commit(&s.gtx, err)) == MQS_OK)
		rc = mqs_db_sync(s.group->db, err);
out:
	free(s.ids);
	return rc;
}
