/*
 * trace.c - what is still known of one message: in the log, and in each group
 *
 * The message is read in one snapshot of the log, and its place in a group is found in one
 * snapshot of the group: held, under a lease, beyond the cursors, or in none of these, and
 * then it is settled (queue/group.h).  A group keeps nothing of what is settled, so how that
 * came about is not known, but for its dead letter: the dead-letter queue is searched for
 * it, from the message's id on, since a letter is younger than its message.  At most
 * LETTERS_MAX letters are looked at for each group.  Nothing is changed.
 */
#include <bsd/string.h>

#include <stdlib.h>

#include "base/error.h"
#include "base/name.h"
#include "embedded/consume_outcome.h"
#include "embedded/embedded.h"
#include "embedded/lease_owner.h"
#include "embedded/queue/group_held.h"
#include "embedded/queue/group_state.h"
#include "embedded/queue/log_reader.h"
#include "embedded/receipt.h"
#include "embedded/spool_each_group.h"
#include "engine/dead_letter.h"

#define LETTERS_MAX	100000
#define ENDING		".dead"

struct trace {
	struct mqs_spool	*spool;
	uint64_t		 id;
	struct mqs_record	 record;
	int			 retained;
	struct mqs_batch	*batch;
	mqs_group_trace_fn	*fn;
	void			*arg;
};

/* ------------------------------------------------------ in one group -- */

/* MQS_NOTHING if the group does not hold it. */
static int
look_held(struct mqs_tx *tx, uint64_t id, struct mqs_group_trace *st, struct mqs_error *err)
{
	static const enum mqs_trace_state states[] = { [MQS_WAITING] = MQS_TRACE_WAITING,
	    [MQS_READY] = MQS_TRACE_READY, [MQS_PARKED] = MQS_TRACE_PARKED,
	    [MQS_SKIPPED] = MQS_TRACE_SKIPPED };
	unsigned char key[8];
	struct mqs_slice value;
	struct mqs_held h;
	int rc;

	mqs_put_be64(key, id);
	if ((rc = mqs_tx_get(tx, MQS_GROUP_HELD, key, sizeof(key), &value, err)) != MQS_OK ||
	    (rc = mqs_held_decode(&h, id, value, err)) != MQS_OK)
		return rc;
	if (h.class < MQS_WAITING || h.class > MQS_SKIPPED)
		return mqs_fail(err, MQS_EDAMAGED, "%s: held: class %d", mqs_tx_label(tx),
		    (int)h.class);
	st->state = states[h.class];
	st->attempts = h.entry.attempts;
	if (h.class == MQS_WAITING)
		st->until = (int64_t)h.sort;
	return MQS_OK;
}

static int
fill_lease(struct mqs_group *group, struct mqs_tx *tx, const struct mqs_batch *b, size_t i,
    struct mqs_group_trace *st, struct mqs_error *err)
{
	struct mqs_lease_owner holder;
	int rc;

	if ((rc = mqs_owner_watch(&group->log->dir, b->head.owner, &holder.life, &holder.left,
	    err)) != MQS_OK)
		return rc;
	st->state = MQS_TRACE_LEASED;
	st->attempts = b->entries[i].attempts;
	if (holder.life == MQS_OWNER_LIVES)
		st->consumer = holder.left.pid;
	mqs_owner_left_free(&holder.left);
	mqs_receipt_format(st->queue, st->group, b->entries[i].id, b->head.lease, st->receipt);
	return mqs_lease_until(tx, b, i, &st->until, err);
}

/* MQS_NOTHING if it is under no lease. */
static int
look_leased(struct trace *t, struct mqs_group *group, struct mqs_tx *tx,
    struct mqs_group_trace *st, struct mqs_error *err)
{
	uint64_t lease = 0;
	long at;
	int rc;

	while ((rc = mqs_batch_next(tx, &lease, err)) == MQS_OK) {
		if ((rc = mqs_batch_read(tx, lease, t->batch, err)) < 0)
			return rc;
		if (rc == MQS_OK && (at = mqs_batch_find(t->batch, t->id)) >= 0)
			return fill_lease(group, tx, t->batch, (size_t)at, st, err);
	}
	return rc;
}

/* 1 if no cursor has passed it. */
static int
is_beyond(const struct trace *t, const uint64_t v[MQS_GROUP_VALUES])
{
	const int p = t->retained ? t->record.message.priority : 0;

	return t->id > v[MQS_GROUP_CURSOR] &&
	    (p < 1 || p > 9 || t->id > v[MQS_GROUP_CURSORS + p - 1]);
}

