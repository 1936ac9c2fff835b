/*
 * sub/command_timeout.c - mq-sub --timeout: ending commands that take too long
 *
 * When its time is up, the command's process group gets SIGTERM, and SIGKILL if the
 * command has not ended KILL_AFTER later.  When the command has ended, the rest of its
 * process group is killed: the message will be delivered again, and no process of this
 * attempt may still work on it.  A command that had ended before its time was up was in
 * time, even if mq-sub looked only later.
 */
#include <signal.h>
#include <sys/wait.h>

#include "base/clock.h"
#include "sub/command_pool.h"
#include "sub/command_timeout.h"
#include "sub/consumer.h"
#include "sub/handler.h"
#include "sub/sub.h"

#define KILL_AFTER	(5 * MQS_SECOND)

/* It has ended, and keeps its number until it is waited for. */
static int
has_ended(pid_t pid)
{
	siginfo_t info = { .si_pid = 0 };

	return waitid(P_PID, (id_t)pid, &info, WEXITED | WNOHANG | WNOWAIT) == 0 &&
	    info.si_pid == pid;
}

static int
is_timed(const struct handler *h)
{
	return h->pid != 0 && !h->over && h->deadline != 0;
}

void
command_timeout_start(const struct sub *s, struct handler *h)
{
	h->timed_out = 0;
	h->deadline = s->timeout == 0 ? 0 : mqs_later(mqs_boottime(), s->timeout);
}

void
command_timeouts_act(struct pool *p)
{
	int64_t now = mqs_boottime();
	struct handler *h;

	if (p->sub->timeout == 0)
		return;
	for (h = p->places; h < p->places + p->sub->workers; h++) {
		if (!is_timed(h) || h->deadline > now || has_ended(h->pid))
			continue;
		(void)kill(-h->pid, h->timed_out ? SIGKILL : SIGTERM);
		h->deadline = h->timed_out ? 0 : now + KILL_AFTER;
		h->timed_out = 1;
	}
}

int64_t
command_timeouts_patience(const struct pool *p)
{
	int64_t now, first = -1;
	const struct handler *h;

	if (p->sub->timeout == 0)
		return -1;
	now = mqs_boottime();
	for (h = p->places; h < p->places + p->sub->workers; h++)
		if (is_timed(h))
			first = sooner(first, h->deadline > now ? h->deadline - now : 0);
	return first;
}

void
command_timeout_end(const struct handler *h)
{
	if (h->timed_out && has_ended(h->pid))
		(void)kill(-h->pid, SIGKILL);
}
