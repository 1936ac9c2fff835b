/*
 * redrive.c - redriving the dead letters that match, a thousand at a time
 *
 * redrive_return.h says what happens to a letter.  A claim looks at letters until it has
 * taken a thousand that match.  The others are held as ready in the group `redrive' and stay
 * there.  Letters whose queue or group is gone are released to the same place.  A run looks
 * at each letter once, so its memory does not grow with their number.  A letter that another
 * run, or a dead one, gives back behind that place counts as left.
 */
#include <fnmatch.h>
#include <stdlib.h>
#include <string.h>

#include "base/error.h"
#include "base/name.h"
#include "embedded/consume_state.h"
#include "embedded/queue/group_state.h"
#include "embedded/redrive_return.h"
#include "engine/dead_letter.h"

#define CHUNK		1000

struct redrive {
	struct mqs_spool	*spool;
	struct mqs_consumer	*c;
	const struct mqs_redrive_options *options;
	struct mqs_redriven	*out;
	struct mqs_redrive_letter	*letters;
	size_t			 n;
	int			 failed;	/* the first error about letters of some target */
	struct mqs_error	 why;
};

static int
matches(const struct mqs_redrive_options *o, const struct mqs_message *m,
    struct mqs_redrive_letter *l)
{
	struct mqs_dead_letter letter;

	memset(l, 0, sizeof(*l));
	if (!mqs_dead_letter_read(&letter, m) ||
	    mqs_parse_u64(letter.id, strlen(letter.id), &l->original) == -1)
		return 0;
	l->id = m->seq;
	memcpy(l->queue, letter.queue, strlen(letter.queue) + 1);
	memcpy(l->group, letter.group, strlen(letter.group) + 1);
	return o->reason == NULL || fnmatch(o->reason, letter.reason, 0) == 0;
}

/* ------------------------------------------------------------- looking -- */

/*
 * Counts the letters that match, up to `most', of those that are not settled: *all of
 * them.  Without the group, all that are there are not.
 */
static int
count(struct mqs_spool *spool, struct mqs_log *log, uint64_t most,
    const struct mqs_redrive_options *o, struct mqs_redriven *out,
    struct mqs_error *err)
{
	const int taken = mqs_dir_has_group(&log->dir, MQS_REDRIVE_GROUP);
	struct mqs_reader *reader;
	struct mqs_message m;
	struct mqs_redrive_letter l;
	struct mqs_dead_letter letter;
	int rc;

	if ((rc = mqs_embedded_reader_open(&reader, spool, log->dir.name,
	    taken ? MQS_REDRIVE_GROUP : NULL, NULL, err)) != MQS_OK)
		return rc;
	while (out->redriven < most &&
	    (rc = mqs_embedded_reader_next(reader, &m, err)) == MQS_OK) {
		if (matches(o, &m, &l))
			out->redriven++;
		else {
			out->left++;
			out->others += !mqs_dead_letter_read(&letter, &m);
		}
	}
	/* Beyond the count that was asked for, all are left. */
	for (; rc == MQS_OK && (rc = mqs_embedded_reader_next(reader, &m, err)) == MQS_OK; out->left++)
		out->others += !mqs_dead_letter_read(&letter, &m);
	mqs_embedded_reader_free(reader);
	return rc == MQS_NOTHING ? MQS_OK : rc;
}

/* MQS_OK if some letter matches, else MQS_NOTHING. */
static int
any(struct mqs_log *log, const struct mqs_redrive_options *o, struct mqs_error *err)
{
	struct mqs_log_reader reader;
	struct mqs_record r;
	struct mqs_redrive_letter l;
	int rc, found = 0;

	if ((rc = mqs_log_reader_init(&reader, log, err)) != MQS_OK)
		return rc;
	while (!found) {
		rc = mqs_log_reader_next(&reader, 0, &r, err);
		if (rc == MQS_OK)
			found = matches(o, &r.message, &l);
		else if (rc != MQS_EDAMAGED || !mqs_log_reader_goes_on(&reader))
			break;
	}
	mqs_log_reader_done(&reader);
	return found ? MQS_OK : rc;
}

