/*
 * stream_state.h - a reader of a stream, as its files share it
 *
 * stream_read.c	what the caller does: takes messages, and gives them back
 * stream_events.c	what the connection's thread does: consumes, acknowledges, probes for the end
 * stream_window.c	how many messages the broker sends ahead
 *
 * All but the first block is touched under the connection's lock only.
 */
#ifndef MQS_AMQP_STREAM_STATE_H
#define MQS_AMQP_STREAM_STATE_H

#include "amqp/stream_read.h"
#include "amqp/topology.h"

enum mqs_amqp_probing {
	MQS_AMQP_PROBE_NONE,	/* the end is not looked for, or nothing came yet */
	MQS_AMQP_PROBE_WANTED,
	MQS_AMQP_PROBE_SENT,
	MQS_AMQP_PROBE_BACK	/* all that there was has come */
};

struct mqs_amqp_stream {
	struct mqs_amqp_connection	*connection;
	char				 name[MQS_AMQP_NAME_SIZE];
	int				 to_end;	/* the end is looked for */
	struct mqs_amqp_stream_start	 start;
	unsigned			 elsewhere;	/* how often another node was looked for */

	struct mqs_amqp_channel		*channel;	/* NULL until the caller has it */
	struct mqs_amqp_kept		*first, **end;	/* what came and was not taken */
	int64_t				 last;		/* the last offset that came; -1: none */
	uint64_t			 epoch;
	int64_t				 opened;	/* by mqs_boottime: when consuming began */
	uint64_t			 came;		/* tags of this epoch: the last that came, */
	uint64_t			 given_back;	/* the highest that was given back, */
	uint64_t			 acked;		/* and up to which was acknowledged */
	uint64_t			 acked_before;	/* when the probe was sent */
	enum mqs_amqp_probing		 probing;
	int				 closed;
	int				 too_slow;	/* since the caller took nothing for too long */
	int				 told_too_slow;	/* and that was said */
	struct mqs_error		 why;

	/* stream_window.c */
	unsigned			 consumer;	/* which basic.consume counts: its tag */
	size_t				 prefetch;
	size_t				 held;		/* what the messages from `first' on cost */
	size_t				 seen, seen_cost;	/* since it was begun anew */
	int				 overflow;	/* what comes is dropped until all was taken */
	int				 again;		/* consuming is to be begun anew */
};

extern const struct mqs_amqp_events mqs_amqp_stream_events;

/* Before anything came. */
void	mqs_amqp_stream_window_init(struct mqs_amqp_stream *);
/* 1 if a delivery is to be kept; 0: it is dropped, and comes again. */
int	mqs_amqp_stream_window_admit(struct mqs_amqp_stream *, const struct mqs_amqp_delivery *);
/* One was kept. */
void	mqs_amqp_stream_window_kept(struct mqs_amqp_stream *, const struct mqs_amqp_kept *);
/* The caller has taken it. */
void	mqs_amqp_stream_window_taken(struct mqs_amqp_stream *, const struct mqs_amqp_kept *);
/* The caller has taken all there was: 1 if consuming is to be begun anew, since more was dropped. */
int	mqs_amqp_stream_window_drained(struct mqs_amqp_stream *);

#endif
