/*
 * consume_run.c - runs: handlers that work on one delivery, or on several
 *
 * The steps: the slot in the owner file is written; the handler is spawned; the slot is
 * marked as started; the delivery is settled; the slot is cleared.
 *
 * A crash before the mark returns the message without counting an attempt, though the handler
 * may have begun.  A crash after the mark returns it, counted, once the handler has ended.
 * The slot is cleared only after the settling is committed.  Otherwise a crash between the
 * two would return, uncounted, a message that a handler had worked on.
 */
#include <stdlib.h>

#include "base/error.h"
#include "embedded/consume_collect.h"
#include "embedded/consume_run.h"

struct mqs_run {
	struct mqs_handle	 handle;	/* the seam's; first */
	struct mqs_consumer	*consumer;
	unsigned		*slots;		/* the first one's descriptor is the handler's */
	size_t			 n, cap;
	struct mqs_run		*next;
};

/* Makes room for one more slot: 0, or -1 with errno. */
static int
more_room(struct mqs_run *run)
{
	size_t cap = run->cap == 0 ? 1 : 4 * run->cap;
	unsigned *slots;

	if (run->n < run->cap)
		return 0;
	if ((slots = reallocarray(run->slots, cap, sizeof(*slots))) == NULL)
		return -1;
	run->slots = slots;
	run->cap = cap;
	return 0;
}

static void
free_run(struct mqs_run *run)
{
	free(run->slots);
	free(run);
}

int
mqs_embedded_run_new(struct mqs_run **out, struct mqs_consumer *c,
    const struct mqs_message *m, int *fd, struct mqs_error *err)
{
	struct mqs_run *run;
	int rc;

	if ((run = calloc(1, sizeof(*run))) == NULL)
		return mqs_fail_errno(err, "run");
	run->consumer = c;
	rc = more_room(run) == -1 ? mqs_fail_errno(err, "run") :
	    mqs_owner_run(c->owner, m->lease, m->seq, &run->slots[0], fd, err);
	if (rc != MQS_OK) {
		free_run(run);
		return rc;
	}
	run->n = 1;
	*out = run;
	return MQS_OK;
}

int
mqs_embedded_run_add(struct mqs_run *run, const struct mqs_message *m, struct mqs_error *err)
{
	int rc;

	if (more_room(run) == -1)
		return mqs_fail_errno(err, "run");
	rc = mqs_owner_run_more(run->consumer->owner, run->slots[run->n - 1], m->lease,
	    m->seq, &run->slots[run->n], err);
	if (rc == MQS_OK)
		run->n++;
	return rc;
}

int
mqs_embedded_run_started(struct mqs_run *run, int64_t pid, struct mqs_error *err)
{
	size_t i;
	int rc = MQS_OK;

	for (i = 0; i < run->n && rc == MQS_OK; i++)
		rc = mqs_owner_run_started(run->consumer->owner, run->slots[i], pid, err);
	return rc;
}

void
mqs_embedded_run_free(struct mqs_run *run)
{
	struct mqs_consumer *c;

	if (run == NULL)
		return;
	c = run->consumer;
	run->next = c->ended;
	c->ended = run;
	if (mqs_collected(c) == 0)
		mqs_runs_end(c);
}

void
mqs_runs_forget(struct mqs_consumer *c)
{
	struct mqs_run *run;

	while ((run = c->ended) != NULL) {
		c->ended = run->next;
		free_run(run);
	}
}

void
mqs_runs_end(struct mqs_consumer *c)
{
	struct mqs_run *run;

	while ((run = c->ended) != NULL) {
		c->ended = run->next;
		while (run->n > 0)
			mqs_owner_run_end(c->owner, run->slots[--run->n]);
		free_run(run);
	}
}
