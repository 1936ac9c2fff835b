/* publish_input.c - see publish_input.h */
#include "embedded/publish_input.h"
#include "embedded/queue/group_state.h"

/*
 * Finds the generation under which a delivery was claimed.  If the lease is not ours any
 * more, because somebody else has settled all of it, this is the group's generation now: a
 * consumer that gets the message again gets it under that one.
 */
static int
generation_of(const struct mqs_consumer *c, uint64_t lease, uint64_t *generation,
    struct mqs_error *err)
{
	uint64_t v[MQS_GROUP_VALUES];
	size_t i;
	int rc;

	for (i = c->nown; i-- > 0;)
		if (c->own[i].lease == lease) {
			*generation = c->own[i].generation;
			return MQS_OK;
		}
	if ((rc = mqs_group_state(c->group, v, err)) == MQS_OK)
		*generation = v[MQS_GROUP_GENERATION];
	return rc;
}

int
mqs_input_of(struct mqs_input *in, struct mqs_consumer *c,
    const struct mqs_message *m, struct mqs_error *err)
{
	uint64_t generation;
	int rc;

	if ((rc = generation_of(c, m->lease, &generation, err)) != MQS_OK)
		return rc;
	mqs_marker_of(&in->marker, c->group, generation, m->seq);
	in->group = c->group;
	in->first = 0;
	in->stood = 0;
	return MQS_OK;
}

/* Removes markers of inputs whose settling can't be undone any more. */
static int
sweep(const struct mqs_input *in, struct mqs_log_tx *ltx, struct mqs_error *err)
{
	struct mqs_marker below = in->marker;
	uint64_t v[MQS_GROUP_VALUES];
	int rc;

	if ((rc = mqs_group_state(in->group, v, err)) != MQS_OK)
		return rc;
	if (v[MQS_GROUP_GENERATION] != below.generation)
		return MQS_OK;		/* that floor is not known */
	below.id = v[MQS_GROUP_DURABLE_FLOOR];
	return mqs_marker_sweep(ltx->tx, MQS_LOG_MARKERS, in->group, &below, err);
}

int
mqs_input_mark(struct mqs_input *in, struct mqs_log_tx *ltx, struct mqs_error *err)
{
	int rc;

	if ((rc = mqs_marker_find(ltx->tx, MQS_LOG_MARKERS, &in->marker, err)) < 0)
		return rc;
	if (rc == MQS_OK) {
		in->stood = 1;
		return MQS_OK;
	}
	if ((rc = mqs_marker_put(ltx->tx, MQS_LOG_MARKERS, &in->marker, err)) != MQS_OK)
		return rc;
	return sweep(in, ltx, err);
}
