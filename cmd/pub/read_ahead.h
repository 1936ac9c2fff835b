/* pub/read_ahead.h - an input's records, a batch at a time, read ahead where that pays */
#ifndef MQ_CMD_PUB_READ_AHEAD_H
#define MQ_CMD_PUB_READ_AHEAD_H

#include <pthread.h>

#include "message/framing.h"

/* A record, or a part of one, as mqs_split_next gives them. */
struct piece {
	enum mqs_piece	 kind;
	struct mqs_slice bytes;
};

struct read_batch {
	struct piece	*pieces;
	size_t		 n, cap;
	size_t		 held;	/* bytes of the next record that are there already */
	int		 full;	/* a batch: there may be much more */
	int		 more;	/* there are records that were read and not given yet */
	int		 end;	/* the input has ended */
	int		 error;	/* errno: it can't be read on from here; or 0 */
};

struct read_ahead {
	int		 fd;
	int		 ahead;		/* may read ahead */
	int		 running;	/* and does; then only the thread may touch what follows */
	struct mqs_split split;
	struct mqs_buf	 other;		/* the split's buffer before this one, or after it */
	struct read_batch	 side[2];	/* but the side that was handed out is only read */
	int		 now;		/* which one that is; changes between two threads */
	pthread_t	 thread;
};

/* delim and large as for mqs_split_init; ahead: a thread may read on meanwhile. */
void	read_ahead_open(struct read_ahead *, int fd, struct mqs_slice delim, size_t large,
	    int ahead);
/* 1 if there is something to gather: not at the end, nor after a signal. */
int	read_ahead_goes_on(const struct read_ahead *);
/*
 * Waits for input and takes what is ready of it, up to a good batch: valid until the
 * next call.  NULL if a signal asked to stop before anything was read.
 */
const struct read_batch *read_ahead_next(struct read_ahead *);
void	read_ahead_close(struct read_ahead *);

#endif
