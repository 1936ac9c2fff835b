/* consumer_service.c - see consumer.h: the descriptor, receipts, what went wrong */
#include <stdio.h>
#include <stdlib.h>
#include <string.h>
#include <unistd.h>

#include "amqp/consumer.h"
#include "amqp/consumer_copies.h"
#include "amqp/consumer_settle.h"
#include "amqp/reply_error.h"
#include "amqp/topology.h"
#include "base/clock.h"
#include "base/error.h"

/* How often, and how long, it is looked whether a queue is deleted with its group. */
#define LOOKS	10
#define LOOK_NS	(50 * MQS_MSEC)

int
mqs_amqp_consumer_fd(struct mqs_consumer *c)
{
	return c->epoll;
}

static void
stop_ringing(struct mqs_consumer *c)
{
	uint64_t times;

	if (c->timer_at != 0 && read(c->timer, &times, sizeof(times)) > 0)
		c->timer_at = 0;
}

/* ------------------------------------------------- what went wrong -- */

static int
reopen(struct mqs_consumer *c, struct mqs_error *err)
{
	const struct mqs_options *options = &c->spool->options;
	char text[MQS_ERROR_TEXT];

	(void)snprintf(text, sizeof(text), "%s: RabbitMQ takes back what was not settled for longer "
	    "than its consumer_timeout; it is delivered again", c->group.name);
	if (options->notice != NULL)
		options->notice(options->arg, text);
	mqs_amqp_lock(c->connection);
	c->closed = 0;
	mqs_amqp_unlock(c->connection);
	return mqs_amqp_channel_reopen(c->channel, -1, err);
}

static int
queue_job(void *arg, const struct mqs_amqp_link *link, struct mqs_error *err)
{
	const struct mqs_consumer *c = arg;

	return mqs_amqp_exchange_exists(link, c->group.queue, err);
}

/* The broker's queue is gone: with the group, or with all of the queue, whose groups go first. */
static int
fail_deleted(struct mqs_consumer *c, struct mqs_error *err)
{
	int rc, looks = LOOKS;

	while ((rc = mqs_amqp_run(c->connection, queue_job, c, -1, err)) == MQS_OK && --looks > 0)
		if ((rc = mqs_amqp_wait(c->channel, mqs_boottime() + LOOK_NS, err)) == MQS_EINTR)
			return rc;
	if (rc == MQS_OK)
		return mqs_fail(err, MQS_ENOENT, "%s: group was deleted", c->group.name);
	return rc != MQS_ENOENT ? rc :
	    mqs_fail(err, rc, "%s: queue was deleted", c->group.queue);
}

/*
 * Of an ordered group, what is here goes back before anything else comes: another consumer may be
 * the active one by now.  So it is forgotten at once, and the connection is broken, which is a loss
 * like others.
 */
static void
begin_anew(struct mqs_consumer *c)
{
	mqs_amqp_lock(c->connection);
	mqs_amqp_consumer_forget(c);
	c->cancelled = 0;
	mqs_amqp_unlock(c->connection);
	mqs_amqp_break(c->connection);
}

static int
exists_job(void *arg, const struct mqs_amqp_link *link, struct mqs_error *err)
{
	struct mqs_consumer *c = arg;
	uint32_t ready;

	return mqs_amqp_queue_exists(link, c->group.name, &ready, NULL, err);
}

/*
 * The broker cancels consumers when their queue is deleted, and also when it loses sight of the
 * queue, for instance while nodes are killed: then it is consumed again.
 */
static int
consume_again(struct mqs_consumer *c, struct mqs_error *err)
{
	int rc = mqs_amqp_run(c->connection, exists_job, c, -1, err);

	if (rc == MQS_ENOENT)
		return fail_deleted(c, err);
	if (rc != MQS_OK)
		return rc;
	if (c->busy != NULL) {
		begin_anew(c);
		return MQS_OK;
	}
	mqs_amqp_lock(c->connection);
	if (c->copies != NULL)	/* a group that was made anew has no binding at the delays */
		c->copies->generation = c->generation - 1;
	c->cancelled = 0;
	c->holding = 0;
	if (c->open && c->window > 0)
		rc = mqs_amqp_consumer_begin(c, c->window, err);
	mqs_amqp_unlock(c->connection);
	mqs_amqp_channel_send(c->channel);
	return rc;
}

int
mqs_amqp_consumer_check(struct mqs_consumer *c, struct mqs_error *err)
{
	struct mqs_error why;
	int number, cancelled;

	mqs_amqp_lock(c->connection);
	number = c->closed;
	cancelled = c->cancelled;
	why = c->why;
	mqs_amqp_unlock(c->connection);
	if (number == AMQP_NOT_FOUND)
		return fail_deleted(c, err);
	if (number == 0)
		return cancelled ? consume_again(c, err) : MQS_OK;
	if (mqs_amqp_is_ack_timeout(number, &why))
		return reopen(c, err);
	return mqs_fail(err, why.code, "%s: %s", c->group.name, why.text);
}

/* --------------------------------------------------------- receipts -- */

/* The answer is due when the last order that was given is applied. */
void
mqs_amqp_consumer_asked(void *arg, uint64_t ticket, const struct mqs_settlement *how)
{
	struct mqs_consumer *c = arg;
	struct mqs_error err;
	int copying, rc = mqs_amqp_consumer_carry_out(c, how, &ticket, &copying, &err);

	mqs_amqp_channel_send(c->channel);
	if (rc == MQS_NOTHING)
		mqs_settle_server_answer(c->server, ticket, MQS_ESTALE, NULL);
	else if (rc != MQS_OK)
		mqs_settle_server_answer(c->server, ticket, rc, err.text);
	else if (!copying)
		mqs_amqp_consumer_answer_due(c, ticket, mqs_amqp_lease_generation(how->lease),
		    c->last_order);
}

static int
serve(struct mqs_consumer *c, struct mqs_error *err)
{
	int rc;

	if (c->server == NULL)
		return mqs_amqp_copies_service(c, err);
	if ((rc = mqs_settle_server_service(c->server, err)) != MQS_OK)
		return rc;
	if ((rc = mqs_amqp_copies_service(c, err)) != MQS_OK)
		return rc;
	if (c->ndue > 0)
		mqs_amqp_channel_send(c->channel);
	return mqs_amqp_consumer_answer(c) > 0 ? mqs_settle_server_service(c->server, err) : MQS_OK;
}

int
mqs_amqp_consumer_service(struct mqs_consumer *c, struct mqs_error *err)
{
	int rc, waited;

	stop_ringing(c);
	mqs_amqp_consumer_look_due(c);
	/* First, whatever comes of the rest: a descriptor that stays readable has the caller spin. */
	mqs_amqp_channel_clear(c->channel);
	waited = mqs_amqp_wait(c->channel, 0, err);
	if ((rc = serve(c, err)) != MQS_OK || (rc = mqs_amqp_consumer_end_leases(c, err)) != MQS_OK ||
	    (rc = mqs_amqp_consumer_check(c, err)) != MQS_OK)
		return rc;
	return waited == MQS_ETIMEOUT ? MQS_OK : waited;
}
