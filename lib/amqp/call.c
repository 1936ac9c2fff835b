/* call.c - see call.h: the caller */
#include <stdio.h>
#include <stdlib.h>
#include <string.h>
#include <unistd.h>

#include "amqp/call.h"
#include "amqp/reply_error.h"
#include "amqp/table.h"
#include "amqp/temporary_file.h"
#include "base/clock.h"
#include "base/error.h"
#include "message/headers.h"

int
mqs_amqp_call_open(struct mqs_call **out, struct mqs_spool *spool, const char *queue,
    struct mqs_error *err)
{
	struct mqs_call *call;
	int rc;

	if (spool->call != NULL)
		return mqs_fail(err, MQS_EBUSY, "%s: a call is open whose request was not published "
		    "yet", queue);
	if ((call = calloc(1, sizeof(*call))) == NULL)
		return mqs_fail_errno(err, "call");
	if ((rc = mqs_amqp_spool_connection(&call->connection, spool, err)) != MQS_OK) {
		free(call);
		return rc;
	}
	call->spool = spool;
	call->fd = -1;
	(void)snprintf(call->queue, sizeof(call->queue), "%s", queue);
	spool->call = call;
	*out = call;
	return MQS_OK;
}

const char *
mqs_amqp_call_address(const struct mqs_call *call)
{
	(void)call;
	return MQS_AMQP_DIRECT_REPLY;
}

void
mqs_amqp_call_free(struct mqs_call *call)
{
	if (call == NULL)
		return;
	if (call->spool->call == call)
		call->spool->call = NULL;
	mqs_amqp_lock(call->connection);
	if (call->publisher != NULL)
		call->publisher->call = NULL;
	mqs_amqp_unlock(call->connection);
	mqs_amqp_kept_free(call->reply);
	if (call->fd != -1)
		(void)close(call->fd);
	free(call);
}

/* ------------------------------------------------------- its publisher -- */

int
mqs_amqp_call_take(struct mqs_publisher *p, const struct mqs_message *m, struct mqs_error *err)
{
	struct mqs_call *call = p->spool->call;
	const char *to = mqs_headers_get(m->headers, m->headers_len, MQS_REPLY_TO);

	if (call == NULL || to == NULL || strcmp(to, MQS_AMQP_DIRECT_REPLY) != 0)
		return MQS_OK;
	/* A late reply to the one call would be taken for that to the other. */
	if (p->direct_reply)
		return mqs_fail(err, MQS_EBUSY, "%s: this publisher has made a call before: each call "
		    "needs a publisher of its own", p->queue);
	mqs_amqp_lock(p->connection);
	p->call = call;
	call->publisher = p;
	mqs_amqp_unlock(p->connection);
	p->direct_reply = 1;
	p->spool->call = NULL;
	return MQS_OK;
}

void
mqs_amqp_call_leave(struct mqs_publisher *p)
{
	if (p->connection == NULL)
		return;
	mqs_amqp_lock(p->connection);
	if (p->call != NULL)
		p->call->publisher = NULL;
	mqs_amqp_unlock(p->connection);
}

/* ---------------------------------------------------------- the thread -- */

int
mqs_amqp_call_consume(struct mqs_publisher *p, const struct mqs_amqp_link *link,
    struct mqs_error *err)
{
	amqp_basic_consume_t consume = { .queue = mqs_amqp_text(MQS_AMQP_DIRECT_REPLY),
	    .consumer_tag = mqs_amqp_text("mq-call"), .no_ack = 1, .nowait = 1 };
	int status, wanted;

	if (!p->direct_reply)
		return MQS_OK;
	mqs_amqp_lock(p->connection);
	wanted = !p->consumes;
	mqs_amqp_unlock(p->connection);
	if (!wanted)
		return MQS_OK;
	status = amqp_send_method(link->state, link->number, AMQP_BASIC_CONSUME_METHOD, &consume);
	if (status != AMQP_STATUS_OK)
		return mqs_amqp_fail_status(err, p->queue, status);
	mqs_amqp_lock(p->connection);
	p->consumes = 1;
	mqs_amqp_unlock(p->connection);
	return MQS_OK;
}

