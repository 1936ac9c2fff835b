/* log_walk.c - see log_walk.h */
#include "base/error.h"
#include "embedded/queue/log_walk.h"
#include "message/record.h"

void
mqs_walk_begin(struct mqs_walk *w, struct mqs_cur *cur, uint64_t last_id, uint64_t appended,
    uint64_t removed)
{
	memset(w, 0, sizeof(*w));
	w->cur = cur;
	w->last_id = last_id;
	w->appended = appended;
	w->removed = removed;
	w->ordinal = removed == MQS_WALK_GAPS ? 0 : removed;
}

/* 1 if the record that the cursor stands on is intact, and behind `before'. */
static int
is_intact(const struct mqs_slice *key, struct mqs_slice value, uint64_t before, uint64_t *id)
{
	*id = key->n == 8 ? mqs_get_be64(key->p) : 0;
	return *id > before && mqs_record_verify(*id, value);
}

/*
 * The walk has come to a damaged record: finds the next intact one, counts the damaged in
 * front of it, and goes back.
 */
static int
look_behind(struct mqs_walk *w, uint64_t before, struct mqs_error *err)
{
	struct mqs_slice key = { NULL, 0 }, value;
	size_t steps = 0;
	int rc;

	w->after = 0;
	while ((rc = mqs_cur_move(w->cur, MQS_NEXT, &key, &value, err)) == MQS_OK) {
		steps++;
		if (is_intact(&key, value, before, &w->after))
			break;
	}
	if (rc < 0)
		return rc;
	w->damaged = steps;
	if (rc == MQS_NOTHING) {
		w->damaged++;
		w->after = w->last_id > before ? w->last_id + 1 : UINT64_MAX;
	}
	for (; steps > 0; steps--)
		if ((rc = mqs_cur_move(w->cur, MQS_PREV, &key, &value, err)) != MQS_OK)
			return rc == MQS_NOTHING ? mqs_fail(err, MQS_EDAMAGED,
			    "messages: the way back is not the way there") : rc;
	return MQS_OK;
}

/* Gives the damaged record its id; each damaged one behind it needs an id, too. */
static int
name_damaged(struct mqs_walk *w, struct mqs_slice value, uint64_t before, struct mqs_error *err)
{
	uint64_t most, id;
	int rc, fits;

	if (w->damaged == 0 && (rc = look_behind(w, before, err)) != MQS_OK)
		return rc;
	most = w->after - w->damaged;
	w->damaged--;
	if (w->ordinal > w->passed && w->passed_id > before && w->passed_id < most)
		before = w->passed_id;
	fits = w->key > before && w->key <= most;
	if (fits && w->anchored)
		return MQS_OK;
	if (mqs_record_find_id(value, w->key, before + 1, most, &id))
		w->id = id;
	else if (!fits)
		w->id = before + 1;
	return MQS_OK;
}

/* The cursor has moved to a record. */
static int
stand_on(struct mqs_walk *w, const struct mqs_slice *key, struct mqs_slice value,
    struct mqs_error *err)
{
	const uint64_t before = w->id;
	struct mqs_record r;
	int rc;

	w->begun = 1;
	w->before = before;
	w->missing = 0;
	w->bad = !is_intact(key, value, before, &w->id) ||
	    (rc = mqs_record_decode(&r, w->id, value, 0, NULL)) == MQS_EDAMAGED;
	w->key = w->id;
	/* Before anything else is read: looking behind moves the cursor there and back. */
	w->value = value;
	if (w->bad) {
		w->ordinal++;
		return name_damaged(w, value, before, err);
	}
	w->damaged = 0;
	w->anchored = 1;
	if (rc != MQS_OK) {		/* intact, of a newer version */
		w->ordinal++;
		return MQS_OK;
	}
	if (r.ordinal > w->ordinal + 1 && w->removed != MQS_WALK_GAPS)
		w->missing = r.ordinal - w->ordinal - 1;
	w->ordinal = r.ordinal;
	return MQS_OK;
}

