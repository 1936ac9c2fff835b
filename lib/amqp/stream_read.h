/*
 * stream_read.h - reading a stream: from an offset, a time, its beginning or its end
 *
 * A stream is read like a queue: basic.consume with x-stream-offset, a prefetch, and acks that
 * ask for more.  Each reader has a channel of its own.  Messages are kept in the order of their
 * offsets until the caller takes them: no more than MQS_AMQP_STREAM_PREFETCH, and, unless the end
 * is looked for, no more than MQS_AMQP_STREAM_AHEAD bytes of memory (stream_window.c).
 *
 * BEGINNING  An offset is exact.  A time is that of a chunk, which may begin earlier: who wants
 * no earlier message must look at each message's time.
 *
 * LOSS  After a loss the stream is read on behind the last offset that came: nothing is lost,
 * nothing comes twice.  Where the end is looked for, it is read from that offset on, which is not
 * given to the caller again, since the end is known by a delivery.
 *
 * IDLE AND SLOW  A broker closes a channel where a delivery waits for its ack longer than its
 * consumer_timeout (30 minutes).  So all that was given back is acknowledged when there is
 * nothing to take; and if the caller takes nothing for so long that the broker closes the
 * channel, that is a loss, and a notice the first time.
 *
 * THE END  A stream has no message that says "this is the end".  But a broker's channel sends a
 * consumer all that there is, as far as its prefetch allows, before it turns to anything else.
 * So the reader asks for something else on the same channel, a passive queue.declare: when that is
 * answered, all was delivered that the node had at that time.  (To publish what no queue takes would
 * tell it, too, but in an alarm the broker stops reading from who publishes, with all that he
 * settles.)  This begins with the first delivery, because only from then on the channel reads the
 * stream.  A stream that may be empty therefore has MQS_AMQP_STREAM_EMPTY to deliver something, which a
 * slow node may exceed: whoever got nothing can't be certain that there is nothing.  One where a message
 * is known to be is read without any delay.  "That the node had": another node may have had a message more;
 * who must not miss what was confirmed before, publishes a message of his own and reads up to
 * it.
 *
 * A stream keeps a message's properties and headers as those of AMQP 1.0, which has no header
 * with an array or a table as its value: such headers are not there when it is read (3.10.8).
 *
 * A node that has no replica of a stream can't serve it: the next host is tried, also after a
 * loss.
 */
#ifndef MQS_AMQP_STREAM_READ_H
#define MQS_AMQP_STREAM_READ_H

#include "amqp/kept_message.h"

#define MQS_AMQP_STREAM_PREFETCH	1000
#define MQS_AMQP_STREAM_AHEAD	((size_t)8 << 20)
#define MQS_AMQP_STREAM_EMPTY		(2 * MQS_SECOND)

enum mqs_amqp_stream_at {
	MQS_AMQP_STREAM_FIRST,
	MQS_AMQP_STREAM_LAST,		/* the last chunk */
	MQS_AMQP_STREAM_NEXT,		/* what is published from now on */
	MQS_AMQP_STREAM_OFFSET,
	MQS_AMQP_STREAM_TIME		/* ns since the epoch */
};

struct mqs_amqp_stream_start {
	enum mqs_amqp_stream_at	at;
	int64_t			value;
};

struct mqs_amqp_stream;

/*
 * Begins to read.  to_end: whether the end is looked for.
 * MQS_ENOENT: there is no such stream.
 */
int	mqs_amqp_stream_open(struct mqs_amqp_stream **out, struct mqs_amqp_connection *,
	    const char *stream, const struct mqs_amqp_stream_start *, int to_end,
	    struct mqs_error *err);
/*
 * Takes the next message.  MQS_NOTHING: it is the end (with to_end).  MQS_ETIMEOUT: none came
 * until the deadline (by mqs_boottime; -1: none); 0 does not wait.
 */
int	mqs_amqp_stream_next(struct mqs_amqp_stream *, struct mqs_amqp_kept **out,
	    int64_t deadline, struct mqs_error *err);
/*
 * Makes room for one more, for a message that was taken; in any order.  Whoever takes messages
 * without that may wait for ever: only a few are sent ahead.  The message stays the caller's,
 * for mqs_amqp_kept_free.
 */
void	mqs_amqp_stream_ack(struct mqs_amqp_stream *, const struct mqs_amqp_kept *);
/* Does that, and frees the message. */
void	mqs_amqp_stream_release(struct mqs_amqp_stream *, struct mqs_amqp_kept *);
/* Readable when _next may have something to give. */
int	mqs_amqp_stream_fd(struct mqs_amqp_stream *);
/* After that, without waiting: tells notices, and makes the descriptor unreadable. */
int	mqs_amqp_stream_service(struct mqs_amqp_stream *, struct mqs_error *err);
/* Messages that were taken and not given back stay the caller's, for mqs_amqp_kept_free. */
void	mqs_amqp_stream_close(struct mqs_amqp_stream *);

#endif
