/* consume_removed.c - see consume_removed.h */
#include "base/error.h"
#include "embedded/consume_removed.h"
#include "embedded/queue/log_reader.h"

struct ahead {
	uint64_t	messages, bytes;
};

/* Adds a message of the index that is there, unless it was skipped. */
static int
add(struct mqs_group_tx *gtx, struct mqs_log_reader *reader, uint64_t id,
    struct ahead *a, struct mqs_error *err)
{
	struct mqs_slice value;
	struct mqs_record r;
	struct mqs_held h;
	unsigned char key[8];
	int rc;

	if (gtx->v[MQS_GROUP_SKIPPED] > 0) {
		if ((rc = mqs_group_held(gtx, id, &h, err)) < 0)
			return rc;
		if (rc == MQS_OK && h.class == MQS_SKIPPED)
			return MQS_OK;
	}
	mqs_put_be64(key, id);
	if ((rc = mqs_tx_get(reader->tx, MQS_LOG_MESSAGES, key, sizeof(key), &value,
	    err)) != MQS_OK)
		return rc < 0 ? rc : MQS_OK;
	a->messages++;
	if (mqs_record_decode(&r, id, value, 0, NULL) == MQS_OK)	/* else it is damaged */
		a->bytes += r.message.body_len;
	return MQS_OK;
}

/* Adds the messages of one priority between the main cursor and the cursor of that priority. */
static int
add_priority(struct mqs_group_tx *gtx, struct mqs_log_reader *reader,
    struct mqs_cur *index, unsigned priority, struct ahead *a, struct mqs_error *err)
{
	const uint64_t last = gtx->v[MQS_GROUP_CURSORS + priority - 1];
	unsigned char from[9] = { (unsigned char)(9 - priority) };
	struct mqs_slice key = { from, sizeof(from) }, value;
	uint64_t id;
	int rc;

	mqs_put_be64(from + 1, gtx->v[MQS_GROUP_CURSOR] + 1);
	rc = mqs_cur_move(index, MQS_FROM, &key, &value, err);
	while (rc == MQS_OK && key.n == sizeof(from) &&
	    *(const unsigned char *)key.p == from[0] &&
	    (id = mqs_get_be64((const unsigned char *)key.p + 1)) <= last)
		if ((rc = add(gtx, reader, id, a, err)) == MQS_OK)
			rc = mqs_cur_move(index, MQS_NEXT, &key, &value, err);
	return rc < 0 ? rc : MQS_OK;
}

static int
count_ahead(struct mqs_group_tx *gtx, struct mqs_log_reader *reader, struct ahead *a,
    struct mqs_error *err)
{
	struct mqs_cur *index;
	unsigned priority;
	int rc;

	*a = (struct ahead){ 0, 0 };
	if (gtx->v[MQS_GROUP_AHEAD] == 0)
		return MQS_OK;
	if ((rc = mqs_cur_new(&index, reader->tx, MQS_LOG_PRIORITY, err)) != MQS_OK)
		return rc;
	for (priority = 1; priority <= 9 && rc == MQS_OK; priority++)
		rc = add_priority(gtx, reader, index, priority, a, err);
	mqs_cur_free(index);
	return rc;
}

/* Forgets skipped messages with lower ids; they are not in the log any more. */
static int
forget_skipped(struct mqs_group_tx *gtx, uint64_t id, struct mqs_error *err)
{
	struct mqs_held h;
	int rc;

	while ((rc = mqs_group_first_held(gtx, MQS_SKIPPED, &h, err)) == MQS_OK &&
	    h.entry.id < id)
		if ((rc = mqs_group_unhold(gtx, &h, err)) != MQS_OK)
			return rc;
	return rc < 0 ? rc : MQS_OK;
}

int
mqs_cursor_pass_removed(struct mqs_group_tx *gtx, struct mqs_log_reader *reader,
    const uint64_t lv[MQS_LOG_VALUES], uint64_t id, uint64_t ordinal,
    struct mqs_error *err)
{
	uint64_t *v = gtx->v, gone = ordinal - 1 - v[MQS_GROUP_ORDINAL];
	uint64_t known = v[MQS_GROUP_AHEAD] + v[MQS_GROUP_SKIPPED], left;
	struct ahead a;
	int rc;

	if ((rc = count_ahead(gtx, reader, &a, err)) != MQS_OK ||
	    (rc = forget_skipped(gtx, id, err)) != MQS_OK)
		return rc;
	v[MQS_GROUP_AHEAD] = a.messages;
	v[MQS_GROUP_AHEAD_BYTES] = a.bytes;
	left = a.messages + v[MQS_GROUP_SKIPPED];
	known = known > left ? known - left : 0;
	/* The others were removed unseen. */
	v[MQS_GROUP_DROPPED] += known < gone ? gone - known : 0;
	v[MQS_GROUP_ORDINAL] = ordinal - 1;
	if (ordinal - 1 == lv[MQS_LOG_REMOVED])		/* it is the first that is there */
		v[MQS_GROUP_BYTES] = lv[MQS_LOG_REMOVED_BYTES];
	return MQS_OK;
}

int
mqs_cursor_pass_replaced(struct mqs_group_tx *gtx, uint64_t id, struct mqs_error *err)
{
	return gtx->v[MQS_GROUP_SKIPPED] > 0 ? forget_skipped(gtx, id, err) : MQS_OK;
}