/*
 * A queue whose letters nobody has redriven yet gets the group only if there are some:
 * one in a queue that was named by mistake would keep all of its messages.
 */
static int
need_group(struct mqs_spool *spool, struct mqs_log *log,
    const struct mqs_redrive_options *o, struct mqs_error *err)
{
	int rc;

	if (mqs_dir_has_group(&log->dir, MQS_REDRIVE_GROUP))
		return MQS_OK;
	if ((rc = any(log, o, err)) != MQS_OK)
		return rc;
	rc = mqs_embedded_create(spool, log->dir.name, MQS_REDRIVE_GROUP, NULL, err);
	return rc == MQS_EEXIST ? MQS_OK : rc;
}

/* -------------------------------------------------------------- taking -- */

/* 1 for a letter that matches: what a claim takes. */
static int
is_wanted(void *arg, const struct mqs_message *m)
{
	const struct redrive *r = arg;
	struct mqs_redrive_letter l;

	return m != NULL && matches(r->options, m, &l);
}

/*
 * Takes up to `max' letters that match.  Those in front of a damaged one are brought back
 * first: then it is met again.
 */
static int
gather(struct redrive *r, size_t max, struct mqs_error *err)
{
	struct mqs_redrive_letter *l;
	struct mqs_message m;
	size_t got;
	int rc = MQS_OK;

	r->n = 0;
	while (r->n < max) {
		l = &r->letters[r->n];
		if ((rc = mqs_embedded_consumer_next(r->c, &m, err)) == MQS_OK) {
			r->n += matches(r->options, &m, l) != 0;
			l->lease = m.lease;
			continue;
		}
		if (rc != MQS_NOTHING || (rc = mqs_embedded_consumer_claim(r->c, max - r->n,
		    &got, NULL, err)) != MQS_OK)
			break;
	}
	mqs_embedded_consumer_rest(r->c);
	return rc == MQS_NOTHING || (rc == MQS_EDAMAGED && r->n > 0) ? MQS_OK : rc;
}

static int
by_target(const void *a, const void *b)
{
	const struct mqs_redrive_letter *x = a, *y = b;
	int order;

	if ((order = strcmp(x->queue, y->queue)) != 0 ||
	    (order = strcmp(x->group, y->group)) != 0)
		return order;
	return x->id < y->id ? -1 : x->id > y->id;
}

/* How many letters from i on are of the same queue and group. */
static size_t
same_target(const struct redrive *r, size_t i)
{
	const struct mqs_redrive_letter *l = r->letters;
	size_t n = 1;

	while (i + n < r->n && strcmp(l[i].queue, l[i + n].queue) == 0 &&
	    strcmp(l[i].group, l[i + n].group) == 0)
		n++;
	return n;
}

/* ----------------------------------------------------------- returning -- */

/* Settles those that are back, beyond undoing; the others are released, to stay. */
static int
settle(struct redrive *r, struct mqs_error *err)
{
	struct mqs_settlement s = { .verb = MQS_ACK };
	size_t i;
	int rc;

	for (i = 0; i < r->n; i++) {
		s.verb = r->letters[i].done ? MQS_ACK : MQS_RELEASE;
		s.seq = r->letters[i].id;
		s.lease = r->letters[i].lease;
		if ((rc = mqs_embedded_consumer_settle(r->c, &s, err)) != MQS_OK)
			return rc;
		r->out->redriven += r->letters[i].done != 0;
	}
	if ((rc = mqs_embedded_consumer_flush(r->c, err)) != MQS_OK)
		return rc;
	return mqs_db_sync(r->c->group->db, err);
}

/* Queues that were not open before are closed again: letters may have died in many. */
static int
return_to(struct redrive *r, const struct mqs_redrive_letter *l, struct mqs_redrive_letter *back,
    size_t n, struct mqs_error *err)
{
	int rc, was_open = mqs_spool_is_open(r->spool, l->queue);

	rc = back != NULL ? mqs_redrive_return(r->spool, r->c->group, back, n, err) :
	    mqs_redrive_drop_markers(r->spool, r->c->group, l, n, err);
	if (!was_open)
		mqs_spool_forget(r->spool, l->queue);
	return rc;
}

