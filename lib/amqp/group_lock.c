/* group_lock.c - see group_lock.h */
#include <poll.h>
#include <stdio.h>

#include "amqp/answer.h"
#include "amqp/group_lock.h"
#include "amqp/table.h"
#include "amqp/topology.h"
#include "base/error.h"
#include "base/interrupted.h"

#define PAUSE_MS	50

struct lock {
	const char	*name;
	char		 queue[MQS_AMQP_NAME_SIZE + 8];
	uint64_t	 epoch;
};

static void
init(struct lock *l, const char *name)
{
	l->name = name;
	(void)snprintf(l->queue, sizeof(l->queue), "%s/lock", name);
}

static int
take_job(void *arg, const struct mqs_amqp_link *link, struct mqs_error *err)
{
	struct lock *l = arg;

	(void)amqp_queue_declare(link->state, link->number, mqs_amqp_text(l->queue), 0, 0, 1, 0,
	    amqp_empty_table);
	l->epoch = link->epoch;
	return mqs_amqp_answer(link, l->queue, err);
}

/* A lock can't be looked at but by who has it; a queue of the same name that others made can. */
static int
foreign_job(void *arg, const struct mqs_amqp_link *link, struct mqs_error *err)
{
	const struct lock *l = arg;
	int rc = mqs_amqp_queue_exists(link, l->queue, NULL, NULL, err);

	if (rc == MQS_ENOENT || rc == MQS_EBUSY)
		return MQS_OK;
	return rc != MQS_OK ? rc : mqs_fail(err, MQS_ECONFIG, "%s: is a queue of others, of the name "
	    "that the lock of %s has; delete it", l->queue, l->name);
}

static int
give_job(void *arg, const struct mqs_amqp_link *link, struct mqs_error *err)
{
	struct lock *l = arg;

	if (link->epoch != l->epoch)
		return MQS_OK;
	(void)amqp_queue_delete(link->state, link->number, mqs_amqp_text(l->queue), 0, 0);
	return mqs_amqp_answer(link, l->queue, err);
}

int
mqs_amqp_group_lock(struct mqs_spool *spool, const char *name, mqs_amqp_job_fn *until, void *arg,
    uint64_t *epoch, struct mqs_error *err)
{
	struct mqs_amqp_connection *c;
	struct lock l;
	int looked, rc;

	init(&l, name);
	if ((rc = mqs_amqp_spool_connection(&c, spool, err)) != MQS_OK)
		return rc;
	for (looked = 0;; looked = 1) {
		rc = mqs_amqp_run(c, take_job, &l, -1, err);
		*epoch = l.epoch;
		if (rc != MQS_EBUSY || (!looked &&
		    (rc = mqs_amqp_run(c, foreign_job, &l, -1, err)) != MQS_OK))
			return rc;
		if (mqs_interrupted(&spool->options))
			return mqs_fail(err, MQS_EINTR, "%s: interrupted", name);
		(void)poll(NULL, 0, PAUSE_MS);
		if (until != NULL && (rc = mqs_amqp_run(c, until, arg, -1, err)) != MQS_ENOENT)
			return rc == MQS_OK ? MQS_NOTHING : rc;
	}
}

void
mqs_amqp_group_unlock(struct mqs_spool *spool, const char *name, uint64_t epoch)
{
	struct lock l = { .epoch = epoch };

	init(&l, name);
	l.epoch = epoch;
	/* If it fails, the lock goes with the connection. */
	(void)mqs_amqp_run(spool->connection, give_job, &l, -1, NULL);
}

int
mqs_amqp_group_locked(const struct mqs_amqp_link *link, const char *name, uint64_t epoch,
    struct mqs_error *err)
{
	if (link->epoch == epoch)
		return MQS_OK;
	return mqs_fail(err, MQS_EBUSY, "%s: the connection was lost", name);
}
