/* redrive.c - see redrive.h */
#include <poll.h>
#include <string.h>

#include "amqp/admin.h"
#include "amqp/consumer_copies.h"
#include "amqp/group_queue.h"
#include "amqp/redrive.h"
#include "amqp/redrive_state.h"
#include "base/clock.h"

/* For the broker to have back what is left. */
#define BACK_WAIT	(2 * MQS_SECOND)
#define BACK_PAUSE_MS	20

/* What the group has yet to settle, while this consumer has it still. */
static int
count(struct mqs_amqp_redrive *r, struct mqs_error *err)
{
	struct mqs_consumer *c = r->c;
	int rc = mqs_amqp_redrive_count(r, c->connection, err);

	mqs_amqp_lock(c->connection);
	r->left = r->ready + c->deliveries.live + (r->generation == c->generation ? r->passed : 0);
	if (c->copies != NULL)
		r->out->redriven = c->copies->acked;
	mqs_amqp_unlock(c->connection);
	r->out->left = r->left;
	if (r->options->dry_run) {
		r->out->left -= r->out->redriven < r->left ? r->out->redriven : r->left;
		r->out->others = r->others;
	}
	return rc;
}

/*
 * The channel was closed: waits for a moment until the group has back what was given back by that, in
 * its order, so that who looks next finds it.  Others may take it meanwhile.
 */
static int
await_back(struct mqs_amqp_redrive *r, struct mqs_error *err)
{
	const int64_t until = mqs_boottime() + BACK_WAIT;
	int rc;

	while ((rc = mqs_amqp_redrive_count(r, r->spool->connection, err)) == MQS_OK &&
	    r->ready < r->left && mqs_boottime() < until)
		(void)poll(NULL, 0, BACK_PAUSE_MS);
	return rc;
}

static int
redrive(struct mqs_amqp_redrive *r, struct mqs_error *err)
{
	int rc, counted;

	rc = mqs_amqp_consumer_open_own(&r->c, r->spool, r->queue, MQS_AMQP_REDRIVE_GROUP, err);
	if (rc != MQS_OK)
		return rc;
	rc = mqs_amqp_redrive_letters(r, err);
	counted = count(r, rc == MQS_OK ? err : NULL);
	mqs_amqp_consumer_free(r->c);
	mqs_amqp_redrive_targets_free(&r->targets);
	if (rc == MQS_OK && (rc = counted) == MQS_OK)
		rc = await_back(r, err);
	if (rc == MQS_OK && (rc = r->failed) != MQS_OK && err != NULL)
		*err = r->why;
	return rc;
}

static int
look_job(void *arg, const struct mqs_amqp_link *link, struct mqs_error *err)
{
	struct mqs_amqp_redrive *r = arg;
	int rc = mqs_amqp_expect_queue(link, r->spool, r->queue, err);

	if (rc != MQS_OK)
		return rc;
	rc = mqs_amqp_group_marked(link, r->name, err);
	r->taken = rc == MQS_OK;
	return rc == MQS_ENOENT ? MQS_OK : rc;
}

/* A queue that has no letters gets no group: one would keep all of its messages. */
static int
need_group(struct mqs_amqp_redrive *r, struct mqs_error *err)
{
	int rc = mqs_amqp_redrive_survey(r->spool, r->queue, r->options, r->out, err);

	if (rc != MQS_OK || r->options->dry_run || r->out->redriven == 0)
		return rc == MQS_OK ? MQS_NOTHING : rc;
	memset(r->out, 0, sizeof(*r->out));
	rc = mqs_amqp_create(r->spool, r->queue, MQS_AMQP_REDRIVE_GROUP, NULL, err);
	return rc == MQS_EEXIST ? MQS_OK : rc;
}

int
mqs_amqp_redrive(struct mqs_spool *spool, const char *queue, const struct mqs_redrive_options *o,
    struct mqs_redriven *out, struct mqs_error *err)
{
	struct mqs_amqp_redrive r = { .spool = spool, .queue = queue, .options = o, .out = out };
	struct mqs_amqp_connection *connection;
	int rc;

	memset(out, 0, sizeof(*out));
	mqs_amqp_group_queue(r.name, queue, MQS_AMQP_REDRIVE_GROUP);
	if ((rc = mqs_amqp_spool_connection(&connection, spool, err)) != MQS_OK ||
	    (rc = mqs_amqp_run(connection, look_job, &r, -1, err)) != MQS_OK)
		return rc;
	if (!r.taken && (rc = need_group(&r, err)) != MQS_OK)
		return rc == MQS_NOTHING ? MQS_OK : rc;
	return redrive(&r, err);
}
