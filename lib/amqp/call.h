/*
 * call.h - request and reply on a RabbitMQ cluster, by direct reply-to
 *
 * call.c	the caller: a mailbox on its publisher's channel
 * reply.c	the handler's side: whether a caller waits, and the reply
 *
 * The broker carries replies without a queue (amq.rabbitmq.reply-to).  The caller consumes from
 * that name, without acknowledging, on the channel on which it publishes the request; the
 * request's property reply-to is that name, and the broker puts an address in its place that
 * leads to the channel.  A reply is published to the default exchange with the address as its
 * routing key.  So any client of AMQP can answer, and a handler answers any client's request:
 * then the address is the name of a queue of its own.
 *
 * A caller's publisher is the first one of the spool that is given a message with the header
 * mq-reply-to: amq.rabbitmq.reply-to.  Its thread begins to consume before it publishes, anew
 * on each channel, so a request that is sent again after a loss has an address that is good.
 *
 * What is lost, and when
 *	the connection, before the request is confirmed: it is sent again with another address;
 *		a handler may run twice, and the broker drops the reply to the first address
 *	the connection, afterwards: the address leads nowhere, so no reply can come.  Waiting ends
 *		with MQS_EBUSY; the request is there, and is handled as one whose caller is gone
 *	the node of the caller's connection: the same, and whoever asks about the address is cut
 *		off by RabbitMQ 3.10 (reply.c)
 *	the caller: the broker drops its reply.  Who looks before he begins (reply_wanted) finds
 *		that nobody waits
 *	the handler, after the reply and before the ack: the message is delivered again.  The broker
 *		does not know that it was answered; its caller has mostly ended by then
 *
 * A reply is a message: its body, the request's correlation-id, and the header mq-reply-reason
 * if the handler failed.  To an address of the broker's it is published without `mandatory', which
 * counts such an address as no queue; to a queue with it, so that a queue that is gone is known.
 *
 * Anybody may have written an address.  Names that begin with "mq.", those with a slash and
 * those that end with ".log" are queues of this engine: nothing is sent to them.
 */
#ifndef MQS_AMQP_CALL_H
#define MQS_AMQP_CALL_H

#include "amqp/kept_message.h"
#include "amqp/publisher.h"
#include "amqp/spool.h"

#define MQS_AMQP_REPLY_REASON	"mq-reply-reason"
#define MQS_AMQP_REASON_SIZE	64

struct mqs_call {
	struct mqs_handle	 handle;	/* the seam's; first */
	struct mqs_spool	*spool;
	struct mqs_amqp_connection *connection;
	char			 queue[MQS_NAME_MAX + 1];
	int			 fd;		/* the reply's body; -1: none yet */
	char			 reason[MQS_AMQP_REASON_SIZE];

	/* Under the lock: */
	struct mqs_publisher	*publisher;	/* of the request; NULL: none has it, or it is gone */
	struct mqs_amqp_kept	*reply;		/* NULL: there is none */
	int			 dropped;	/* there was no memory for it */
};

int	mqs_amqp_call_open(struct mqs_call **out, struct mqs_spool *, const char *queue,
	    struct mqs_error *err);
const char	*mqs_amqp_call_address(const struct mqs_call *);
int	mqs_amqp_call_wait(struct mqs_call *, int64_t timeout, struct mqs_reply *,
	    struct mqs_error *err);
void	mqs_amqp_call_free(struct mqs_call *);

/* A publisher is given a message: if that is the request of an open call, it carries the call. */
int	mqs_amqp_call_take(struct mqs_publisher *, const struct mqs_message *, struct mqs_error *err);
/* The publisher is freed. */
void	mqs_amqp_call_leave(struct mqs_publisher *);
/* The thread, before a message is sent: sees to it that the channel consumes replies. */
int	mqs_amqp_call_consume(struct mqs_publisher *, const struct mqs_amqp_link *,
	    struct mqs_error *err);
/* The event of a publisher's channel: a reply came. */
void	mqs_amqp_call_delivered(void *publisher, struct mqs_amqp_delivery *);

int	mqs_amqp_reply_wanted(struct mqs_spool *, const struct mqs_message *, const char **address,
	    struct mqs_error *err);
int	mqs_amqp_reply(struct mqs_spool *, const char *address, const char *reason, int fd,
	    struct mqs_error *err);

#endif
