/*
 * sub/deliver_to_command.c - delivering messages to a command, one process for each
 *
 * Up to -P commands run at once.  When a command ends, the next message's command is
 * started first.  Only then is the ended command's message settled, in one commit with
 * the next claim, so that the commit's disk flush and the new command run at the same
 * time.  This needs some messages claimed ahead (sub/prefetch.c); more are claimed when
 * a quarter of them is left.
 *
 * The steps of a run are: slot in the owner file, spawn, mark as started, settle, clear
 * the slot.  mqs_run_new tells what a kill between two of them leaves.
 *
 * If the command can't be executed, mq-sub ends.  After an error, or when a signal asks
 * to stop, the running commands may finish.  A second signal sends them SIGTERM, a third
 * SIGKILL.
 */
#include <signal.h>
#include <stdlib.h>

#include "base/error.h"
#include "common/common_options.h"
#include "common/signals.h"
#include "mqspool.h"
#include "sub/command_ended.h"
#include "sub/command_pool.h"
#include "sub/command_start.h"
#include "sub/command_timeout.h"
#include "sub/consumer.h"
#include "sub/deliver_to_command.h"
#include "sub/filter.h"
#include "sub/handler.h"
#include "sub/handler_env.h"
#include "sub/handler_errors.h"
#include "sub/prefetch.h"
#include "sub/signals.h"
#include "sub/sub.h"

/* Messages that were claimed and wait for a place. */
static size_t
in_hand(const struct pool *p)
{
	return p->sub->unread + (p->ready ? p->next.count : 0);
}

/*
 * How many messages may be claimed now: none unless few are left in hand, or there is
 * to be a commit anyway.
 */
static size_t
room(const struct pool *p)
{
	const struct sub *s = p->sub;
	size_t mine = in_hand(p) + p->working;
	/* Of batches one for each place, or they would not be full. */
	size_t few = s->batch != 0 ? p->ahead.hold / 2 : p->ahead.hold / 4;
	size_t begun = (s->workers - p->running) * (s->batch != 0 ? s->batch : 1);

	if (mine >= p->ahead.hold || (in_hand(p) > few && !sub_is_due(s)))
		return 0;
	/* Others have nothing to do: no more than can be begun with. */
	if (!mqs_consumer_rivals(s->consumer) || begun > p->ahead.hold - p->working)
		begun = p->ahead.hold - p->working;
	return begun > in_hand(p) ? begun - in_hand(p) : 0;
}

static int
claim(struct pool *p, struct mqs_error *err)
{
	struct sub *s = p->sub;

	if (s->look && sub_wants(s) && room(p) > 0)
		prefetch_claims(&p->ahead);
	return sub_claim(s, room(p), p->running > 0, err);
}

/* How long until what waits behind a command that takes long is given back. */
static int64_t
until_given_back(const struct pool *p)
{
	if (p->sub->unread == 0)
		return -1;
	return prefetch_patience(&p->ahead, in_hand(p) + p->working);
}

static int
give_back(struct pool *p, struct mqs_error *err)
{
	if (until_given_back(p) != 0)
		return MQS_OK;
	prefetch_gave_back(&p->ahead);
	return sub_give_back(p->sub, err);
}

/* Passes on to the commands that they shall stop as well. */
static void
tell(struct pool *p)
{
	size_t i;

	if (sub_asked <= p->told)
		return;
	p->told = sub_asked;
	if (p->told < 2)
		return;
	for (i = 0; i < p->sub->workers; i++)
		if (p->places[i].pid != 0 && !p->places[i].over)
			(void)kill(-p->places[i].pid, p->told == 2 ? SIGTERM : SIGKILL);
}

/* Whether another turn can start or claim something without waiting. */
static int
can_go_on(const struct pool *p)
{
	const struct sub *s = p->sub;

	if (stopping || s->status != 0)
		return 0;
	return (in_hand(p) > 0 && p->running < s->workers) ||
	    (s->look && sub_wants(s) && room(p) > 0);
}

/* How long it may wait for something to happen, in ns; -1: for ever. */
static int64_t
patience(const struct pool *p)
{
	int64_t ahead = until_given_back(p);
	int64_t filter = filter_patience(&p->filter);

	return sooner(sooner(ahead, filter), command_timeouts_patience(p));
}

