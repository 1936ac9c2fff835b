/*
 * kept_message.h - a delivery that is kept beyond its event, whole and as it was sent
 *
 * Properties, headers and texts are copied into memory of its own; a body in a file is taken
 * over.  So it can be published again unchanged (group_fill.h), or read later (stream_read.h).
 */
#ifndef MQS_AMQP_KEPT_MESSAGE_H
#define MQS_AMQP_KEPT_MESSAGE_H

#include "amqp/connection.h"

struct mqs_amqp_kept {
	struct mqs_amqp_kept	*next;		/* its owner's */
	uint64_t		 mark;		/* its owner's */
	uint64_t		 tag, epoch;
	int64_t			 offset;	/* in the stream it came from; -1: from none */
	amqp_bytes_t		 exchange, routing_key;
	amqp_basic_properties_t	 properties;
	uint64_t		 body_len;
	const void		*body;		/* NULL if it is in body_fd */
	int			 body_fd;	/* -1, or a file */

	/* private: */
	amqp_pool_t		 pool;
	void			*map;
};

/* Keeps a delivery; NULL: no memory.  Takes its body_fd. */
struct mqs_amqp_kept *mqs_amqp_keep(struct mqs_amqp_delivery *);
/* Its body as bytes, which are good until it is freed; a file is mapped. */
int	mqs_amqp_kept_body(struct mqs_amqp_kept *, amqp_bytes_t *, struct mqs_error *err);
/* Takes NULL. */
void	mqs_amqp_kept_free(struct mqs_amqp_kept *);

#endif