void
mqs_amqp_call_delivered(void *publisher, struct mqs_amqp_delivery *d)
{
	struct mqs_publisher *p = publisher;
	struct mqs_call *call = p->call;

	if (call == NULL || call->reply != NULL)
		return;
	call->reply = mqs_amqp_keep(d);
	call->dropped = call->reply == NULL;
}

/* -------------------------------------------------------------- waiting -- */

static void
read_reason(struct mqs_call *call)
{
	const amqp_basic_properties_t *p = &call->reply->properties;
	int i;

	for (i = 0; (p->_flags & AMQP_BASIC_HEADERS_FLAG) != 0 && i < p->headers.num_entries; i++) {
		const amqp_table_entry_t *e = &p->headers.entries[i];

		if (mqs_amqp_bytes_are(e->key, MQS_AMQP_REPLY_REASON) &&
		    e->value.kind == AMQP_FIELD_KIND_UTF8)
			(void)snprintf(call->reason, sizeof(call->reason), "%.*s",
			    (int)(e->value.value.bytes.len < sizeof(call->reason) ?
			    e->value.value.bytes.len : sizeof(call->reason) - 1),
			    (const char *)e->value.value.bytes.bytes);
	}
}

/* The reply is there: its body becomes a file, if it is none. */
static int
take_reply(struct mqs_call *call, struct mqs_reply *reply, struct mqs_error *err)
{
	struct mqs_amqp_kept *k = call->reply;
	int rc = MQS_OK;

	read_reason(call);
	if (call->fd == -1 && k->body_fd != -1) {
		call->fd = k->body_fd;
		k->body_fd = -1;
	} else if (call->fd == -1 &&
	    (rc = mqs_amqp_temporary_file(&call->fd, err)) == MQS_OK &&
	    (rc = mqs_amqp_temporary_write(call->fd, k->body, (size_t)k->body_len, err)) != MQS_OK) {
		(void)close(call->fd);
		call->fd = -1;
	}
	if (rc != MQS_OK)
		return rc;
	if (lseek(call->fd, 0, SEEK_SET) == -1)
		return mqs_fail_errno(err, "%s: reply", call->queue);
	reply->reason = call->reason[0] == '\0' ? NULL : call->reason;
	reply->fd = call->fd;
	reply->size = k->body_len;
	return MQS_OK;
}

/* MQS_OK: there is a reply; MQS_NOTHING: one may come; else none can. */
static int
look(struct mqs_call *call, struct mqs_amqp_channel **channel, struct mqs_error *err)
{
	int there, dropped, can_come;

	mqs_amqp_lock(call->connection);
	there = call->reply != NULL;
	dropped = call->dropped;
	can_come = call->publisher != NULL && call->publisher->consumes;
	*channel = can_come ? call->publisher->channel : NULL;
	mqs_amqp_unlock(call->connection);
	if (there)
		return MQS_OK;
	if (dropped)
		return mqs_fail(err, MQS_ESYSTEM, "%s: no memory for the reply", call->queue);
	return can_come ? MQS_NOTHING : mqs_fail(err, MQS_EBUSY, "%s: the connection was lost, and "
	    "with it the way of the reply: the message was published", call->queue);
}

int
mqs_amqp_call_wait(struct mqs_call *call, int64_t timeout, struct mqs_reply *reply,
    struct mqs_error *err)
{
	int64_t deadline = timeout < 0 ? -1 : mqs_later(mqs_boottime(), timeout);
	struct mqs_amqp_channel *channel;
	int rc;

	while ((rc = look(call, &channel, err)) == MQS_NOTHING) {
		rc = mqs_amqp_wait(channel, deadline, err);
		if (rc == MQS_EINTR)
			return mqs_fail(err, rc, "%s: interrupted", call->queue);
		if (rc == MQS_ETIMEOUT)
			return mqs_fail(err, rc, "%s: no reply in time", call->queue);
		if (rc != MQS_OK)
			return rc;
	}
	return rc == MQS_OK ? take_reply(call, reply, err) : rc;
}
