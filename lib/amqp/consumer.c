/* consumer.c - see consumer.h: opened, closed, freed; its numbers */
#include <sys/epoll.h>
#include <sys/timerfd.h>

#include <stdio.h>
#include <stdlib.h>
#include <time.h>
#include <unistd.h>

#include "amqp/admin.h"
#include "amqp/consumer.h"
#include "amqp/consumer_applied.h"
#include "amqp/consumer_copies.h"
#include "amqp/consumer_keys.h"
#include "amqp/consumer_settle.h"
#include "base/clock.h"
#include "base/error.h"

#define PREFETCH	1000
#define PREFETCH_MAX	UINT16_MAX	/* basic.qos can say no more */
#define LAST_WAIT	(5 * MQS_SECOND)	/* of a consumer that is freed, for what it has settled */

/* -------------------------------------------------------- opening -- */

static int
watch(struct mqs_consumer *c, int fd, struct mqs_error *err)
{
	struct epoll_event event = { .events = EPOLLIN };

	if (epoll_ctl(c->epoll, EPOLL_CTL_ADD, fd, &event) != 0)
		return mqs_fail_errno(err, "%s: waiting", c->group.name);
	return MQS_OK;
}

/* Receipts are the purpose of MQS_MANUAL; of other consumers few are ever used. */
static int
listen_for_receipts(struct mqs_consumer *c, struct mqs_error *err)
{
	const struct mqs_options *options = &c->spool->options;
	struct mqs_error why;
	int rc = mqs_settle_server_open(&c->server, mqs_amqp_consumer_asked, c, &why);

	if (rc == MQS_OK) {
		c->token = mqs_settle_server_token(c->server);
		return watch(c, mqs_settle_server_fd(c->server), err);
	}
	c->token = mqs_settle_token_new();
	if ((c->options.flags & MQS_MANUAL) != 0)
		return mqs_fail(err, rc, "%s", why.text);
	if (options->notice != NULL)
		options->notice(options->arg, why.text);
	return MQS_OK;
}

static int
open_consumer(struct mqs_consumer *c, int own, struct mqs_error *err)
{
	int rc;

	if ((c->epoll = epoll_create1(EPOLL_CLOEXEC)) == -1 ||
	    (c->timer = timerfd_create(CLOCK_BOOTTIME, TFD_CLOEXEC | TFD_NONBLOCK)) == -1)
		return mqs_fail_errno(err, "%s: waiting", c->group.name);
	/* The connection before the socket, whose end looks at what was settled. */
	if ((rc = watch(c, c->timer, err)) != MQS_OK ||
	    (rc = mqs_amqp_spool_connection(&c->connection, c->spool, err)) != MQS_OK ||
	    (!own && (rc = listen_for_receipts(c, err)) != MQS_OK))
		return rc;
	if (c->group.settings.ordered &&
	    (c->busy = calloc(MQS_AMQP_BUSY_PLACES, sizeof(struct mqs_amqp_held *))) == NULL)
		return mqs_fail_errno(err, "%s", c->group.name);
	return mqs_amqp_consumer_open_channel(c, err);
}

static int
open_it(struct mqs_consumer **out, struct mqs_spool *spool, const char *queue, const char *group,
    const struct mqs_consumer_options *options, int own, struct mqs_error *err)
{
	struct mqs_consumer *c;
	int rc;

	if ((c = calloc(1, sizeof(*c))) == NULL)
		return mqs_fail_errno(err, "%s/%s", queue, group);
	c->spool = spool;
	c->epoll = c->timer = c->spill.fd = -1;
	mqs_amqp_consumer_init_states(c);
	init_amqp_pool(&c->pool, 4096);
	if (options != NULL) {
		c->options.flags = options->flags;
		c->options.lease = options->lease;
		c->prefetch = options->prefetch;
	}
	if (c->prefetch == 0)
		c->prefetch = PREFETCH;
	if (c->prefetch > PREFETCH_MAX)
		c->prefetch = PREFETCH_MAX;
	rc = mqs_amqp_group_open(&c->group, spool, queue, group, options,
	    !own && (spool->options.flags & MQS_AUTOCREATE) != 0, err);
	if (rc == MQS_OK)
		rc = open_consumer(c, own, err);
	if (rc != MQS_OK) {
		mqs_amqp_consumer_free(c);
		return rc;
	}
	*out = c;
	return MQS_OK;
}