static int
look_place(struct trace *t, struct mqs_group *group, struct mqs_group_trace *st,
    struct mqs_error *err)
{
	uint64_t v[MQS_GROUP_VALUES];
	struct mqs_tx *tx;
	int rc;

	if ((rc = mqs_tx_read(group->db, &tx, err)) != MQS_OK)
		return rc;
	if ((rc = mqs_group_read(tx, v, err)) == MQS_OK &&
	    (rc = look_held(tx, t->id, st, err)) == MQS_NOTHING &&
	    (rc = look_leased(t, group, tx, st, err)) == MQS_NOTHING) {
		rc = MQS_OK;
		st->state = !is_beyond(t, v) ? MQS_TRACE_SETTLED :
		    t->retained ? MQS_TRACE_NEW : MQS_TRACE_MISSED;
	}
	mqs_tx_abort(tx);
	return rc;
}

/* ----------------------------------------------------- its dead letter -- */

static int
see_group(void *arg, const char *name)
{
	(void)arg;
	(void)name;
	return 0;
}

static int
is_there(const struct mqs_spool *spool, const char *queue)
{
	return mqs_dir_each_group_of(spool->path, queue, see_group, NULL, NULL) != MQS_ENOENT;
}

/* A letter names the queue as it was called then: another queue of that name is not it. */
static int
is_letter(const struct trace *t, const struct mqs_group_trace *st, const struct mqs_message *m)
{
	struct mqs_dead_letter letter;
	uint64_t id;

	return mqs_dead_letter_read(&letter, m) &&
	    mqs_parse_u64(letter.id, strlen(letter.id), &id) == 0 && id == t->id &&
	    strcmp(letter.group, st->group) == 0 &&
	    (strcmp(letter.queue, st->queue) == 0 || !is_there(t->spool, letter.queue));
}

static int
search_letters(const struct trace *t, struct mqs_log *log, struct mqs_group_trace *st,
    struct mqs_error *err)
{
	struct mqs_log_reader reader;
	struct mqs_record r;
	size_t n;
	int rc;

	if ((rc = mqs_log_reader_init(&reader, log, err)) != MQS_OK)
		return rc;
	mqs_log_reader_seek(&reader, t->id);
	for (n = 0; n < LETTERS_MAX; n++) {
		rc = mqs_log_reader_next(&reader, 0, &r, err);
		if (rc == MQS_EDAMAGED && mqs_log_reader_goes_on(&reader))
			continue;
		if (rc != MQS_OK)
			break;
		if (is_letter(t, st, &r.message)) {
			(void)strlcpy(st->dead_queue, log->dir.name, sizeof(st->dead_queue));
			mqs_format_u64(r.message.seq, st->dead_id);
			break;
		}
	}
	st->dead_partly |= n == LETTERS_MAX;
	mqs_log_reader_done(&reader);
	return rc < 0 && rc != MQS_EDAMAGED ? rc : MQS_OK;
}

static int
search_queue(const struct trace *t, const char *name, struct mqs_group_trace *st,
    struct mqs_error *err)
{
	struct mqs_log *log;
	int rc, was_open = mqs_spool_is_open(t->spool, name);

	if ((rc = mqs_spool_log_readonly(t->spool, name, &log, err)) != MQS_OK)
		return rc == MQS_ENOENT ? MQS_OK : rc;
	rc = search_letters(t, log, st, err);
	if (!was_open)
		mqs_spool_forget(t->spool, name);
	return rc;
}

struct former {
	const struct trace *t;
	struct mqs_group_trace *st;
};

/* Looks into X.dead, if there is no queue X (any more). */
static int
look_into_former(void *arg, const char *name)
{
	const struct former *f = arg;
	const size_t n = strlen(name), end = strlen(ENDING);
	char origin[MQS_NAME_MAX + 1];

	if (n <= end || strcmp(name + n - end, ENDING) != 0 || f->st->dead_queue[0] != '\0')
		return 0;
	memcpy(origin, name, n - end);
	origin[n - end] = '\0';
	if (!is_there(f->t->spool, origin))
		(void)search_queue(f->t, name, f->st, NULL);	/* it may be another's */
	return 0;
}

/*
 * In the dead-letter queue, and then, since the queue may have had another name when the
 * message died, in dead-letter queues whose own queues are not there.
 */
static int
look_letter(const struct trace *t, const struct mqs_log *origin, struct mqs_group_trace *st,
    struct mqs_error *err)
{
	struct former former = { t, st };
	char name[MQS_DEAD_LETTER_NAME];
	int rc;

