/*
 * replay/expected.c - how many messages are to be printed, for progress
 *
 * It is known if a whole queue is printed, its last messages, or what a group has yet to
 * settle; not if messages are selected by time, key or header, and there is no end with -F.
 * Looking costs less than a millisecond a queue.  It is an estimate all the same: others go on
 * publishing and settling.  Errors are left to the reading, which meets them too.
 */
#include "common/progress.h"
#include "replay/expected.h"

static uint64_t expected;
static const uint64_t *so_far;

static int
part_of(uint64_t *part, uint64_t *whole)
{
	*part = *so_far;
	*whole = expected;
	return expected != 0;
}

static int
see_queue(void *arg, const struct mqs_queue_stat *q)
{
	uint64_t *n = arg;

	*n = q->messages;
	return 0;
}

static int
see_group(void *arg, const struct mqs_group_stat *g)
{
	uint64_t *n = arg;

	*n = g->depth;
	return 0;
}

static int
is_known(const struct mqs_reader_options *o)
{
	return o->since_id == NULL && o->since == 0 && o->until_id == NULL && o->until == 0 &&
	    o->key == NULL && o->nbindings == 0 && !o->latest && !o->follow;
}

void
expected_begin(const struct merge *m, struct mqs_spool *spool,
    const struct mqs_reader_options *o, uint64_t count, const uint64_t *printed)
{
	const struct source *s;
	uint64_t n;
	size_t i;

	for (i = 0; i < m->n && is_known(o); i++) {
		s = &m->sources[i];
		n = MQS_UNKNOWN;
		if (mqs_stat(spool, s->queue, s->group[0] != '\0' ? s->group : NULL,
		    s->group[0] != '\0' ? NULL : see_queue, s->group[0] != '\0' ? see_group : NULL,
		    &n, NULL) != MQS_OK || n == MQS_UNKNOWN) {
			expected = 0;
			break;
		}
		expected += o->last != 0 && n > o->last ? o->last : n;
	}
	if (count != 0 && expected > count)
		expected = count;
	so_far = printed;
	progress_step(m->n == 1 ? m->sources[0].queue : "replay", "message", printed, part_of);
}
