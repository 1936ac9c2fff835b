/*
 * consume.c - opening a consumer, reading what it claimed, closing it
 *
 * The life of a delivery: claimed (consume_claim.c: one transaction, one batch under one
 * lease) - read (here: from the log, checksum verified, borrowed from the map) -
 * handed out by the command - settled (collected here, carried out with the next
 * claim).  The consumer's death at any of these steps leaves a lease whose owner
 * file is not locked any more; consume_reclaim.c tells from it what had started.
 */
#include <stdlib.h>
#include <unistd.h>

#include "base/clock.h"
#include "base/error.h"
#include "embedded/consume_admission.h"
#include "embedded/group_remove_expired.h"
#include "embedded/receipt.h"

#define PREFETCH	1000
#define TOUCHES		4	/* at least, in the time that a group may idle */

/*
 * Makes the owner file, then opens the group: so that whoever judges whether the group
 * is over (embedded/queue/group_temporary.h) sees that it has a consumer.
 */
static int
open_group(struct mqs_consumer *c, const char *queue, const char *group,
    struct mqs_group_new *new, struct mqs_error *err)
{
	struct mqs_log *log;
	int rc;

	if ((rc = mqs_spool_check_name(group, err)) != MQS_OK ||
	    (rc = mqs_spool_log_to_consume(c->spool, queue, 1, &log, err)) != MQS_OK ||
	    (rc = mqs_owner_new(&c->owner, &log->dir, mqs_family_of(group),
	    err)) != MQS_OK)
		return rc;
	if (c->flags & MQS_TEMP)
		new->owner = mqs_owner_name(c->owner);
	return mqs_spool_group(c->spool, queue, group, 1, new, &c->group, err);
}

/* A group that may not idle for ever is told that somebody uses it. */
static int
touch(struct mqs_consumer *c, struct mqs_error *err)
{
	struct mqs_group_tx gtx;
	int rc;

	c->touched = mqs_boottime();
	if (c->group->settings.expires == 0)
		return MQS_OK;
	if ((rc = mqs_group_begin(&gtx, c->group, err)) != MQS_OK)
		return rc;
	gtx.v[MQS_GROUP_USED] = (uint64_t)mqs_now();
	return mqs_group_commit(&gtx, err);
}

/* Now and then while waiting, so that its time counts from the end, however that comes. */
static int
touch_due(struct mqs_consumer *c, struct mqs_error *err)
{
	const uint64_t expires = c->group->settings.expires;

	if (expires == 0 ||
	    (uint64_t)(mqs_boottime() - c->touched) < expires / TOUCHES)
		return MQS_OK;
	return touch(c, err);
}

int
mqs_embedded_consumer_open(struct mqs_consumer **out, struct mqs_spool *spool,
    const char *queue, const char *group,
    const struct mqs_consumer_options *options, struct mqs_error *err)
{
	struct mqs_consumer *c;
	struct mqs_group_new new;
	int rc;

	if ((rc = mqs_group_new_of(&new, options, err)) != MQS_OK)
		return rc;
	if ((c = calloc(1, sizeof(*c))) == NULL)
		return mqs_fail_errno(err, "%s/%s", queue, group);
	c->spool = spool;
	c->body = -1;
	c->prefetch = PREFETCH;
	if (options != NULL) {
		c->flags = options->flags;
		c->lease_time = options->lease;
		if (options->prefetch != 0)
			c->prefetch = options->prefetch;
	}
	c->look_owners = 1;
	if ((rc = open_group(c, queue, group, &new, err)) != MQS_OK ||
	    (rc = mqs_log_reader_init(&c->reader, c->group->log, err)) != MQS_OK)
		goto fail;
	mqs_log_reader_rest(&c->reader);
	if ((rc = mqs_wake_new(&c->wake, &c->group->log->dir, group, 1,
	    err)) != MQS_OK || (rc = touch(c, err)) != MQS_OK)
		goto fail;
	/*
	 * What those left who died idle, of whom no lease tells, and groups whose time is
	 * over.  It is in nobody's way: no reason to fail.
	 */
	(void)mqs_reclaim_collect(c, NULL);
	(void)mqs_remove_expired_groups(spool, c->group->log, NULL);
	*out = c;
	return MQS_OK;
fail:
	mqs_owner_free(c->owner, 1);
	c->owner = NULL;
	mqs_embedded_consumer_free(c);
	return rc;
}

static void
close_body(struct mqs_consumer *c)
{
	if (c->body != -1)
		close(c->body);
	c->body = -1;
}

static void
drop_wants(struct mqs_consumer *c)
{
	size_t i;

	for (i = 0; i < c->nwants; i++)
		mqs_want_free(&c->wants[i]);
	c->nwants = 0;
}