int
mqs_amqp_consumer_open_own(struct mqs_consumer **out, struct mqs_spool *spool, const char *queue,
    const char *group, struct mqs_error *err)
{
	return open_it(out, spool, queue, group, NULL, 1, err);
}

int
mqs_amqp_consumer_open(struct mqs_consumer **out, struct mqs_spool *spool, const char *queue,
    const char *group, const struct mqs_consumer_options *options, struct mqs_error *err)
{
	if (options != NULL && options->lease != 0 && (options->flags & MQS_MANUAL) == 0)
		return mqs_fail(err, MQS_ENOTSUP, "%s/%s: the amqp engine has leases (-l) for what "
		    "others settle (-m) alone", queue, group);
	return open_it(out, spool, queue, group, options, 0, err);
}

/* -------------------------------------------------------- closing -- */

static int
is_handed_out(const struct mqs_consumer *c, const struct mqs_amqp_held *h)
{
	return (c->options.flags & MQS_MANUAL) != 0 && h->number != 0 && h->number <= c->handed_out;
}

/* Of an ordered group: all goes back when the channel is closed (consumer_keys.h). */
static void
hand_out_no_more(struct mqs_consumer *c)
{
	struct mqs_amqp_held *h, *next;

	c->claimed = 0;
	for (h = TAILQ_FIRST(&c->lists[MQS_AMQP_READ]); h != NULL; h = next) {
		next = TAILQ_NEXT(h, entry);
		if (!is_handed_out(c, h))
			mqs_amqp_keys_release(c, h);
	}
}

/* Gives back all that was not handed out under MQS_MANUAL, and lets nothing more come. */
static int
give_back(struct mqs_consumer *c, struct mqs_error *err)
{
	struct mqs_amqp_held *h;
	uint64_t tag = 0;
	int rc;

	if (c->busy != NULL) {
		hand_out_no_more(c);
		return MQS_OK;
	}
	if (c->window > 0 && c->open && (rc = mqs_amqp_consumer_cancel(c, err)) != MQS_OK)
		return rc;
	c->window = 0;
	while ((h = mqs_amqp_deliveries_from(&c->deliveries, tag)) != NULL) {
		tag = h->tag + 1;
		if (h->state == MQS_AMQP_COPYING || is_handed_out(c, h))
			continue;
		if ((rc = mqs_amqp_consumer_finish(c, h, MQS_AMQP_ORDER_GIVE_BACK, err)) != MQS_OK)
			return rc;
	}
	return MQS_OK;
}

static int
has_orders(struct mqs_consumer *c)
{
	int left;

	mqs_amqp_lock(c->connection);
	left = c->open && c->sent != c->ordered;
	c->told_when_sent |= left;
	mqs_amqp_unlock(c->connection);
	return left;
}

int
mqs_amqp_consumer_drain(struct mqs_consumer *c, int64_t deadline, struct mqs_error *err)
{
	int64_t stuck = -1, mend, until;
	int copying, rc;

	for (;;) {
		if ((rc = mqs_amqp_copies_service(c, err)) != MQS_OK)
			return rc;
		copying = mqs_amqp_copies_pending(c) > 0;
		mqs_amqp_channel_send(c->channel);
		if (!copying && !has_orders(c))
			return MQS_OK;
		mend = copying ? mqs_amqp_copies_mend_at(c) : 0;
		if (mend != 0 && stuck == -1)
			stuck = mqs_later(mqs_boottime(), LAST_WAIT);
		if (mend != 0 && deadline == -1 && mqs_boottime() >= stuck)
			return mqs_amqp_copies_why(c, err);
		until = mend != 0 && (deadline == -1 || mend < deadline) ? mend : deadline;
		rc = mqs_amqp_wait(copying && c->copies->channel != NULL ? c->copies->channel :
		    c->channel, until, err);
		if (rc != MQS_OK && (rc != MQS_ETIMEOUT || until == deadline))
			return rc;
	}
}

