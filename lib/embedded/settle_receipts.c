/*
 * settle_receipts.c - settling by receipt, for callers that did not take the delivery (mq-ack)
 *
 * A batch of receipts may be of many queues and groups.  Each group gets one transaction.  The
 * receipts of a group are sorted by lease and id, so that each lease is loaded once.  Few
 * groups stay open for the next batch; of many, those that were dealt with are closed.
 */
#include <stdlib.h>

#include "base/error.h"
#include "embedded/dead_letter_make.h"
#include "embedded/full_disk.h"
#include "embedded/receipt.h"
#include "embedded/settle.h"

#define OPEN_MOST	16	/* logs and groups that stay open; each takes several descriptors */

struct target {
	char			 queue[MQS_NAME_MAX + 1];
	char			 group[MQS_NAME_MAX + 1];
	struct mqs_settle_request	*requests;
	size_t			 n, cap;
};

struct mqs_settler {
	struct mqs_handle	 handle;	/* the seam's; first */
	struct mqs_spool	*spool;
	mqs_settled_fn		*settled;
	void			*arg;
	struct target		*targets;
	size_t			 n, cap;
};

int
mqs_embedded_settler_open(struct mqs_settler **out, struct mqs_spool *spool,
    mqs_settled_fn *settled, void *arg, struct mqs_error *err)
{
	struct mqs_settler *s;

	if ((s = calloc(1, sizeof(*s))) == NULL)
		return mqs_fail_errno(err, "settling");
	s->spool = spool;
	s->settled = settled;
	s->arg = arg;
	*out = s;
	return MQS_OK;
}

static void
clear(struct target *t)
{
	size_t i;

	for (i = 0; i < t->n; i++)
		mqs_settle_request_free(&t->requests[i]);
	t->n = 0;
}

void
mqs_embedded_settler_free(struct mqs_settler *s)
{
	size_t i;

	if (s == NULL)
		return;
	for (i = 0; i < s->n; i++) {
		clear(&s->targets[i]);
		free(s->targets[i].requests);
	}
	free(s->targets);
	free(s);
}

/* ------------------------------------------------------------- adding -- */

/* The target of a receipt.  The last one found is looked at first. */
static struct target *
target_of(struct mqs_settler *s, const struct mqs_receipt *r)
{
	struct target *t;
	size_t i, cap;

	for (i = s->n; i-- > 0;) {
		t = &s->targets[i];
		if (strcmp(t->queue, r->queue) == 0 && strcmp(t->group, r->group) == 0)
			return t;
	}
	if (s->n == s->cap) {
		cap = s->cap == 0 ? 4 : 2 * s->cap;
		if ((t = reallocarray(s->targets, cap, sizeof(*t))) == NULL)
			return NULL;
		s->targets = t;
		s->cap = cap;
	}
	t = &s->targets[s->n++];
	memset(t, 0, sizeof(*t));
	memcpy(t->queue, r->queue, sizeof(t->queue));
	memcpy(t->group, r->group, sizeof(t->group));
	return t;
}

static struct mqs_settle_request *
more_room(struct target *t)
{
	struct mqs_settle_request *requests;
	size_t cap = t->cap == 0 ? 64 : 2 * t->cap;

	if (t->n == t->cap) {
		requests = reallocarray(t->requests, cap, sizeof(*requests));
		if (requests == NULL)
			return NULL;
		t->requests = requests;
		t->cap = cap;
	}
	return &t->requests[t->n];
}

int
mqs_embedded_settler_add(struct mqs_settler *s, const char *receipt,
    const struct mqs_settlement *settlement, uint64_t tag, struct mqs_error *err)
{
	struct mqs_receipt r;
	struct mqs_settle_request *w = NULL;
	struct target *t;
	const char *why;
	int rc;

	if (mqs_receipt_parse(receipt, &r, &why) == -1)
		return mqs_fail(err, MQS_EINVAL, "%s: not a receipt: %s",
		    receipt, why);
	if ((t = target_of(s, &r)) != NULL)
		w = more_room(t);
	if (w == NULL)
		return mqs_fail_errno(err, "settling");
	if ((rc = mqs_settle_request_set(w, settlement, r.id, r.lease, err)) != MQS_OK)
		return rc;
	w->tag = tag;
	t->n++;
	return MQS_OK;
}

