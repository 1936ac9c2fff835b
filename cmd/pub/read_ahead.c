/*
 * pub/read_ahead.c - an input's records, a batch at a time, read ahead where that pays
 *
 * While a full batch of a regular file is being stored, which is mostly waiting for the
 * disk, a thread reads and splits the next batch.  A thread lives for one batch: it is
 * started and joined, and there is no other synchronization.  That costs a hundredth of
 * the commit.  The thread only reads, splits and allocates, with all signals blocked.
 * If it can't be started, the caller reads by itself.
 *
 * Only regular files are read ahead: they never make the thread wait.  A pipe's writer
 * is a process of its own, which runs meanwhile anyway.  For a single message no thread
 * starts.
 *
 * There are two buffers: a batch stays valid while the next one is read into the other.
 * After a signal, the batch under way is the last.  A read error is reported after the
 * records that were read before it.
 */
#include <sys/stat.h>

#include <errno.h>
#include <signal.h>
#include <stdlib.h>
#include <string.h>

#include "common/input.h"
#include "common/signals.h"
#include "mqspool.h"
#include "pub/read_ahead.h"

#define READ_BYTES	(256u << 10)
#define GATHER_BYTES	(2u << 20)

void
read_ahead_open(struct read_ahead *g, int fd, struct mqs_slice delim, size_t large, int ahead)
{
	memset(g, 0, sizeof(*g));
	g->fd = fd;
	g->ahead = ahead;
	mqs_split_init(&g->split, delim.p, delim.n, large, READ_BYTES);
}

int
read_ahead_goes_on(const struct read_ahead *g)
{
	const struct read_batch *last = &g->side[g->now];

	return g->running || last->more || (!last->end && stopping == 0);
}

/* Adds a piece: 0, or -1 and errno. */
static int
add_piece(struct read_batch *to, enum mqs_piece kind, struct mqs_slice bytes)
{
	size_t cap = to->cap == 0 ? 32 : 2 * to->cap;
	struct piece *pieces;

	if (to->n == to->cap) {
		if ((pieces = reallocarray(to->pieces, cap, sizeof(*pieces))) == NULL)
			return -1;
		to->pieces = pieces;
		to->cap = cap;
	}
	to->pieces[to->n++] = (struct piece){ kind, bytes };
	return 0;
}

/* Splits what was read, up to a batch: 0, or -1 and errno. */
static int
split_pieces(struct read_ahead *g, struct read_batch *to)
{
	struct mqs_slice s;
	enum mqs_piece kind;

	while (to->n < MQS_BATCH_MESSAGES) {
		if ((kind = mqs_split_next(&g->split, &s)) == MQS_PIECE_MORE)
			return 0;
		if (add_piece(to, kind, s) != 0)
			return -1;
	}
	to->more = 1;
	return 0;
}

/* Gathers into `to' what follows the last batch; without read_on, of what was read. */
static void
gather(struct read_ahead *g, struct read_batch *to, int read_on)
{
	const struct read_batch *last = &g->side[g->now];
	size_t held;

	to->n = 0;
	to->more = to->error = 0;
	if (last->n > 0 && mqs_split_swap(&g->split, &g->other) != 0)
		to->error = errno;
	else if (read_on && input_gather(&g->split, g->fd, GATHER_BYTES) != 0)
		to->error = errno;
	held = g->split.buf.n - g->split.pos;
	if (split_pieces(g, to) != 0 && to->error == 0)
		to->error = errno;
	if (to->more)		/* it can wait: reading will fail again */
		to->error = 0;
	to->held = g->split.buf.n - g->split.pos;
	to->full = to->more || held >= GATHER_BYTES;
	to->end = g->split.eof != 0;
}

static void *
gather_ahead(void *arg)
{
	struct read_ahead *g = arg;

	gather(g, &g->side[!g->now], 1);
	return NULL;
}

/* Gathers the next batch in a thread, if that is possible. */
static void
start_ahead(struct read_ahead *g)
{
	struct stat st;
	sigset_t all, before;

	if (fstat(g->fd, &st) != 0 || !S_ISREG(st.st_mode))
		return;
	(void)sigfillset(&all);
	if (pthread_sigmask(SIG_SETMASK, &all, &before) != 0)
		return;
	g->running = pthread_create(&g->thread, NULL, gather_ahead, g) == 0;
	(void)pthread_sigmask(SIG_SETMASK, &before, NULL);
}

const struct read_batch *
read_ahead_next(struct read_ahead *g)
{
	struct read_batch *now = &g->side[!g->now];

	if (g->running) {
		(void)pthread_join(g->thread, NULL);
		g->running = 0;
	} else if (g->side[g->now].more) {
		gather(g, now, stopping == 0 && input_ready(g->fd));
	} else {
		if (!input_ready(g->fd) && input_wait(g->fd) != 0)
			return NULL;
		gather(g, now, 1);
	}
	g->now = !g->now;
	if (g->ahead && now->full && !now->end && now->error == 0 && stopping == 0)
		start_ahead(g);
	return now;
}

void
read_ahead_close(struct read_ahead *g)
{
	if (g->running)
		(void)pthread_join(g->thread, NULL);
	mqs_split_free(&g->split);
	mqs_buf_free(&g->other);
	free(g->side[0].pieces);
	free(g->side[1].pieces);
}
