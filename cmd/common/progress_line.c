/* common/progress_line.c - see progress_line.h */
#include <errno.h>
#include <limits.h>
#include <poll.h>
#include <unistd.h>

#include "base/clock.h"
#include "common/progress_line.h"
#include "common/signals.h"

struct progress_told progress_told;

void
progress_add(struct progress_text *t, const char *s)
{
	while (*s != '\0' && t->n < sizeof(t->p) - 1)
		t->p[t->n++] = *s++;
}

static void
add_number(struct progress_text *t, uint64_t v)
{
	char digits[24];
	size_t i = sizeof(digits);

	digits[--i] = '\0';
	do
		digits[--i] = (char)('0' + v % 10);
	while ((v /= 10) > 0);
	progress_add(t, digits + i);
}

/* "99999", "1.23M" */
static void
add_short(struct progress_text *t, uint64_t v)
{
	static const char *const units[] = { "k", "M", "G", "T", "P", "E" };
	uint64_t of = 1000, rest;
	size_t unit = 0;

	if (v < 100000) {
		add_number(t, v);
		return;
	}
	for (; v / of >= 1000; unit++)
		of *= 1000;
	add_number(t, v / of);
	rest = v % of / (of / 1000);	/* thousandths */
	if (v / of < 100) {
		progress_add(t, ".");
		add_number(t, rest / 100);
		if (v / of < 10)
			add_number(t, rest / 10 % 10);
	}
	progress_add(t, units[unit]);
}

/* "12s", "3m20s", "5h10m", "3d" */
static void
add_time(struct progress_text *t, uint64_t seconds)
{
	if (seconds >= 2 * 86400) {
		add_number(t, seconds / 86400);
		progress_add(t, "d");
	} else if (seconds >= 3600) {
		add_number(t, seconds / 3600);
		progress_add(t, "h");
		add_number(t, seconds / 60 % 60);
		progress_add(t, "m");
	} else if (seconds >= 60) {
		add_number(t, seconds / 60);
		progress_add(t, "m");
		add_number(t, seconds % 60);
		progress_add(t, "s");
	} else {
		add_number(t, seconds);
		progress_add(t, "s");
	}
}

/* ", 5000/s, 12s left" */
static void
add_rate(struct progress_text *t, double seconds, uint64_t count, uint64_t part, uint64_t whole)
{
	double left;

	if (seconds < 1)
		return;
	progress_add(t, ", ");
	add_short(t, (uint64_t)((double)count / seconds));
	progress_add(t, "/s");
	if (part == 0 || part >= whole)
		return;
	left = seconds * (double)(whole - part) / (double)part;
	progress_add(t, ", ");
	add_time(t, left < 1e15 ? (uint64_t)left : (uint64_t)1e15);
	progress_add(t, " left");
}

void
progress_describe(struct progress_text *t)
{
	const struct progress_step *s = &progress_told.steps[progress_told.now - 1];
	uint64_t part = progress_told.done, whole = progress_told.total, count = part;
	const double seconds = (double)(mqs_boottime() - s->since) / (double)MQS_SECOND;

	progress_add(t, s->what);
	if (s->count == NULL && count == 0 && whole == 0)
		return;
	progress_add(t, ": ");
	if (s->count != NULL) {
		count = *s->count;
		if (s->part == NULL || !s->part(&part, &whole))
			part = whole = 0;
	}
	if (s->count != NULL || whole == 0) {
		add_number(t, count);
		progress_add(t, s->unit != NULL ? " " : "");
		progress_add(t, s->unit != NULL ? s->unit : "");
		progress_add(t, s->unit != NULL && count != 1 ? "s" : "");
		progress_add(t, whole != 0 ? ", " : "");
	}
	if (whole != 0) {
		add_number(t, part >= whole ? 100 : (uint64_t)(100.0 * (double)part / (double)whole));
		progress_add(t, " %");
	}
	add_rate(t, seconds, count, part, whole);
	progress_add(t, s->waits[0] != '\0' ? "; " : "");
	progress_add(t, s->waits);
}

void
progress_write(const struct progress_text *t)
{
	size_t done = 0;
	ssize_t n;

	while (done < t->n) {
		n = write(STDERR_FILENO, t->p + done, t->n - done);
		if (n < 0 && (errno != EINTR || stopping != 0))
			return;
		done += n > 0 ? (size_t)n : 0;
	}
}

/* A pipe that can be written to takes PIPE_BUF bytes at least, and a line is shorter. */
_Static_assert(PROGRESS_LINE <= _POSIX_PIPE_BUF, "a line is written at once");

static int
takes_a_line(void)
{
	struct pollfd out = { .fd = STDERR_FILENO, .events = POLLOUT };

	return poll(&out, 1, 0) == 1 && (out.revents & POLLOUT) != 0;
}

void
progress_line_tell(const char *program)
{
	struct progress_text t = { .n = 0 };
	const int kept = errno;

	if (progress_told.now != 0 && takes_a_line()) {
		progress_add(&t, progress_told.line ? "\r\033[K" : "");
		progress_add(&t, program);
		progress_add(&t, ": ");
		progress_describe(&t);
		if (t.n == sizeof(t.p) - 1)
			t.n--;
		progress_add(&t, "\n");
		progress_write(&t);
	}
	errno = kept;
}

void
progress_line_erase(void)
{
	static const struct progress_text erase = { "\r\033[K", 4 };

	if (progress_told.line && takes_a_line())
		progress_write(&erase);
}
