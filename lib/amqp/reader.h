/*
 * reader.h - the entries of the engine's table that replay a queue: its stream is read
 *
 * reader.c	opening, the next message, following
 * reader_step.c	the stream, a message at a time, up to the sign; also where reading begins
 * reader_place.c	where ids and the last N are
 * reader_bounds.c	which messages are wanted
 * reader_latest.c	the newest of each key
 *
 * THE END  Opening publishes a sign (stream_sign.h).  What is before it in the stream was there
 * when the reader was opened, and everything that was confirmed by then is before it.  A reader
 * that does not follow ends there; one that follows reads up to there as fast as it can, so
 * that several queues can be merged, and then gives what has come.
 *
 * TIMES  The broker finds a place by the time at which it stored a chunk of messages.  So a
 * search begins MQS_AMQP_READER_CLOCKS before the time that is sought, in case the clocks of
 * publishers and nodes differ, and then goes by the times of messages.  What was delayed is in
 * the stream when it was due, with the time at which it was published.  A message without time,
 * of another client, counts as being of the time of the last message before it that has one.
 *
 * IDS  The broker knows no ids, and those of different publishers need not be in order.  So the
 * message with an id is looked for; "from" it is from its place in the stream on.  If it is not
 * there, an id stands for its time.  A message of another client has its offset in the stream
 * as its id, in decimal.
 *
 * SEVERAL TIMES  --last and --latest read the stream, or its end, twice: what was found in the
 * first reading is small, so that memory does not grow with the messages.
 *
 * LOSS  After a loss reading goes on behind the last message that came (stream_read.h).
 */
#ifndef MQS_AMQP_READER_H
#define MQS_AMQP_READER_H

#include "amqp/properties_in.h"
#include "amqp/reader_bounds.h"
#include "amqp/reader_latest.h"
#include "amqp/spool.h"
#include "amqp/stream_read.h"
#include "amqp/stream_sign.h"
#include "amqp/topology.h"
#include "base/clock.h"

#define MQS_AMQP_READER_CLOCKS	(60 * MQS_SECOND)
/* The sign is published again if nothing has come for so long: a loss may have hidden it. */
#define MQS_AMQP_READER_PATIENCE (5 * MQS_SECOND)

struct mqs_reader {
	struct mqs_handle		 handle;	/* the seam's; first */
	struct mqs_spool		*spool;
	struct mqs_amqp_connection	*connection;
	char				 queue[MQS_NAME_MAX + 1];
	char				 stream[MQS_AMQP_NAME_SIZE];	/* its name */
	struct mqs_amqp_bounds		 bounds;
	int				 follow;
	int				 no_sign;	/* it follows, and may not publish a sign */

	/* Reading: */
	struct mqs_amqp_stream		*reading;	/* NULL: nothing is being read */
	char				 sign[MQS_AMQP_SIGN_SIZE];
	int				 ended;		/* the sign has come */
	int64_t				 end;		/* its offset */
	struct mqs_amqp_kept		*kept;		/* the message that was read last, */
	struct mqs_amqp_incoming	 incoming;	/* and what is in it */
	char				 id[MQS_ID_SIZE];	/* of another client's message */
	int64_t				 time;		/* of the last message that has one */

	/* What is left out: */
	uint64_t			 skip;		/* so many that match, at first */
	int				 only;		/* 1: all but those in latest */
	struct mqs_amqp_latest		 latest;
	size_t				 next;		/* of latest.offsets */
};

int	mqs_amqp_reader_open(struct mqs_reader **out, struct mqs_spool *, const char *queue,
	    const char *group, const struct mqs_reader_options *, struct mqs_error *err);
int	mqs_amqp_reader_next(struct mqs_reader *, struct mqs_message *, struct mqs_error *err);
void	mqs_amqp_reader_rest(struct mqs_reader *);
int	mqs_amqp_reader_fd(struct mqs_reader *, struct mqs_error *err);
int	mqs_amqp_reader_service(struct mqs_reader *, struct mqs_error *err);
void	mqs_amqp_reader_free(struct mqs_reader *);

/* Begins to read at a place, or ends reading (NULL). */
int	mqs_amqp_reader_seek(struct mqs_reader *, const struct mqs_amqp_stream_start *,
	    struct mqs_error *err);
/* Begins at the first place that can have a message of that time or later, but before the sign. */
int	mqs_amqp_reader_seek_time(struct mqs_reader *, int64_t time, struct mqs_error *err);
/* Begins at the first place that can be within the bounds. */
int	mqs_amqp_reader_begin(struct mqs_reader *, struct mqs_error *err);
/*
 * Reads the next message, whatever the bounds: it is in kept and incoming.  MQS_NOTHING at the
 * sign, and always behind it unless the reader follows.  MQS_ETIMEOUT as mqs_amqp_stream_next
 * has it.
 */
int	mqs_amqp_reader_step(struct mqs_reader *, int64_t deadline, struct mqs_error *err);
/* 1 if the message that was read is wanted. */
int	mqs_amqp_reader_wants(const struct mqs_reader *);

/* Finds where the ids of the bounds are. */
int	mqs_amqp_reader_find_ids(struct mqs_reader *, struct mqs_error *err);
/* Begins at the first of the last n that are wanted. */
int	mqs_amqp_reader_place_last(struct mqs_reader *, uint64_t n, struct mqs_error *err);
/* Begins at the first of the newest of each key, and leaves out all else. */
int	mqs_amqp_reader_place_latest(struct mqs_reader *, struct mqs_error *err);

#endif