	if (mqs_dead_letter_queue(origin->dir.name, origin->settings.dead_letter, name) &&
	    strlen(name) <= MQS_NAME_MAX && (rc = search_queue(t, name, st, err)) != MQS_OK)
		return rc;
	if (st->dead_queue[0] != '\0' || origin->settings.dead_letter[0] != '\0')
		return MQS_OK;
	return mqs_dir_each_queue(t->spool->path, look_into_former, &former, err);
}

/* ------------------------------------------------------------- tracing -- */

static int
trace_in_group(void *arg, struct mqs_group *group, struct mqs_error *err)
{
	struct trace *t = arg;
	struct mqs_group_trace st;
	int rc;

	memset(&st, 0, sizeof(st));
	(void)strlcpy(st.queue, group->log->dir.name, sizeof(st.queue));
	(void)strlcpy(st.group, group->name, sizeof(st.group));
	if ((rc = look_place(t, group, &st, err)) != MQS_OK)
		return rc;
	st.matches = t->retained ? mqs_outcome_is_for(group, &t->record) : -1;
	if (st.state == MQS_TRACE_SETTLED && (rc = look_letter(t, group->log, &st, err)) != MQS_OK)
		return rc;
	return t->fn == NULL ? MQS_OK : t->fn(t->arg, &st);
}

/*
 * 1 if the log shows that no message ever had that id: those before and behind it, which are
 * there, were appended one after the other, or the first one is there and comes behind it.
 */
static int
never_was(struct mqs_log_reader *reader, uint64_t id)
{
	struct mqs_record r;
	uint64_t ordinal;

	mqs_log_reader_seek(reader, id);
	if (mqs_log_reader_next(reader, 1, &r, NULL) != MQS_OK)
		return 0;
	ordinal = r.ordinal;
	switch (mqs_log_reader_before(reader, id, &r, NULL)) {
	case MQS_OK:
		return r.ordinal + 1 == ordinal;
	case MQS_NOTHING:
		return ordinal == 1;
	default:
		return 0;
	}
}

/* Reads the message; the reader keeps what is found of it. */
static int
find(struct trace *t, struct mqs_log_reader *reader, struct mqs_error *err)
{
	uint64_t lv[MQS_LOG_VALUES];
	int rc;

	if ((rc = mqs_log_reader_state(reader, lv, err)) != MQS_OK)
		return rc;
	if (t->id == 0 || t->id > lv[MQS_LOG_LAST_ID])
		return mqs_fail(err, MQS_ENOENT, "%s: message %llu: there was none yet; the last "
		    "id is %llu", reader->log->dir.name, (unsigned long long)t->id,
		    (unsigned long long)lv[MQS_LOG_LAST_ID]);
	rc = mqs_log_reader_at(reader, t->id, 1, &t->record, err);
	/* It has a place in the log that is between two others: nothing was ever there. */
	if (rc == MQS_EDAMAGED && !reader->placed && reader->walk.missing == 0)
		rc = MQS_NOTHING;
	t->retained = rc == MQS_OK;
	if (rc == MQS_NOTHING && never_was(reader, t->id))
		return mqs_fail(err, MQS_ENOENT, "%s: message %llu: there never was one of this id",
		    reader->log->dir.name, (unsigned long long)t->id);
	return rc == MQS_NOTHING ? MQS_OK : rc;
}

int
mqs_embedded_trace(struct mqs_spool *spool, const char *queue, const char *id,
    mqs_trace_message_fn *message_fn, mqs_group_trace_fn *group_fn, void *arg,
    struct mqs_error *err)
{
	struct trace t = { .spool = spool, .fn = group_fn, .arg = arg };
	struct mqs_log_reader reader;
	struct mqs_log *log;
	int rc;

	if (mqs_parse_u64(id, strlen(id), &t.id) == -1)
		return mqs_fail(err, MQS_EINVAL, "'%s': not an id", id);
	if ((rc = mqs_spool_log_readonly(spool, queue, &log, err)) != MQS_OK ||
	    (rc = mqs_log_reader_init(&reader, log, err)) != MQS_OK)
		return rc;
	if ((t.batch = calloc(1, sizeof(*t.batch))) == NULL)
		rc = mqs_fail_errno(err, "%s", queue);
	if (rc == MQS_OK && (rc = find(&t, &reader, err)) == MQS_OK && message_fn != NULL)
		rc = message_fn(arg, t.retained ? &t.record.message : NULL);
	if (rc == MQS_OK)
		rc = mqs_spool_each_group(spool, queue, NULL, trace_in_group, &t, err);
	mqs_log_reader_done(&reader);
	free(t.batch);
	return rc;
}