void
mqs_embedded_consumer_free(struct mqs_consumer *c)
{
	if (c == NULL)
		return;
	if (c->group != NULL)
		mqs_embedded_consumer_idle(c, 0);
	mqs_runs_forget(c);
	close_body(c);
	drop_wants(c);
	mqs_log_reader_done(&c->reader);
	mqs_wake_free(c->wake);
	mqs_owner_free(c->owner, 0);
	free(c->deliveries);
	free(c->own);
	free(c->acks);
	free(c->wants);
	free(c);
}

/* ------------------------------------------------------------ reading -- */

/* Opens a large body: MQS_NOTHING if it went meanwhile. */
static int
open_body(struct mqs_consumer *c, const struct mqs_record *r,
    struct mqs_message *m, struct mqs_error *err)
{
	int rc;

	rc = mqs_log_body(c->group->log, r, 1, &c->body, err);
	if (rc == MQS_OK)
		m->body_fd = c->body;
	return rc;
}

int
mqs_embedded_consumer_next(struct mqs_consumer *c, struct mqs_message *m,
    struct mqs_error *err)
{
	struct mqs_settlement gone = { .verb = MQS_ACK };
	struct mqs_delivery *d;
	struct mqs_record r;
	int rc;

	close_body(c);
	while (c->next < c->ndeliveries) {
		d = &c->deliveries[c->next];
		rc = mqs_log_reader_at(&c->reader, d->id, 1, &r, err);
		if (rc == MQS_OK) {
			*m = r.message;
			if (r.flags & MQS_RECORD_LARGE)
				rc = open_body(c, &r, m, err);
		}
		if (rc < 0)
			return rc;
		c->next++;
		if (rc == MQS_OK) {
			m->lease = d->lease;
			m->attempt = d->attempts + 1;
			return MQS_OK;
		}
		d->gone = 1;
		gone.seq = d->id;
		gone.lease = d->lease;
		if ((rc = mqs_embedded_consumer_settle(c, &gone, err)) != MQS_OK)
			return rc;
	}
	return MQS_NOTHING;
}

void
mqs_embedded_consumer_rest(struct mqs_consumer *c)
{
	mqs_log_reader_rest(&c->reader);
}

char *
mqs_embedded_consumer_receipt(const struct mqs_consumer *c, const struct mqs_message *m,
    char buf[MQS_RECEIPT_SIZE])
{
	return mqs_receipt_format(c->group->log->dir.name, c->group->name,
	    m->seq, m->lease, buf);
}

size_t
mqs_embedded_consumer_held(const struct mqs_consumer *c)
{
	return c->held;
}

int
mqs_embedded_consumer_handed_out(struct mqs_consumer *c, size_t n, struct mqs_error *err)
{
	const struct mqs_delivery *last;
	size_t handed = c->handed;

	if (n == 0)
		return MQS_OK;
	for (; n > 0 && handed < c->next; handed++)
		if (!c->deliveries[handed].gone)	/* else passed over */
			n--;
	if (n > 0)
		return mqs_fail(err, MQS_EINVAL, "%s/%s: handed out more than read",
		    c->group->log->dir.name, c->group->name);
	c->handed = handed;
	last = &c->deliveries[c->handed - 1];
	return mqs_owner_handed_out(c->owner, last->lease, last->index + 1, err);
}

/* ----------------------------------------------------------- settling -- */

size_t
mqs_consumer_collected(const struct mqs_consumer *c)
{
	return c->acked + c->nwants;
}

int
mqs_embedded_consumer_settle(struct mqs_consumer *c, const struct mqs_settlement *s,
    struct mqs_error *err)
{
	struct mqs_want *wants;
	size_t cap;
	int rc;

	/* The first settling of a delivery wins: once there is a want, order counts. */
	if (s->verb == MQS_ACK && c->nwants == 0)
		return mqs_ack_add(c, s->lease, s->seq, err);
	if (c->nwants == c->wants_cap) {
		cap = c->wants_cap == 0 ? 64 : 2 * c->wants_cap;
		wants = reallocarray(c->wants, cap, sizeof(*wants));
		if (wants == NULL)
			return mqs_fail_errno(err, "settling");
		c->wants = wants;
		c->wants_cap = cap;
	}
	rc = mqs_want_set(&c->wants[c->nwants], s, s->seq, s->lease, err);
	if (rc == MQS_OK)
		c->nwants++;
	return rc;
}

int
mqs_embedded_consumer_flush(struct mqs_consumer *c, struct mqs_error *err)
{
	size_t none;

	if (mqs_consumer_collected(c) == 0)
		return MQS_OK;
	return mqs_embedded_consumer_claim(c, 0, &none, NULL, err);
}