int
mqs_amqp_consumer_close(struct mqs_consumer *c, struct mqs_error *err)
{
	int rc;

	mqs_amqp_lock(c->connection);
	c->closing = 1;		/* the thread looks at it */
	rc = give_back(c, err);
	mqs_amqp_unlock(c->connection);
	if (rc == MQS_OK)
		rc = mqs_amqp_consumer_drain(c, -1, err);
	if (rc != MQS_OK && mqs_amqp_copies_mend_at(c) != 0) {	/* acks are applied all the same */
		mqs_amqp_lock(c->connection);
		c->closing = 0;
		mqs_amqp_unlock(c->connection);
		mqs_amqp_consumer_await_applied(c);
	}
	/* Answers that became due meanwhile: nothing makes the descriptor readable for them. */
	if (rc == MQS_OK && c->server != NULL && mqs_amqp_consumer_answer(c) > 0)
		rc = mqs_settle_server_service(c->server, err);
	if (rc == MQS_OK)
		rc = mqs_amqp_consumer_begin_leases(c, err);
	/* If that fails, the broker removes it by itself, soon. */
	if (rc == MQS_OK && (c->options.flags & MQS_TEMP) != 0)
		(void)mqs_amqp_delete(c->spool, c->group.queue, c->group.group, NULL);
	return rc;
}

static void
free_deliveries(struct mqs_consumer *c)
{
	struct mqs_amqp_held *h;

	while ((h = mqs_amqp_deliveries_from(&c->deliveries, 0)) != NULL)
		mqs_amqp_consumer_drop(c, h);
	mqs_amqp_held_free(c->borrowed);
	mqs_amqp_deliveries_free(&c->deliveries);
}

void
mqs_amqp_consumer_free(struct mqs_consumer *c)
{
	if (c == NULL)
		return;
	if (c->closing && c->channel != NULL && (c->options.flags & MQS_TEMP) == 0 &&
	    mqs_amqp_consumer_drain(c, mqs_later(mqs_boottime(), LAST_WAIT), NULL) == MQS_OK)
		mqs_amqp_consumer_await_applied(c);
	if (c->server != NULL)
		(void)mqs_amqp_consumer_answer(c);
	mqs_amqp_copies_free(c);	/* its events use the consumer's channel */
	mqs_amqp_channel_close(c->channel);
	mqs_settle_server_free(c->server);
	free_deliveries(c);
	mqs_amqp_incoming_free(&c->incoming);
	empty_amqp_pool(&c->pool);
	if (c->timer != -1)
		(void)close(c->timer);
	if (c->epoll != -1)
		(void)close(c->epoll);
	mqs_amqp_spill_close(&c->spill);
	free(c->busy);
	free(c->leases);
	free(c->due);
	free(c->orders.list);
	free(c->sending.list);
	free(c);
}

/* -------------------------------------------------------- numbers -- */

size_t
mqs_amqp_consumer_held(const struct mqs_consumer *c)
{
	size_t n;

	mqs_amqp_lock(c->connection);
	n = mqs_amqp_consumer_outstanding(c) + (c->closing ? c->waiting : 0);
	mqs_amqp_unlock(c->connection);
	return n + c->ndue;	/* what is not known to be applied */
}

char *
mqs_amqp_consumer_receipt(const struct mqs_consumer *c, const struct mqs_message *m,
    char buf[MQS_RECEIPT_SIZE])
{
	return mqs_settle_receipt_format(c->group.queue, c->group.group,
	    m->id == NULL ? "" : m->id, c->token, m->seq, m->lease, buf);
}