int
mqs_walk_next(struct mqs_walk *w, struct mqs_error *err)
{
	struct mqs_slice key = { NULL, 0 }, value;
	int rc;

	rc = mqs_cur_move(w->cur, w->begun ? MQS_NEXT : MQS_FIRST, &key, &value, err);
	if (rc == MQS_OK)
		return stand_on(w, &key, value, err);
	if (rc == MQS_NOTHING) {
		w->before = w->id;
		w->id = UINT64_MAX;
		w->missing = w->appended > w->ordinal && w->removed != MQS_WALK_GAPS ?
		    w->appended - w->ordinal : 0;
	}
	return rc;
}

/* Moves the cursor back to an intact record below an id, which key has as well. */
static int
go_below(struct mqs_walk *w, uint64_t id, struct mqs_slice *key, struct mqs_slice *value,
    struct mqs_error *err)
{
	uint64_t at;
	int rc;

	if ((rc = mqs_cur_move(w->cur, MQS_FROM, key, value, err)) == MQS_NOTHING)
		rc = mqs_cur_move(w->cur, MQS_LAST, key, value, err);
	while (rc == MQS_OK && !(is_intact(key, *value, 0, &at) && at < id))
		rc = mqs_cur_move(w->cur, MQS_PREV, key, value, err);
	return rc;
}

int
mqs_walk_from(struct mqs_walk *w, uint64_t id, uint64_t ordinal, struct mqs_error *err)
{
	unsigned char from[8];
	struct mqs_slice key = { from, sizeof(from) }, value;
	int rc;

	mqs_put_be64(from, id);
	mqs_walk_begin(w, w->cur, w->last_id, w->appended, w->removed);
	if (ordinal != 0 && w->removed != MQS_WALK_GAPS) {
		w->passed = ordinal;
		w->passed_id = id - 1;
	}
	if ((rc = go_below(w, id, &key, &value, err)) < 0)
		return rc;
	if (rc == MQS_OK && (rc = stand_on(w, &key, value, err)) != MQS_OK)
		return rc;
	do
		rc = mqs_walk_next(w, err);
	while (rc == MQS_OK && w->id < id);
	return rc;
}

int
mqs_walk_tell_damage(const struct mqs_walk *w, const char *queue, struct mqs_error *err)
{
	const unsigned long long id = w->id, key = w->key, before = w->before;
	struct mqs_record r;
	struct mqs_error why;

	if (key == id) {
		if (mqs_record_decode(&r, id, w->value, 1, &why) == MQS_OK)
			(void)mqs_fail(&why, MQS_EDAMAGED, "message %llu: damaged", id);
		return mqs_fail(err, MQS_EDAMAGED, "%s: %s", queue, why.text);
	}
	if (before == 0)
		return mqs_fail(err, MQS_EDAMAGED, "%s: message %llu: damaged: its id is stored "
		    "as %llu, out of order", queue, id, key);
	return mqs_fail(err, MQS_EDAMAGED, "%s: message %llu: damaged: its id is stored as %llu, "
	    "behind %llu", queue, id, key, before);
}

int
mqs_walk_tell_missing(const struct mqs_walk *w, const char *queue, struct mqs_error *err)
{
	const unsigned long long n = w->missing, before = w->before, id = w->id;
	const char *s = n == 1 ? " is" : "s are";

	if (w->before == 0)
		return mqs_fail(err, MQS_EDAMAGED, "%s: damaged: %llu message%s missing in "
		    "front of %llu", queue, n, s, id);
	if (w->id == UINT64_MAX)
		return mqs_fail(err, MQS_EDAMAGED, "%s: damaged: %llu message%s missing "
		    "behind %llu", queue, n, s, before);
	return mqs_fail(err, MQS_EDAMAGED, "%s: damaged: %llu message%s missing between %llu "
	    "and %llu", queue, n, s, before, id);
}
