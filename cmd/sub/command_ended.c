/*
 * sub/command_ended.c - settling the message of a command that has ended
 *
 * The command's exit status decides.  0 acks; under --to it first publishes what the
 * command printed.  65 and 100 reject.  126 and 127 mean that the command can't be
 * executed, which is not the message's fault: the message is released, and mq-sub ends
 * with that status.  Everything else retries, and so does a command that --timeout
 * ended, whatever its status.
 *
 * The first settling of a delivery holds.  So a command that called mq-ack has decided,
 * and its exit status changes nothing.
 */
#include <stdio.h>
#include <sys/wait.h>

#include "common/diagnostics.h"
#include "mqspool.h"
#include "sub/command_batch.h"
#include "sub/command_ended.h"
#include "sub/command_pool.h"
#include "sub/command_timeout.h"
#include "sub/filter.h"
#include "sub/handler.h"
#include "sub/handler_errors.h"
#include "sub/prefetch.h"
#include "sub/reply.h"
#include "sub/signals.h"
#include "sub/sub.h"

static const char *
what_happened(char *buf, size_t room, const struct handler *h)
{
	if (h->timed_out)
		(void)snprintf(buf, room, "timeout");
	else if (WIFSIGNALED(h->status))
		(void)snprintf(buf, room, "signal %d", WTERMSIG(h->status));
	else
		(void)snprintf(buf, room, "exit %d", WEXITSTATUS(h->status));
	return buf;
}

static enum mqs_verb
verdict(struct sub *s, const struct handler *h)
{
	if (!WIFEXITED(h->status) || h->timed_out)
		return MQS_RETRY;
	switch (WEXITSTATUS(h->status)) {
	case 0:
		return MQS_ACK;
	case 65:
	case 100:
		return MQS_REJECT;
	case 126:
	case 127:
		if (s->status == 0)
			s->status = WEXITSTATUS(h->status);
		return MQS_RELEASE;
	default:
		return MQS_RETRY;
	}
}

/* Settles as the status, or what came of it, has it. */
static int
carry_out(struct sub *s, struct handler *h, struct mqs_settlement *how,
    struct mqs_error *err)
{
	if (how->verb != MQS_ACK) {
		how->detail = handler_last_words(h);
		if (h->count > 1)
			note("%s/%s: %s and %zu more: %s", s->queue, s->group, h->id,
			    h->count - 1, how->reason);
		else
			note("%s/%s: %s: %s", s->queue, s->group, h->id, how->reason);
	}
	if (how->verb == MQS_RELEASE)
		report("%s: exit %d: stopping", s->command[0], WEXITSTATUS(h->status));
	else
		s->delivered += h->count;
	return command_batch_settle(s, h, how, err);
}

/* Settles the message of a command that has ended. */
static int
settle(struct pool *p, struct handler *h, struct mqs_error *err)
{
	struct sub *s = p->sub;
	char reason[32];
	struct mqs_settlement how = { .seq = h->seq, .lease = h->lease, .delay = -1 };
	int rc = MQS_OK;

	h->pid = 0;
	p->running--;
	p->working -= h->count;
	prefetch_done(&p->ahead, h->count);
	how.verb = verdict(s, h);
	if (how.verb != MQS_ACK)
		how.reason = what_happened(reason, sizeof(reason), h);
	else if (s->to[0] != '\0')
		rc = filter_take(&p->filter, h, &how, err);
	if (s->to[0] == '\0')
		reply_send(s, h, &how);
	if (rc == MQS_OK)
		rc = carry_out(s, h, &how, err);
	else if (rc == MQS_NOTHING) {
		s->delivered++;
		rc = MQS_OK;
	}
	handler_done(h);
	mqs_run_free(h->run);
	h->run = NULL;
	/* With -e or -W: what was nothing while this one ran is to be looked at again. */
	if (p->running == 0 && s->idle >= 0)
		s->look = 1;
	return rc;
}

static void
reap(struct pool *p)
{
	struct handler *h;
	size_t i;

	if (!sub_child_ended)
		return;
	sub_child_ended = 0;
	for (i = 0; i < p->sub->workers; i++) {
		h = &p->places[i];
		if (h->pid == 0 || h->over)
			continue;
		command_timeout_end(h);
		if (waitpid(h->pid, &h->status, WNOHANG) == h->pid)
			h->over = 1;
	}
}

/*
 * Settles what has ended, once our stderr has taken its last words; asked twice to
 * stop, whether or not it has.
 */
int
command_settle_ended(struct pool *p, struct mqs_error *err)
{
	int rc, first = MQS_OK;
	struct handler *h;
	size_t i;

	reap(p);
	for (i = 0; i < p->sub->workers; i++) {
		h = &p->places[i];
		if (h->pid == 0 || !h->over)
			continue;
		if (!handler_hang_up(h, p->told > 1)) {
			p->deaf = 1;
			continue;
		}
		rc = settle(p, h, first == MQS_OK ? err : NULL);
		if (first == MQS_OK)
			first = rc;
	}
	return first;
}
