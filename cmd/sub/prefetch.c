/*
 * sub/prefetch.c - how many messages to claim ahead
 *
 * Claimed messages are withheld from other consumers, so few should be claimed ahead.
 * But each claim is a commit, and a disk flush takes longer than a command that runs for
 * a millisecond, or a reader that takes thousands of messages in one.  So, unless
 * --prefetch names a number, as many are held as are handled in SPAN, and at least twice
 * as many as commands run at once.  If no message is done for PATIENCE, the waiting ones
 * are given back.
 */
#include "base/clock.h"
#include "sub/prefetch.h"

#define SPAN		(20 * MQS_MSEC)
#define PATIENCE	(100 * MQS_MSEC)

void
prefetch_init(struct prefetch *a, size_t least, size_t most)
{
	int64_t now = mqs_boottime();

	*a = (struct prefetch){ .least = least, .most = most, .hold = least,
	    .claimed = now, .progress = now };
}

void
prefetch_done(struct prefetch *a, size_t n)
{
	if (n == 0)
		return;
	a->done += n;
	a->progress = mqs_boottime();
}

void
prefetch_claims(struct prefetch *a)
{
	int64_t now = mqs_boottime(), took = now - a->claimed;

	if (took < 1)
		took = 1;
	a->hold = (size_t)((int64_t)a->done * SPAN / took);
	if (a->hold < a->least)
		a->hold = a->least;
	if (a->hold > a->most)
		a->hold = a->most;
	a->done = 0;
	a->claimed = now;
}

int64_t
prefetch_patience(const struct prefetch *a, size_t held)
{
	int64_t left;

	if (a->most == a->least || held <= a->least)
		return -1;
	left = a->progress + PATIENCE - mqs_boottime();
	return left > 0 ? left : 0;
}

void
prefetch_gave_back(struct prefetch *a)
{
	a->hold = a->least;
	a->done = 0;
	a->claimed = a->progress = mqs_boottime();
}
