/*
 * run.c - runs: handlers that work on a delivery
 *
 * slot written -> handler spawned -> started mark -> settled -> slot cleared.  A crash
 * before the mark returns the message uncounted, though the handler may have begun;
 * after it, counted, once the handler has ended.  The slot is cleared only when the
 * settling was carried out, or a crash between would redeliver uncounted what had run.
 */
#include <stdlib.h>

#include "base/error.h"
#include "engine/consumer.h"

struct mqs_run {
	struct mqs_consumer	*consumer;
	unsigned		 slot;
	struct mqs_run		*next;
};

int
mqs_run_new(struct mqs_run **out, struct mqs_consumer *c,
    const struct mqs_message *m, int *fd, struct mqs_error *err)
{
	struct mqs_run *run;
	int rc;

	if ((run = calloc(1, sizeof(*run))) == NULL)
		return mqs_fail_errno(err, "run");
	run->consumer = c;
	rc = mqs_owner_run(c->owner, m->lease, m->seq, &run->slot, fd, err);
	if (rc != MQS_OK) {
		free(run);
		return rc;
	}
	*out = run;
	return MQS_OK;
}

int
mqs_run_started(struct mqs_run *run, int64_t pid, struct mqs_error *err)
{
	return mqs_owner_run_started(run->consumer->owner, run->slot, pid, err);
}

void
mqs_run_free(struct mqs_run *run)
{
	struct mqs_consumer *c;

	if (run == NULL)
		return;
	c = run->consumer;
	run->next = c->ended;
	c->ended = run;
	if (mqs_consumer_collected(c) == 0)
		mqs_runs_ended(c);
}

void
mqs_runs_forget(struct mqs_consumer *c)
{
	struct mqs_run *run;

	while ((run = c->ended) != NULL) {
		c->ended = run->next;
		free(run);
	}
}

void
mqs_runs_ended(struct mqs_consumer *c)
{
	struct mqs_run *run;

	while ((run = c->ended) != NULL) {
		c->ended = run->next;
		mqs_owner_run_end(c->owner, run->slot);
		free(run);
	}
}
