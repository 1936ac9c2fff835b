/*
 * sub/prefetch.c - how many messages to hold for what is to come
 *
 * What is held can't be worked on by others, so it should be little; but each claim is
 * a commit, and commands that take a millisecond, or a reader that takes thousands in
 * one, are done sooner than a disk flushes.  So, unless a number was asked for, as many
 * are held as go by in SPAN, and at least twice as many commands as run at once.  If
 * then nothing is done for PATIENCE, what waits is given back.
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