/* ----------------------------------------------------------- flushing -- */

static void
tell(const struct mqs_settler *s, const struct target *t,
    const struct mqs_settle_request *w, int code, const char *text)
{
	char receipt[MQS_RECEIPT_SIZE];
	struct mqs_error stale;

	if (s->settled == NULL)
		return;
	if (code == MQS_ESTALE) {
		mqs_receipt_format(t->queue, t->group, w->id, w->lease, receipt);
		(void)mqs_fail(&stale, code, "%s: settled or delivered again meanwhile",
		    receipt);
		text = stale.text;
	}
	s->settled(s->arg, w->tag, code, code == MQS_OK ? "" : text);
}

static int
one_pass(struct mqs_settler *s, struct target *t, struct mqs_group *group,
    struct mqs_log_reader *reader, int keep, struct mqs_settle_tx *stx,
    struct mqs_error *err)
{
	size_t i;
	int rc;

	if ((rc = mqs_settle_begin(stx, s->spool, group, reader, keep, err)) != MQS_OK)
		return rc;
	for (i = 0; i < t->n && rc == MQS_OK; i++)
		rc = mqs_settle_delivery(stx, &t->requests[i], err);
	if (rc == MQS_OK)
		rc = mqs_settle_commit(stx, err);
	else
		mqs_settle_abort(stx);
	return rc;
}

/*
 * Settles the receipts of one group.  1 in *done: each request has its result, even if an
 * error is returned because the dead-letter queue could not be written.
 */
static int
settle_target(struct mqs_settler *s, struct target *t, int *done,
    struct mqs_error *err)
{
	struct mqs_log_reader reader;
	struct mqs_settle_tx stx;
	struct mqs_group *group;
	int rc, dead = MQS_OK;

	*done = 0;
	if ((rc = mqs_spool_group(s->spool, t->queue, t->group, 0, NULL, &group,
	    err)) != MQS_OK ||
	    (rc = mqs_log_reader_init(&reader, group->log, err)) != MQS_OK)
		return rc;
	mqs_log_reader_rest(&reader);	/* not while waiting to write */
	qsort(t->requests, t->n, sizeof(*t->requests), mqs_settle_request_compare);
	rc = one_pass(s, t, group, &reader, 0, &stx, err);
	if (rc != MQS_OK && stx.dead_busy) {
		mqs_log_reader_rest(&reader);
		if ((rc = mqs_dead_letter_wait(s->spool, group, err)) == MQS_OK)
			rc = one_pass(s, t, group, &reader, 0, &stx, err);
	}
	if (rc != MQS_OK && rc != MQS_EINTR && stx.dead_failed) {
		dead = rc;
		rc = one_pass(s, t, group, &reader, dead, &stx, NULL);
	}
	mqs_log_reader_done(&reader);
	*done = rc == MQS_OK;
	return rc != MQS_OK ? rc : dead;
}

int
mqs_embedded_settler_flush(struct mqs_settler *s, struct mqs_error *err)
{
	struct mqs_error e;
	struct target *t;
	size_t i;
	int rc, done, worst = MQS_OK;

	for (t = s->targets; t < s->targets + s->n; t++) {
		if (t->n == 0)
			continue;
		e.text[0] = '\0';
		rc = mqs_full_disk_advise(s->spool, settle_target(s, t, &done, &e), &e);
		for (i = 0; i < t->n; i++)
			tell(s, t, &t->requests[i],
			    done ? t->requests[i].code : rc, e.text);
		clear(t);
		if (mqs_spool_count_open(s->spool) > OPEN_MOST)
			mqs_embedded_spool_close_queues(s->spool);
		if (rc != MQS_OK && rc != MQS_ENOENT && worst == MQS_OK) {
			worst = rc;
			if (err != NULL)
				*err = e;
		}
	}
	return worst;
}
