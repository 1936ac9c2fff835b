/*
 * group_fill.h - filling a new group with what its queue's stream has
 *
 * Two exchanges belong to the filling, and go when it is over:
 *
 *	QUEUE/GROUP/fill	fanout, bound to the group's queue: copies go through it, with their
 *				own routing keys
 *	QUEUE/GROUP/end		fanout, bound to the stream: a sign goes through it, to be read again
 *
 * THE END  A fill reads up to a sign that it has published into the stream itself, and that was
 * confirmed.  All that the stream's leader took before the sign is before it in the stream,
 * whatever node is read from, also a message that was still on its way when the sign was sent.
 * Readers know a sign by its exchange and pass over it (stream_sign.h).
 *
 * COPIES are made as retries are (properties_copy.h), of the first attempt, without a delay.
 * They are confirmed; a few hundred are on their way.  Bindings are applied here.  What has
 * expired is passed over.
 *
 * LOSS  A fill belongs to the connection that holds the group's lock.  If that is lost, it ends
 * with MQS_EBUSY, and whoever makes the group begins again from an empty queue.
 */
#ifndef MQS_AMQP_GROUP_FILL_H
#define MQS_AMQP_GROUP_FILL_H

#include "amqp/kept_message.h"
#include "amqp/spool.h"
#include "amqp/topology.h"
#include "message/bindings.h"

struct mqs_amqp_fill;

#define MQS_AMQP_FILL_NAME_SIZE	(MQS_AMQP_NAME_SIZE + 8)

/* Where a fill begins. */
struct mqs_amqp_fill_start {
	int64_t		time;	/* the first message of that time or later; 0: see offset */
	int64_t		offset;	/* that of the stream; 0: the oldest */
};

/* The name of one of its exchanges: what is "fill" or "end". */
void	mqs_amqp_fill_name(char buf[MQS_AMQP_FILL_NAME_SIZE], const char *name, const char *what);
/* Declares what a fill needs; a part of a job. */
int	mqs_amqp_fill_declare(const struct mqs_amqp_link *, const char *queue, const char *name,
	    struct mqs_error *err);
/* Removes it; a part of a job. */
int	mqs_amqp_fill_remove(const struct mqs_amqp_link *, const char *name, struct mqs_error *err);

/* Begins to read the stream. */
int	mqs_amqp_fill_open(struct mqs_amqp_fill **out, struct mqs_amqp_connection *,
	    const char *queue, const char *group, const struct mqs_bindings *,
	    const struct mqs_amqp_fill_start *, uint64_t epoch, struct mqs_error *err);
/* Copies all that the stream has now and was not copied by the last call. */
int	mqs_amqp_fill_to_end(struct mqs_amqp_fill *, struct mqs_error *err);
/* Takes NULL. */
void	mqs_amqp_fill_free(struct mqs_amqp_fill *);

#endif