int
mqs_consumer_recount(struct mqs_consumer *c, struct mqs_error *err)
{
	struct mqs_lease head;
	struct mqs_tx *tx;
	size_t i, kept = 0;
	int rc = MQS_OK;

	c->look_own = 0;
	c->held = 0;
	if (c->nown == 0)
		return MQS_OK;
	if ((rc = mqs_tx_read(c->group->db, &tx, err)) != MQS_OK)
		return rc;
	for (i = 0; i < c->nown && rc >= 0; i++) {
		rc = mqs_batch_head(tx, c->own[i].lease, &head, err);
		if (rc != MQS_OK)
			continue;
		c->own[i].unsettled = head.unsettled;
		c->held += head.unsettled;
		c->own[kept++] = c->own[i];
	}
	mqs_tx_abort(tx);
	if (rc < 0)
		return rc;
	c->nown = kept;
	return MQS_OK;
}

/* ------------------------------------------------------------- waking -- */

int
mqs_embedded_consumer_fd(struct mqs_consumer *c)
{
	return mqs_wake_fd(c->wake);
}

int
mqs_embedded_consumer_service(struct mqs_consumer *c, struct mqs_error *err)
{
	unsigned what;
	int rc;

	if ((rc = mqs_wake_drain(c->wake, &what, err)) != MQS_OK)
		return rc;
	if (what & MQS_WAKE_GONE &&
	    (rc = mqs_db_check_path(c->group->log->db, err)) != MQS_OK)
		return rc;
	if (what & (MQS_WAKE_OWNER | MQS_WAKE_TIME))
		c->look_owners = 1;
	if (what & MQS_WAKE_GROUP)
		c->look_own = 1;
	if (what & MQS_WAKE_TIME) {
		if ((rc = mqs_db_check_path(c->group->db, err)) != MQS_OK)
			return rc;
		if ((rc = touch_due(c, err)) != MQS_OK)
			return rc;
		return mqs_group_refresh(c->group, err);
	}
	return MQS_OK;
}

/* ------------------------------------------------------------ closing -- */

/* What of a lease went out under MQS_MANUAL: the first so many entries. */
static size_t
handed_of(const struct mqs_consumer *c, uint64_t lease, size_t n)
{
	const struct mqs_delivery *last;

	if (!(c->flags & MQS_MANUAL) || c->handed == 0)
		return 0;
	last = &c->deliveries[c->handed - 1];
	if (lease < last->lease)
		return n;
	return lease == last->lease ? last->index + 1 : 0;
}

static int
release_lease(struct mqs_consumer *c, struct mqs_pass *pass, uint64_t lease,
    struct mqs_error *err)
{
	struct mqs_batch *b;
	size_t i;
	int rc;

	if ((rc = mqs_batch_load(&pass->gtx, lease, err)) != MQS_OK)
		return rc == MQS_NOTHING ? MQS_OK : rc;
	b = pass->gtx.batch;
	for (i = handed_of(c, lease, b->n); i < b->n; i++) {
		if (mqs_batch_settled(b, i))
			continue;
		pass->gtx.v[MQS_GROUP_RELEASED]++;
		if ((rc = mqs_pass_return(pass, i, 0, NULL, err)) != MQS_OK)
			return rc;
	}
	if (b->head.unsettled > 0 && !(b->head.flags & MQS_LEASE_GONE)) {
		if (!(b->head.flags & MQS_LEASE_TIMED))
			b->head.due = (uint64_t)mqs_later(mqs_boottime(),
			    c->group->settings.lease);
		b->head.flags |= MQS_LEASE_GONE;
		b->changed = 1;
	}
	return MQS_OK;
}

/* Releases what is held, and gives up being the active consumer. */
static int
give_up(struct mqs_consumer *c, struct mqs_error *err)
{
	struct mqs_pass pass;
	size_t i;
	int rc;

	if ((rc = mqs_pass_begin(&pass, c->spool, c->group, &c->reader, 0, err)) != MQS_OK)
		return rc;
	for (i = 0; i < c->nown && rc == MQS_OK; i++)
		rc = release_lease(c, &pass, c->own[i].lease, err);
	if (rc != MQS_OK) {
		mqs_pass_abort(&pass);
		return rc;
	}
	if (mqs_admit_active(c, pass.gtx.v))
		pass.gtx.v[MQS_GROUP_ACTIVE] = pass.gtx.v[MQS_GROUP_ACTIVE_BOOT] = 0;
	return mqs_pass_commit(&pass, err);
}

int
mqs_embedded_consumer_close(struct mqs_consumer *c, struct mqs_error *err)
{
	int rc;

	close_body(c);
	if ((rc = mqs_embedded_consumer_flush(c, err)) != MQS_OK ||
	    (rc = mqs_consumer_recount(c, err)) != MQS_OK)
		return rc;
	mqs_log_reader_rest(&c->reader);
	if (c->flags & MQS_TEMP)
		rc = mqs_remove_own_group(c->group, err);
	else if (c->nown > 0 || c->active)
		rc = give_up(c, err);
	else
		rc = touch(c, err);
	if (rc != MQS_OK)
		return rc;
	c->nown = c->held = 0;
	mqs_owner_free(c->owner, 1);
	c->owner = NULL;
	return MQS_OK;
}
