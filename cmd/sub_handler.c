/*
 * sub_handler.c - delivery to a command, one process for each message
 *
 * Up to -P commands run.  When one ends, the next message is started first and only
 * then is the settling of the last one committed, together with the claim of the next:
 * the commit's flush to disk and the command's own work go on at the same time.  For
 * that some messages are claimed ahead (sub_ahead.c), and more are claimed when a
 * quarter of that is left.
 *
 * A run goes: slot in the owner file - spawned - started mark - settled - slot cleared.
 * See mqs_run_new for what a kill between these leaves.
 *
 * A command that can't be executed, or says so (126, 127), ends it all: its message is
 * released, not blamed.  Asked to stop, or after an error, those that run may finish.
 * Asked again they get SIGTERM, and the third time SIGKILL.
 */
#include <errno.h>
#include <signal.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>
#include <sys/wait.h>
#include <unistd.h>

#include "base/error.h"
#include "handler.h"
#include "sub.h"
#include "sub_ahead.h"
#include "sub_signals.h"
#include "tool.h"

struct pool {
	struct sub		*sub;
	struct handler_command	 command;
	struct handler		*places;	/* sub->workers of them */
	size_t			 running;
	struct ahead		 ahead;
	struct pollfd		*fds;		/* consumer, our stderr, each place's stderr */
	int			 deaf;		/* our stderr takes no more for now */
	int			 told;		/* of sub_asked: passed on so far */
};

static const char *
what_happened(char *buf, size_t room, int status)
{
	if (WIFSIGNALED(status))
		(void)snprintf(buf, room, "signal %d", WTERMSIG(status));
	else
		(void)snprintf(buf, room, "exit %d", WEXITSTATUS(status));
	return buf;
}

static enum mqs_verb
verdict(struct sub *s, int status)
{
	if (!WIFEXITED(status))
		return MQS_RETRY;
	switch (WEXITSTATUS(status)) {
	case 0:
		return MQS_ACK;
	case 65:
	case 100:
		return MQS_REJECT;
	case 126:
	case 127:
		if (s->status == 0)
			s->status = WEXITSTATUS(status);
		return MQS_RELEASE;
	default:
		return MQS_RETRY;
	}
}

/* Settles the message of a command that has ended. */
static int
settle(struct pool *p, struct handler *h, struct mqs_error *err)
{
	struct sub *s = p->sub;
	char reason[32];
	struct mqs_settlement how = { .seq = h->seq, .lease = h->lease, .delay = -1 };
	int rc;

	h->pid = 0;
	p->running--;
	ahead_done(&p->ahead);
	how.verb = verdict(s, h->status);
	if (how.verb != MQS_ACK) {
		how.reason = what_happened(reason, sizeof(reason), h->status);
		how.detail = handler_last_words(h);
		note("%s/%s: %s: %s", s->queue, s->group, h->id, reason);
	}
	if (how.verb == MQS_RELEASE)
		report("%s: exit %d: stopping", s->command[0], WEXITSTATUS(h->status));
	else
		s->delivered++;
	rc = sub_settle(s, &how, err);
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
		if (h->pid != 0 && !h->over && waitpid(h->pid, &h->status, WNOHANG) == h->pid)
			h->over = 1;
	}
}

/*
 * Settles what has ended, once our stderr has taken its last words; asked twice to
 * stop, whether or not it has.
 */
static int
settle_ended(struct pool *p, struct mqs_error *err)
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

/* The command could not be started, errno says why: the message's fault, or the end. */
static int
not_started(struct pool *p, struct handler *h, int error, struct mqs_error *err)
{
	struct sub *s = p->sub;
	const char *name = s->command[0];
	struct mqs_settlement how = { .verb = MQS_RELEASE, .seq = h->seq,
	    .lease = h->lease };
	int rc;

	if (error == E2BIG && handler_described_at_length(&p->command)) {
		how.verb = MQS_REJECT;
		how.reason = "headers too large for a command's environment";
		complain("%s/%s: %s: rejected: %s", s->queue, s->group, h->id, how.reason);
		s->delivered++;
	}
	if ((rc = sub_settle(s, &how, err)) != MQS_OK || how.verb == MQS_REJECT)
		return rc;
	if (error == EAGAIN || error == ENOMEM || error == EMFILE || error == ENFILE) {
		errno = error;
		return mqs_fail_errno(err, "%s", name);
	}
	report("%s: %s", name, strerror(error));
	s->status = error == ENOENT || error == ENOTDIR ? 127 : 126;
	return MQS_OK;
}

static int
start(struct pool *p, struct handler *h, const struct mqs_message *m,
    struct mqs_error *err)
{
	struct sub *s = p->sub;
	int body = -1, run_fd, rc, e = 0;

	h->seq = m->seq;
	h->lease = m->lease;
	(void)mqs_message_id(m, h->id);
	if ((rc = handler_describe(&p->command, s->consumer, s->queue, s->group, m,
	    err)) == MQS_OK &&
	    (rc = handler_body(&body, m, err)) == MQS_OK)
		rc = mqs_run_new(&h->run, s->consumer, m, &run_fd, err);
	mqs_consumer_rest(s->consumer);
	if (rc == MQS_OK)
		e = handler_start(h, &p->command, body, run_fd);
	if (body != -1)
		(void)close(body);
	if (rc != MQS_OK)
		return rc;
	if (e != 0) {
		rc = not_started(p, h, e, err);
		mqs_run_free(h->run);
		h->run = NULL;
		return rc;
	}
	p->running++;
	return mqs_run_started(h->run, h->pid, err);
}