/*
 * One target that fails does not keep the letters of others; they stay, and the
 * first of such errors is told at the end.
 */
static int
bring_back(struct redrive *r, struct mqs_error *err)
{
	struct mqs_error why;
	size_t i, n;
	int rc;

	qsort(r->letters, r->n, sizeof(*r->letters), by_target);
	for (i = 0; i < r->n; i += n) {
		n = same_target(r, i);
		rc = return_to(r, r->letters + i, r->letters + i, n, &why);
		if (rc == MQS_OK || r->failed != MQS_OK)
			continue;
		r->failed = rc;
		r->why = why;
	}
	if ((rc = settle(r, err)) != MQS_OK)
		return rc;
	/* What is left of their markers is swept later. */
	for (i = 0; i < r->n; i += n) {
		n = same_target(r, i);
		(void)return_to(r, r->letters + i, NULL, n, NULL);
	}
	return r->failed == MQS_EINTR ? r->failed : MQS_OK;
}

static int
run(struct redrive *r, struct mqs_error *err)
{
	uint64_t most = r->options->count, before, asked = 0;
	size_t max;
	int rc;

	do {
		max = CHUNK;
		if (most != 0 && most - asked < max)
			max = (size_t)(most - asked);
		if ((rc = gather(r, max, err)) != MQS_OK)
			return rc;
		before = r->out->redriven;
		if (r->n > 0 && (rc = bring_back(r, err)) != MQS_OK)
			return rc;
		asked += r->out->redriven - before;
	} while (r->n > 0 && (most == 0 || asked < most));
	return MQS_OK;
}

static int
count_left(struct redrive *r, struct mqs_error *err)
{
	uint64_t v[MQS_GROUP_VALUES], lv[MQS_LOG_VALUES];
	struct mqs_tx *tx;
	int rc;

	if ((rc = mqs_group_state(r->c->group, v, err)) != MQS_OK ||
	    (rc = mqs_tx_read(r->c->group->log->db, &tx, err)) != MQS_OK)
		return rc;
	rc = mqs_log_state(tx, lv, err);
	mqs_tx_abort(tx);
	if (rc == MQS_OK)
		r->out->left = mqs_group_unsettled(v, lv);
	return rc;
}

static int
redrive(struct redrive *r, const char *queue, struct mqs_error *err)
{
	int rc, closed;

	r->letters = calloc(CHUNK, sizeof(*r->letters));
	if (r->letters == NULL)
		return mqs_fail_errno(err, "%s", queue);
	if ((rc = mqs_embedded_consumer_open(&r->c, r->spool, queue, MQS_REDRIVE_GROUP, NULL,
	    err)) != MQS_OK)
		goto out;
	r->c->wanted.fn = is_wanted;
	r->c->wanted.arg = r;
	rc = run(r, err);
	closed = mqs_embedded_consumer_close(r->c, rc == MQS_OK ? err : NULL);
	if (rc == MQS_OK)
		rc = closed;
	closed = count_left(r, rc == MQS_OK ? err : NULL);
	if (rc == MQS_OK)
		rc = closed;
	mqs_embedded_consumer_free(r->c);
	if (rc == MQS_OK && (rc = r->failed) != MQS_OK && err != NULL)
		*err = r->why;
out:
	free(r->letters);
	return rc;
}

int
mqs_embedded_redrive(struct mqs_spool *spool, const char *queue,
    const struct mqs_redrive_options *o, struct mqs_redriven *out,
    struct mqs_error *err)
{
	struct redrive r = { .spool = spool, .options = o, .out = out };
	struct mqs_log *log;
	int rc;

	memset(out, 0, sizeof(*out));
	if ((rc = mqs_spool_log(spool, queue, 0, &log, err)) != MQS_OK)
		return rc;
	if (o->dry_run)
		return count(spool, log, o->count == 0 ? UINT64_MAX : o->count, o, out, err);
	rc = need_group(spool, log, o, err);
	if (rc == MQS_NOTHING)	/* then this counts what is left */
		return count(spool, log, 0, o, out, err);
	return rc != MQS_OK ? rc : redrive(&r, queue, err);
}
