/* publish_confirmed.c - see publish_confirmed.h */
#include "amqp/answer.h"
#include "amqp/publish_confirmed.h"
#include "amqp/stall.h"
#include "amqp/table.h"
#include "base/clock.h"
#include "base/error.h"

/* A refusal is a leader being elected: what was refused is sent again so much later, so long. */
#define REFUSED_PAUSE_NS	(200 * MQS_MSEC)
#define REFUSED_MOST_NS		(60 * MQS_SECOND)
/* A reply to another client's queue keeps all others waiting. */
#define REPLY_REFUSED_MOST_NS	(5 * MQS_SECOND)

struct publication {
	struct mqs_amqp_connection *connection;
	struct mqs_amqp_channel	*channel;
	const char	*exchange, *key;
	const char	*type;		/* may be NULL */
	const amqp_basic_properties_t *properties;	/* of a reply; NULL: it is none */
	int		 optional;	/* it need not be routed */
	amqp_bytes_t	 body;
	uint64_t	 epoch;
	/* Under the lock: */
	int		 sent, confirmed, refused, failed;
	struct mqs_error why;
};

static int
set_up(void *arg, const struct mqs_amqp_link *link, struct mqs_error *err)
{
	struct publication *p = arg;

	if (p->epoch != 0 && link->epoch != p->epoch)
		return mqs_fail(err, MQS_EBUSY, "%s: the connection was lost", p->exchange);
	mqs_amqp_lock(p->connection);
	p->sent = 0;
	mqs_amqp_unlock(p->connection);
	(void)amqp_confirm_select(link->state, link->number);
	return mqs_amqp_answer(link, p->exchange, err);
}

static int
send_it(void *arg, const struct mqs_amqp_link *link, size_t *sent, struct mqs_error *err)
{
	amqp_basic_properties_t properties = { ._flags = AMQP_BASIC_DELIVERY_MODE_FLAG,
	    .delivery_mode = 2 };
	struct publication *p = arg;
	int was, rc;

	if (p->type != NULL) {
		properties._flags |= AMQP_BASIC_TYPE_FLAG;
		properties.type = mqs_amqp_text(p->type);
	}

	mqs_amqp_lock(p->connection);
	was = p->sent;
	p->sent = 1;
	mqs_amqp_unlock(p->connection);
	if (was)
		return MQS_NOTHING;
	rc = mqs_amqp_publish(link, mqs_amqp_text(p->exchange), mqs_amqp_text(p->key), !p->optional,
	    p->properties != NULL ? p->properties : &properties, p->body, sent, err);
	return rc == MQS_OK ? MQS_NOTHING : rc;
}

static void
confirmed(void *arg, uint64_t tag, int multiple, int refused)
{
	struct publication *p = arg;

	(void)tag;
	(void)multiple;
	p->refused = refused;
	p->confirmed = !refused;
}

static void
returned(void *arg, struct mqs_amqp_delivery *d)
{
	struct publication *p = arg;

	(void)d;
	p->failed = 1;
	(void)mqs_fail(&p->why, p->properties != NULL ? MQS_NOTHING : MQS_ECONFIG, "%s: no queue takes what is published here",
	    p->exchange);
}

static void
closed(void *arg, int number, const struct mqs_error *why)
{
	struct publication *p = arg;

	(void)number;
	p->failed = 1;
	p->why = *why;
}

static void
lost(void *arg)
{
	struct publication *p = arg;

	p->sent = 0;	/* await sends it again */
}

static const struct mqs_amqp_events events = {
	.set_up = set_up,
	.send = send_it,
	.confirmed = confirmed,
	.returned = returned,
	.closed = closed,
	.lost = lost
};

/* Sends, and waits for what becomes of it. */
static int
await(struct publication *p, struct mqs_error *err)
{
	const int64_t most = mqs_later(mqs_boottime(), p->properties != NULL ?
	    REPLY_REFUSED_MOST_NS : REFUSED_MOST_NS);
	struct mqs_amqp_stall stall = { 0 };
	struct mqs_error late;
	int64_t again = 0;	/* when it is sent once more; 0: it was not refused */
	int failed, done, refused, rc;

	for (;;) {
		mqs_amqp_channel_send(p->channel);
		rc = mqs_amqp_wait(p->channel, mqs_boottime() + REFUSED_PAUSE_NS, &late);
		mqs_amqp_lock(p->connection);
		failed = p->failed;
		done = p->confirmed;
		refused = p->refused;
		if (!refused) {
			again = 0;
		} else if (again == 0) {
			again = mqs_later(mqs_boottime(), REFUSED_PAUSE_NS);
		} else if (mqs_boottime() >= again) {
			p->sent = p->refused = 0;
			again = 0;
		}
		mqs_amqp_unlock(p->connection);
		if (refused && mqs_boottime() >= most)
			return mqs_fail(err, MQS_EFULL, "%s: RabbitMQ refuses what is published "
			    "here: a queue that takes it is full, or has no leader",
			    p->exchange[0] != '\0' ? p->exchange : p->key);
		if (failed) {
			if (err != NULL)
				*err = p->why;
			return p->why.code;
		}
		if (done)
			return MQS_OK;
		if (rc != MQS_OK && rc != MQS_ETIMEOUT) {
			if (err != NULL)
				*err = late;
			return rc;
		}
		(void)mqs_amqp_stall_look(&stall, p->connection, p->channel,
		    p->exchange[0] != '\0' ? p->exchange : p->key, 1, 0);
	}
}

static int
publish(struct publication *p, struct mqs_error *err)
{
	int rc;

	if ((rc = mqs_amqp_channel_open(&p->channel, p->connection, &events, p, -1,
	    err)) != MQS_OK)
		return rc;
	rc = await(p, err);
	mqs_amqp_channel_stop(p->channel);
	mqs_amqp_channel_close(p->channel);
	return rc;
}

int
mqs_amqp_publish_confirmed(struct mqs_amqp_connection *connection, const char *exchange,
    const char *key, const void *body, size_t n, uint64_t epoch, struct mqs_error *err)
{
	struct publication p = { .connection = connection, .exchange = exchange, .key = key,
	    .body = mqs_amqp_bytes(body, n), .epoch = epoch };

	return publish(&p, err);
}

int
mqs_amqp_publish_typed(struct mqs_amqp_connection *connection, const char *queue,
    const char *type, const void *body, size_t n, struct mqs_error *err)
{
	struct publication p = { .connection = connection, .exchange = "", .key = queue,
	    .type = type, .body = mqs_amqp_bytes(body, n) };

	return publish(&p, err);
}

int
mqs_amqp_publish_reply(struct mqs_amqp_connection *connection, const char *to, int mandatory,
    const amqp_basic_properties_t *properties, amqp_bytes_t body, struct mqs_error *err)
{
	struct publication p = { .connection = connection, .exchange = "", .key = to,
	    .properties = properties, .optional = !mandatory, .body = body };

	return publish(&p, err);
}
