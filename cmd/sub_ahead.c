/*
 * sub_ahead.c - how many messages to hold for commands that are to come
 *
 * What is held can't be worked on by others, so it should be little; but each claim is
 * a commit, and commands that take a millisecond are done sooner than a disk flushes.
 * So, unless a number was asked for, as many are held as go by in SPAN, and at least
 * twice as many as run at once.  If then one takes so long that what waits behind it
 * has waited for PATIENCE, that is given back.
 */
#include "base/clock.h"
#include "sub_ahead.h"

#define SPAN		(20 * MQS_MSEC)
#define PATIENCE	(100 * MQS_MSEC)

void
ahead_init(struct ahead *a, size_t least, int fixed)
{
	int64_t now = mqs_boottime();

	*a = (struct ahead){ .least = least, .fixed = fixed, .hold = least,
	    .claimed = now, .progress = now };
}

void
ahead_done(struct ahead *a)
{
	a->done++;
	a->progress = mqs_boottime();
}

void
ahead_claims(struct ahead *a)
{
	int64_t now = mqs_boottime(), took = now - a->claimed;
	size_t more = 0;

	if (took < 1)
		took = 1;
	if (!a->fixed && took < (int64_t)a->done * SPAN)
		more = (size_t)((int64_t)a->done * SPAN / took);
	a->hold = a->least + (more < AHEAD_MORE_MAX ? more : AHEAD_MORE_MAX);
	a->done = 0;
	a->claimed = now;
}

int64_t
ahead_patience(const struct ahead *a, size_t waiting)
{
	int64_t left;

	if (a->fixed || waiting <= a->least)
		return -1;
	left = a->progress + PATIENCE - mqs_boottime();
	return left > 0 ? left : 0;
}

void
ahead_gave_back(struct ahead *a)
{
	a->hold = a->least;
	a->done = 0;
	a->claimed = a->progress = mqs_boottime();
}