/* Waits, and passes on what the commands say meanwhile. */
static int
wait_for_more(struct pool *p, struct mqs_error *err)
{
	struct sub *s = p->sub;
	size_t i;
	int rc;

	mqs_consumer_idle(s->consumer, in_hand(p) == 0 && p->running < s->workers &&
	    sub_wants(s) && !s->held);
	p->fds[1] = (struct pollfd){ .fd = p->deaf ? STDERR_FILENO : -1,
	    .events = POLLOUT };
	for (i = 0; i < s->workers; i++)
		p->fds[2 + i] = (struct pollfd){ .events = POLLIN,
		    .fd = p->deaf ? -1 : p->places[i].errors };
	if ((rc = sub_wait(s, p->fds, 2 + s->workers, p->running > 0,
	    patience(p), err)) != MQS_OK)
		return rc;
	if (p->fds[1].revents != 0)
		p->deaf = 0;
	for (i = 0; i < s->workers; i++)
		if (p->fds[2 + i].revents != 0 && !handler_listen(&p->places[i]))
			p->deaf = 1;
	return MQS_OK;
}

static int
finished(const struct pool *p)
{
	const struct sub *s = p->sub;

	if (p->running > 0)
		return 0;
	if (stopping || s->status != 0)
		return 1;
	return in_hand(p) == 0 &&
	    (s->ending || (s->count != 0 && s->read >= s->count));
}

/* Publishes what commands made of their messages, when it is time to. */
static int
publish(struct pool *p, struct mqs_error *err)
{
	return p->running == 0 ? filter_flush(&p->filter, err) :
	    filter_flush_due(&p->filter, err);
}

static int
turn(struct pool *p, struct mqs_error *err)
{
	struct sub *s = p->sub;
	int rc;

	tell(p);
	command_timeouts_act(p);
	if ((rc = command_settle_ended(p, err)) != MQS_OK ||
	    (rc = command_start(p, err)) != MQS_OK || (rc = publish(p, err)) != MQS_OK ||
	    (rc = give_back(p, err)) != MQS_OK || (rc = claim(p, err)) != MQS_OK ||
	    (rc = command_start(p, err)) != MQS_OK)
		return rc;
	return p->running == 0 ? sub_flush(s, err) : sub_flush_due(s, err);
}

/* An error ends it, but not those that run: they may finish, and are settled if possible. */
static void
let_finish(struct pool *p)
{
	p->sub->ending = 1;
	p->sub->unread = 0;	/* closing releases them */
	while (p->running > 0) {
		tell(p);
		command_timeouts_act(p);
		(void)command_settle_ended(p, NULL);
		(void)filter_flush(&p->filter, NULL);
		if (p->running > 0 && wait_for_more(p, NULL) != MQS_OK)
			return;
	}
}

static int
pool_init(struct pool *p, struct sub *s, struct mqs_error *err)
{
	size_t i;
	int rc;

	*p = (struct pool){ .sub = s };
	prefetch_init(&p->ahead, s->hold, s->options.prefetch);
	p->places = calloc(s->workers, sizeof(*p->places));
	p->fds = calloc(s->workers + 2, sizeof(*p->fds));
	if (p->places == NULL || p->fds == NULL)
		return mqs_fail_errno(err, "%zu commands", s->workers);
	for (i = 0; i < s->workers; i++)
		handler_init(&p->places[i]);
	if (s->to[0] != '\0' && (rc = filter_init(&p->filter, s, err)) != MQS_OK)
		return rc;
	return handler_command_init(&p->command, s->command, common.spool, err);
}

static void
pool_free(struct pool *p)
{
	command_discard(p);
	filter_free(&p->filter);
	handler_command_free(&p->command);
	free(p->places);
	free(p->fds);
}

int
deliver_to_command(struct sub *s, struct mqs_error *err)
{
	struct pool p;
	int rc;

	if ((rc = pool_init(&p, s, err)) == MQS_OK) {
		sub_catch_children();
		while ((rc = turn(&p, err)) == MQS_OK && !finished(&p))
			if (!can_go_on(&p) && (rc = wait_for_more(&p, err)) != MQS_OK)
				break;
		if (rc != MQS_OK)
			let_finish(&p);
	}
	pool_free(&p);
	return rc;
}
