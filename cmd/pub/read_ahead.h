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
	size_t		 held;	/* bytes already read of the next record */
	int		 full;	/* the batch is full: there may be much more input */
	int		 more;	/* records were read that are not in this batch */
	int		 end;	/* the input has ended */
	int		 error;	/* errno of a failed read after these records; or 0 */
};

struct read_ahead {
	int		 fd;
	int		 ahead;		/* a thread may read ahead */
	int		 running;	/* it does: then only the thread touches what follows, */
	struct mqs_split split;
	struct mqs_buf	 other;		/* the split's buffer before this one, or after it */
	struct read_batch side[2];	/* except side[now], which both only read */
	int		 now;		/* the batch that was given last; changes while no thread runs */
	pthread_t	 thread;
};

/* delim and large as for mqs_split_init; ahead: a thread may read on meanwhile. */
void	read_ahead_open(struct read_ahead *, int fd, struct mqs_slice delim, size_t large,
	    int ahead);
/* 1 if another batch may come: 0 at the end of the input, and after a signal. */
int	read_ahead_goes_on(const struct read_ahead *);
/*
 * Waits for input and reads what is ready, up to a full batch, which is valid until the
 * next call.  NULL if a signal asked to stop before anything was read.
 */
const struct read_batch *read_ahead_next(struct read_ahead *);
void	read_ahead_close(struct read_ahead *);

#endif
