/* log_priority_index.c - see log_priority_index.h */
#include "base/error.h"
#include "embedded/queue/log_priority_index.h"
#include "embedded/queue/log_reader.h"

static int
give_up(struct mqs_priority_walk *w)
{
	w->damaged = 1;
	return MQS_NOTHING;
}

/* Takes a key apart: MQS_NOTHING if it is none of the index, or of a more urgent priority. */
static int
split(struct mqs_priority_walk *w, const struct mqs_slice *key, unsigned *first, uint64_t *id)
{
	const unsigned char *p = key->p;

	if (key->n != 9)
		return give_up(w);
	*first = p[0];
	*id = mqs_get_be64(p + 1);
	return MQS_OK;
}

/* The entry in front of the first one must be below it, and true. */
static int
check_before(struct mqs_priority_walk *w, const struct mqs_slice *key, uint64_t id,
    struct mqs_error *err)
{
	struct mqs_record r;
	unsigned first;
	uint64_t before;
	int rc;

	if ((rc = split(w, key, &first, &before)) != MQS_OK)
		return rc;
	if (first > w->first || (first == w->first && before >= id))
		return give_up(w);
	rc = mqs_log_reader_at(w->reader, before, 0, &r, err);
	if (rc == MQS_NOTHING || (rc == MQS_OK && 9u - first != (unsigned)r.message.priority) ||
	    (rc == MQS_EDAMAGED && !w->reader->placed))
		return give_up(w);
	return rc == MQS_EDAMAGED ? MQS_OK : rc;
}

/* Notes what the cursor stands on as the next entry. */
static int
note_next(struct mqs_priority_walk *w, int rc, const struct mqs_slice *key)
{
	unsigned first;
	uint64_t id;

	w->next = 0;
	if (rc != MQS_OK || (rc = split(w, key, &first, &id)) != MQS_OK)
		return rc == MQS_NOTHING && !w->damaged ? MQS_OK : rc;
	if (first < w->first || (first == w->first && id <= w->id))
		return give_up(w);
	if (first == w->first)
		w->next = id;
	return MQS_OK;
}

int
mqs_priority_next(struct mqs_priority_walk *w, struct mqs_error *err)
{
	struct mqs_slice key = { NULL, 0 }, value;
	int rc;

	if (w->next == 0)
		return MQS_NOTHING;
	w->id = w->next;
	rc = mqs_cur_move(w->cur, MQS_NEXT, &key, &value, err);
	return note_next(w, rc, &key);
}

int
mqs_priority_from(struct mqs_priority_walk *w, struct mqs_log_reader *reader,
    struct mqs_cur *cur, unsigned priority, uint64_t id, struct mqs_error *err)
{
	unsigned char from[9] = { (unsigned char)(9 - priority) };
	struct mqs_slice key = { from, sizeof(from) }, value;
	int rc, found;

	*w = (struct mqs_priority_walk){ .reader = reader, .cur = cur, .first = 9 - priority,
	    .id = id - 1 };
	mqs_put_be64(from + 1, id);
	if ((found = mqs_cur_move(cur, MQS_FROM, &key, &value, err)) < 0)
		return found;
	rc = mqs_cur_move(cur, found == MQS_OK ? MQS_PREV : MQS_LAST, &key, &value, err);
	if (rc < 0 || (rc == MQS_OK && (rc = check_before(w, &key, id, err)) != MQS_OK))
		return rc;
	if (found != MQS_OK)
		return found;
	rc = mqs_cur_move(cur, rc == MQS_OK ? MQS_NEXT : MQS_FIRST, &key, &value, err);
	if ((rc = note_next(w, rc, &key)) != MQS_OK)
		return rc;
	return mqs_priority_next(w, err);
}
