/*
 * publisher.h - publishing to a RabbitMQ cluster
 *
 * publisher.c		opened, freed; its numbers
 * publisher_batch.c	messages are collected
 * publisher_flush.c	the caller: a batch is published, and waited for
 * publisher_events.c	the thread: sends, hears of confirms
 * publisher_confirms.c	which publications were confirmed
 * publisher_large.c	large bodies, in temporary files
 * publisher_delay.c	what delayed messages need
 * publisher_deadline.c	how long something is waited for
 *
 * A flush gives the batch to the thread (connection.h), which sends it, a window of thousands
 * ahead of what is confirmed, while the caller waits.  Each message of the batch is WAITING
 * until the broker confirms it (STORED), refuses it (REFUSED), or will never take it
 * (IMPOSSIBLE).  Outcomes come in any order.  The caller reports them in the order of the batch,
 * as far as there is no gap.
 *
 * LOSS  Messages that were sent and not confirmed become unsent, and are sent again in order
 * with the same ids: a repeat, never a loss.  What was reported stays reported.
 *
 * REFUSED  The broker refuses a message (basic.nack) when a queue could not take it.  Other
 * queues may have it, so it is not called "not stored" at once: it is sent again up to ROUNDS
 * times with growing pauses; then the flush fails with MQS_EFULL.
 *
 * CLOSED  The broker closes the channel for a message that is too large (406), an exchange that
 * was deleted (404), or for want of permission (403).  The first makes the messages above the
 * limit IMPOSSIBLE, the second makes the queue anew if the spool may; in both cases the channel
 * is opened again, and what is not confirmed sent again.
 *
 * A flush that fails (interrupted, out of time) stops the channel before it returns, because the
 * thread reads the caller's bytes; then it waits for confirms of what was sent, for a second.
 * Messages in flight after that may be stored, and are reported as not stored.
 *
 * Threads: the caller touches the batch and its states while nothing is being sent, and under
 * the lock; the thread touches them in `send', during a flush only, and under the lock.  What
 * `send' and the events share belongs to the thread alone.
 *
 * UNBOUND  A cluster of which all nodes were killed can come back without the binding of a stream,
 * and nothing but binding it again restores that (3.10.8).  What is published meanwhile goes nowhere
 * and is confirmed.  So it is where the stream was deleted, and with an exchange of others' that has no
 * queue.  So the queue is opened anew on each connection, which binds what there is, and
 * all that is published is mandatory, but to a queue whose record says that it retains nothing: what
 * comes back is REFUSED, and before it is sent again, the connection is broken; where there is no
 * stream then, it is given up soon.  (A group's binding that is lost while another takes the
 * message is not noticed.)
 */
#ifndef MQS_AMQP_PUBLISHER_H
#define MQS_AMQP_PUBLISHER_H

#include "amqp/message_id.h"
#include "amqp/properties.h"
#include "amqp/publisher_confirms.h"
#include "amqp/spool.h"

/* Options.wait is at least this: a confirm takes its time. */
#define MQS_AMQP_LEAST_WAIT	(5 * MQS_SECOND)

/* What all messages of a run have in common: everything but their bodies. */
struct mqs_amqp_shape {
	struct mqs_message	 message;	/* without body; `large' is the batch's */
	void			*map;		/* the body of `large' while it is being sent; T */
};

enum mqs_amqp_outcome {
	MQS_AMQP_WAITING,
	MQS_AMQP_STORED,
	MQS_AMQP_REFUSED,
	MQS_AMQP_IMPOSSIBLE
};

struct mqs_amqp_pending {
	const void	*body;
	uint64_t	 tag;		/* the caller's */
	int64_t		 ns;		/* of its id; 0: it was not sent yet */
	uint32_t	 body_len;	/* 0 if it is large */
	uint32_t	 shape;
	unsigned char	 outcome;	/* enum mqs_amqp_outcome */
	unsigned char	 sent;		/* and not confirmed */
};

struct mqs_large {
	struct mqs_handle	 handle;	/* the seam's; first */
	const char		*queue;		/* the publisher's */
	uint64_t		 max;
	uint64_t		 size;
	int			 fd;
};

