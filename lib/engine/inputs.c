/* inputs.c - see inputs.h */
#include "engine/inputs.h"

/*
 * The generation under which a delivery was claimed.  If its lease is no longer ours
 * (somebody else settled all of it), that of now must do: whoever gets the message
 * again, does under that one.
 */
static uint64_t
generation_of(const struct mqs_consumer *c, uint64_t lease, uint64_t now)
{
	size_t i;

	for (i = c->nown; i-- > 0;)
		if (c->own[i].lease == lease)
			return c->own[i].generation;
	return now;
}

int
mqs_input_of(struct mqs_input *in, struct mqs_consumer *c,
    const struct mqs_message *m, struct mqs_error *err)
{
	uint64_t v[MQS_GROUP_VALUES], generation;
	int rc;

	if ((rc = mqs_group_state(c->group, v, err)) != MQS_OK)
		return rc;
	generation = generation_of(c, m->lease, v[MQS_GROUP_GENERATION]);
	mqs_marker_of(&in->marker, c->group, generation, m->seq);
	in->floor = generation == v[MQS_GROUP_GENERATION] ?
	    v[MQS_GROUP_DURABLE_FLOOR] : 0;
	in->first = 0;
	in->stood = 0;
	return MQS_OK;
}

int
mqs_input_mark(struct mqs_input *in, struct mqs_log_tx *ltx, struct mqs_error *err)
{
	struct mqs_marker below = in->marker;
	int rc;

	if ((rc = mqs_marker_find(ltx->tx, MQS_LOG_MARKERS, &in->marker, err)) < 0)
		return rc;
	if (rc == MQS_OK) {
		in->stood = 1;
		return MQS_OK;
	}
	if ((rc = mqs_marker_put(ltx->tx, MQS_LOG_MARKERS, &in->marker, err)) != MQS_OK)
		return rc;
	below.id = in->floor;
	return mqs_marker_sweep(ltx->tx, MQS_LOG_MARKERS, &below, err);
}

int
mqs_input_stands(const struct mqs_input *in, struct mqs_log *log,
    struct mqs_error *err)
{
	struct mqs_tx *tx;
	int rc;

	if ((rc = mqs_tx_read(log->db, &tx, err)) != MQS_OK)
		return rc;
	rc = mqs_marker_find(tx, MQS_LOG_MARKERS, &in->marker, err);
	mqs_tx_abort(tx);
	return rc;
}