/* Starts what was claimed while there is a place. */
static int
start_some(struct pool *p, struct mqs_error *err)
{
	struct mqs_message m = MQS_MESSAGE_INIT;
	struct sub *s = p->sub;
	int rc = MQS_OK;
	size_t i;

	for (i = 0; i < s->workers && rc == MQS_OK; i++) {
		if (s->unread == 0 || stopping || s->status != 0)
			return MQS_OK;
		if (p->places[i].pid != 0)
			continue;
		if ((rc = sub_next(s, &m, err)) == MQS_OK)
			rc = start(p, &p->places[i], &m, err);
	}
	return rc == MQS_NOTHING ? MQS_OK : rc;
}

/*
 * How many messages may be claimed now: none unless few are left in hand, or there is
 * to be a commit anyway.
 */
static size_t
room(const struct pool *p)
{
	const struct sub *s = p->sub;
	size_t mine = s->unread + p->running;

	if (mine >= p->ahead.hold || (s->unread > p->ahead.hold / 4 && !sub_is_due(s)))
		return 0;
	return p->ahead.hold - mine;
}

static int
claim(struct pool *p, struct mqs_error *err)
{
	struct sub *s = p->sub;

	if (s->look && sub_wants(s) && room(p) > 0)
		ahead_claims(&p->ahead);
	return sub_claim(s, room(p), p->running > 0, err);
}

/* Gives back what waits behind a command that takes long. */
static int
give_back(struct pool *p, struct mqs_error *err)
{
	struct mqs_settlement how = { .verb = MQS_RELEASE };
	struct mqs_message m = MQS_MESSAGE_INIT;
	struct sub *s = p->sub;
	int rc = MQS_OK;

	if (ahead_patience(&p->ahead, s->unread) != 0)
		return MQS_OK;
	while (s->unread > 0 && (rc = sub_next(s, &m, err)) == MQS_OK) {
		how.seq = m.seq;
		how.lease = m.lease;
		s->read--;
		if ((rc = sub_settle(s, &how, err)) != MQS_OK)
			break;
	}
	mqs_consumer_rest(s->consumer);
	ahead_gave_back(&p->ahead);
	return rc == MQS_NOTHING ? MQS_OK : rc;
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
	return (s->unread > 0 && p->running < s->workers) ||
	    (s->look && sub_wants(s) && room(p) > 0);
}

/* Waits, and passes on what the commands say meanwhile. */
static int
wait_for_more(struct pool *p, struct mqs_error *err)
{
	struct sub *s = p->sub;
	size_t i;
	int rc;

	p->fds[1] = (struct pollfd){ .fd = p->deaf ? STDERR_FILENO : -1,
	    .events = POLLOUT };
	for (i = 0; i < s->workers; i++)
		p->fds[2 + i] = (struct pollfd){ .events = POLLIN,
		    .fd = p->deaf ? -1 : p->places[i].errors };
	if ((rc = sub_wait(s, p->fds, 2 + s->workers, p->running > 0,
	    ahead_patience(&p->ahead, s->unread), err)) != MQS_OK)
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
	return s->unread == 0 &&
	    (s->ending || (s->count != 0 && s->read >= s->count));
}

static int
turn(struct pool *p, struct mqs_error *err)
{
	struct sub *s = p->sub;
	int rc;

	tell(p);
	if ((rc = settle_ended(p, err)) != MQS_OK || (rc = start_some(p, err)) != MQS_OK ||
	    (rc = give_back(p, err)) != MQS_OK || (rc = claim(p, err)) != MQS_OK ||
	    (rc = start_some(p, err)) != MQS_OK)
		return rc;
	return p->running == 0 ? sub_flush(s, err) : sub_flush_due(s, err);
}

/* An error ends it, but not those that run: they may finish, and are settled if possible. */
static void
let_finish(struct pool *p)
{
	p->sub->ending = 1;
	while (p->running > 0) {
		tell(p);
		(void)settle_ended(p, NULL);
		if (p->running > 0 && wait_for_more(p, NULL) != MQS_OK)
			return;
	}
}

static int
pool_init(struct pool *p, struct sub *s, struct mqs_error *err)
{
	size_t i;

	*p = (struct pool){ .sub = s };
	ahead_init(&p->ahead, s->hold, s->hold == s->options.prefetch);
	p->places = calloc(s->workers, sizeof(*p->places));
	p->fds = calloc(s->workers + 2, sizeof(*p->fds));
	if (p->places == NULL || p->fds == NULL)
		return mqs_fail_errno(err, "%zu commands", s->workers);
	for (i = 0; i < s->workers; i++)
		p->places[i].errors = -1;
	return handler_command_init(&p->command, s->command, common.spool, err);
}

int
sub_handlers(struct sub *s, struct mqs_error *err)
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
	handler_command_free(&p.command);
	free(p.places);
	free(p.fds);
	return rc;
}
