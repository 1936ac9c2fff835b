/* connection_jobs.c - see connection.h: jobs that the caller queues */
#include "amqp/connection_state.h"
#include "amqp/reply_error.h"
#include "base/clock.h"

/*
 * Takes back a job: at once if it was not begun; else the connection is broken, so that the
 * job ends.  That loses what a consumer settled a moment ago, which the broker has not applied: so
 * where a signal is the reason, and not a time that is over, the answer may come yet.  A job that was
 * done meanwhile counts.  Returns 1 if it was done.
 */
static int
take_back(struct mqs_amqp_connection *c, struct mqs_amqp_job *job, int rc)
{
	const int64_t until = mqs_boottime() + (rc == MQS_EINTR ? MQS_AMQP_PATIENCE_NS : 0);
	int done, running;

	for (;;) {
		mqs_amqp_lock(c);
		done = job->done;
		running = job->running;
		if (!done && !running)
			c->job = NULL;
		mqs_amqp_unlock(c);
		if (done || !running)
			return done;
		if (mqs_boottime() >= until)
			mqs_amqp_end(c);
		mqs_amqp_pause(c);
	}
}

/* Gives the job to the thread, until it is done or taken back. */
static void
give(struct mqs_amqp_connection *c, struct mqs_amqp_job *job)
{
	mqs_amqp_lock(c);
	c->job = job;
	mqs_amqp_unlock(c);
	mqs_amqp_wake(c->wake_fd);
}

int
mqs_amqp_run(struct mqs_amqp_connection *c, mqs_amqp_job_fn *fn, void *arg, int64_t deadline,
    struct mqs_error *err)
{
	struct mqs_amqp_job job = { .fn = fn, .arg = arg };
	int done = 0, rc;

	give(c, &job);
	while (!done) {
		if ((rc = mqs_amqp_wait_fd(c, c->told_fd, deadline, err)) != MQS_OK &&
		    !take_back(c, &job, rc))
			return rc;
		mqs_amqp_lock(c);
		done = job.done;
		mqs_amqp_unlock(c);
	}
	if (job.rc < 0 && err != NULL)
		*err = job.error;
	return job.rc;
}