/* What a message that came back tells of its queue. */
enum mqs_amqp_unbound {
	MQS_AMQP_BOUND,		/* none came back on this connection */
	MQS_AMQP_UNBOUND,	/* the stream has lost its binding */
	MQS_AMQP_NO_STREAM
};

struct mqs_publisher {
	struct mqs_handle	 handle;	/* the seam's; first */
	struct mqs_spool	*spool;
	struct mqs_amqp_connection *connection;
	struct mqs_amqp_channel	*channel;
	char			 queue[MQS_NAME_MAX + 1];
	struct mqs_publisher_options options;
	uint64_t		 max_message;
	int			 opened;	/* T: the queue was seen or made, on this connection */
	int			 stream;	/* T: it has a stream */
	int			 made;		/* T: it was made here */
	int			 delays;	/* levels with which messages can be delayed for it */
	int			 delays_wanted;	/* for the job that makes them */
	int			 direct_reply;	/* it carries, or carried, a call (call.h) */

	struct mqs_amqp_pending	*batch;
	size_t			 n, cap;
	struct mqs_amqp_shape	*shapes;
	size_t			 nshapes, shapes_cap, nlarge;
	uint64_t		 bytes;		/* of bodies in memory */
	uint64_t		 total;		/* of all bodies */
	size_t			 stored;	/* of the last batch */
	struct mqs_amqp_properties checked;	/* to see whether a message can be sent */

	int			 may_drop;	/* what no group gets is dropped (retain=0) */

	/* The thread's: */
	struct mqs_amqp_ids	 ids;
	struct mqs_amqp_properties properties;
	struct mqs_amqp_confirms confirms;
	size_t			 next;		/* no message below it is to be sent */
	uint64_t		 in_flight;	/* bytes of bodies that were sent and not confirmed */
	int			 flushing;	/* the batch is the thread's, too */

	/* Under the lock: */
	int			 again;		/* what was refused is to be sent again */
	enum mqs_amqp_unbound	 unbound;	/* why no queue took it; the queue is opened again first */
	int			 nowhere;	/* how often there was no stream to bind */
	size_t			 settled;	/* how many have another outcome than WAITING */
	size_t			 refused;	/* how many of these are REFUSED */
	size_t			 impossible;	/* how many of these are IMPOSSIBLE */
	int			 told_refused;	/* that a message was refused, and is sent again */
	struct mqs_call		*call;		/* whose reply comes here; NULL */
	int			 consumes;	/* the channel consumes replies */
	int			 closed;	/* the broker's number, or -1; 0: it is open */
	struct mqs_error	 why;		/* why it is closed, or a message is IMPOSSIBLE */
};

int	mqs_amqp_publisher_open(struct mqs_publisher **out, struct mqs_spool *, const char *queue,
	    const struct mqs_publisher_options *, struct mqs_error *err);
void	mqs_amqp_publisher_free(struct mqs_publisher *);
/* Until when something is waited for that begins now, by mqs_boottime; -1: for ever. */
int64_t	mqs_amqp_publisher_deadline(const struct mqs_publisher *);
int	mqs_amqp_publisher_send(struct mqs_publisher *, const struct mqs_message *, uint64_t tag,
	    struct mqs_error *err);
size_t	mqs_amqp_publisher_send_like(struct mqs_publisher *, const struct mqs_body *, size_t n);
int	mqs_amqp_publisher_flush(struct mqs_publisher *, struct mqs_error *err);
size_t	mqs_amqp_publisher_stored(const struct mqs_publisher *);
size_t	mqs_amqp_publisher_pending(const struct mqs_publisher *, uint64_t *bytes);
uint64_t	mqs_amqp_publisher_max_message(const struct mqs_publisher *);

int	mqs_amqp_large_new(struct mqs_large **out, struct mqs_publisher *, struct mqs_error *err);
int	mqs_amqp_large_write(struct mqs_large *, const void *bytes, size_t n, struct mqs_error *err);
uint64_t	mqs_amqp_large_size(const struct mqs_large *);
void	mqs_amqp_large_free(struct mqs_large *);

#endif
