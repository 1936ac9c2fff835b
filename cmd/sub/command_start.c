/*
 * sub/command_start.c - making commands ready, and starting them
 *
 * Everything that a start needs (environment, body, slot in the owner file, pipe for
 * stderr) is prepared while other commands still run.  So little more than the start
 * lies between the end of one command and the start of the next.  A command that is
 * ready has not begun, and its slot says so: if mq-sub is killed, the message comes back
 * without a counted attempt.
 */
#include <errno.h>
#include <string.h>

#include "base/error.h"
#include "common/diagnostics.h"
#include "common/signals.h"
#include "mqspool.h"
#include "sub/command_batch.h"
#include "sub/command_pool.h"
#include "sub/command_start.h"
#include "sub/command_timeout.h"
#include "sub/consumer.h"
#include "sub/filter.h"
#include "sub/handler.h"
#include "sub/handler_body.h"
#include "sub/handler_env.h"
#include "sub/reply.h"
#include "sub/sub.h"

/* The command could not be started, errno says why: the message's fault, or the end. */
static int
not_started(struct pool *p, struct handler *h, int error, struct mqs_error *err)
{
	struct sub *s = p->sub;
	const char *name = s->command[0];
	struct mqs_settlement how = { .verb = MQS_RELEASE, .seq = h->seq,
	    .lease = h->lease };
	int rc;

	if (error == E2BIG && h->more == NULL && handler_described_at_length(&p->command)) {
		how.verb = MQS_REJECT;
		how.reason = "headers too large for a command's environment";
		complain("%s/%s: %s: rejected: %s", s->queue, s->group, h->id, how.reason);
		s->delivered++;
	}
	if ((rc = command_batch_settle(s, h, &how, err)) != MQS_OK || how.verb == MQS_REJECT)
		return rc;
	if (error == EAGAIN || error == ENOMEM || error == EMFILE || error == ENFILE) {
		errno = error;
		return mqs_fail_errno(err, "%s", name);
	}
	report("%s: %s", name, strerror(error));
	s->status = error == ENOENT || error == ENOTDIR ? 127 : 126;
	return MQS_OK;
}

void
command_discard(struct pool *p)
{
	if (!p->ready)
		return;
	handler_discard(&p->next);
	mqs_run_free(p->next.run);
	p->ready = 0;
}

static int
make_ready(struct pool *p, const struct mqs_message *m, struct mqs_error *err)
{
	struct handler *h = &p->next;
	struct sub *s = p->sub;
	int rc;

	if (s->batch != 0)
		rc = command_batch_prepare(p, m, err);
	else if ((rc = handler_describe(&p->command, s->consumer, s->queue, s->group, m,
	    err)) == MQS_OK &&
	    (rc = handler_body(&h->body, m, err)) == MQS_OK)
		rc = mqs_run_new(&h->run, s->consumer, m, &h->run_fd, err);
	if (rc != MQS_OK)
		return rc;
	if ((errno = handler_open_errors(h)) != 0)
		return mqs_fail_errno(err, "%s", s->command[0]);
	return MQS_OK;
}

/* Finds out where the output goes: MQS_NOTHING if the message need not be run. */
static int
begin(struct pool *p, const struct mqs_message *m, struct mqs_error *err)
{
	struct handler *h = &p->next;
	struct sub *s = p->sub;
	int rc;

	handler_init(h);
	h->seq = m->seq;
	h->lease = m->lease;
	(void)mqs_message_id(m, h->id);
	rc = s->batch != 0 ? MQS_OK :
	    s->to[0] != '\0' ? filter_prepare(&p->filter, h, m, err) :
	    reply_prepare(s, h, m, err);
	p->ready = rc != MQS_NOTHING;
	return rc;
}

/* Makes the next message's command ready, if there is one that has to be run. */
static int
prepare(struct pool *p, struct mqs_error *err)
{
	struct mqs_message m = MQS_MESSAGE_INIT;
	struct sub *s = p->sub;
	int rc = MQS_OK;

	while (rc == MQS_OK && !p->ready && s->unread > 0) {
		if ((rc = sub_next(s, &m, err)) != MQS_OK)
			break;
		if ((rc = begin(p, &m, err)) == MQS_OK)
			rc = make_ready(p, &m, err);
		else if (rc == MQS_NOTHING)
			rc = MQS_OK;
	}
	mqs_consumer_rest(s->consumer);
	return rc == MQS_NOTHING ? MQS_OK : rc;
}

static int
start(struct pool *p, struct handler *place, struct mqs_error *err)
{
	int rc, e;

	if ((e = handler_start(&p->next, &p->command)) != 0) {
		rc = not_started(p, &p->next, e, err);
		command_discard(p);
		return rc;
	}
	*place = p->next;
	p->ready = 0;
	p->running++;
	p->working += place->count;
	command_timeout_start(p->sub, place);
	return mqs_run_started(place->run, place->pid, err);
}

int
command_start(struct pool *p, struct mqs_error *err)
{
	struct sub *s = p->sub;
	int rc;
	size_t i;

	for (i = 0; i < s->workers; i++) {
		if (stopping || s->status != 0)
			return MQS_OK;
		if (p->places[i].pid != 0)
			continue;
		if ((rc = prepare(p, err)) != MQS_OK)
			return rc;
		if (p->ready && (rc = start(p, &p->places[i], err)) != MQS_OK)
			return rc;
	}
	return stopping || s->status != 0 ? MQS_OK : prepare(p, err);
}
