/* replay/pace.c - see replay/pace.h */
#include <errno.h>
#include <poll.h>
#include <stdlib.h>
#include <string.h>
#include <time.h>

#include "base/clock.h"
#include "common/progress.h"
#include "replay/pace.h"

int
pace_parse(struct pace *p, const char *arg)
{
	const size_t n = strspn(arg, "0123456789.");
	char *end;
	double times;

	/* strtod(3) takes more: signs, exponents, words. */
	if (n == 0 || arg[n] != '\0')
		return -1;
	times = strtod(arg, &end);
	if (*end != '\0' || times < PACE_MIN || times > PACE_MAX)
		return -1;
	p->times = times;
	return 0;
}

int64_t
pace_wait(struct pace *p, int64_t time, int64_t now)
{
	double wait;

	if (time == 0)	/* unknown: another client's message on a cluster */
		return 0;
	if (p->begun == 0) {
		p->begun = now;
		p->first = time;
		return 0;
	}
	wait = (double)(time - p->first) / p->times - (double)(now - p->begun);
	if (wait <= 0)
		return 0;
	return wait < 4e18 ? (int64_t)wait : INT64_C(4000000000000000000);
}

int
pace_sleep(int64_t ns, int out)
{
	const int64_t until = mqs_later(mqs_boottime(), ns);
	const int ms = progress_tick_ms();
	const int64_t most = ms == -1 ? INT64_MAX : ms * MQS_MSEC;
	/* No event is asked for: POLLERR and POLLHUP come of themselves. */
	struct pollfd p = { .fd = out };
	struct timespec ts;
	int64_t left;
	int ready;

	while ((left = until - mqs_boottime()) > 0) {
		if (left > most)
			left = most;
		ts.tv_sec = (time_t)(left / MQS_SECOND);
		ts.tv_nsec = (long)(left % MQS_SECOND);
		if ((ready = ppoll(&p, 1, &ts, NULL)) > 0)
			return 1;
		if (ready == -1 && errno != EINTR)	/* EINTR: was stopped, and is continued */
			return -1;
		progress_tick();
	}
	return 0;
}
