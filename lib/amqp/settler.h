/* settler.h - settling by receipt: asks the consumer that has the delivery (settle_socket_client.h) */
#ifndef MQS_AMQP_SETTLER_H
#define MQS_AMQP_SETTLER_H

#include "amqp/spool.h"

int	mqs_amqp_settler_open(struct mqs_settler **out, struct mqs_spool *, mqs_settled_fn *,
	    void *arg, struct mqs_error *err);
int	mqs_amqp_settler_add(struct mqs_settler *, const char *receipt,
	    const struct mqs_settlement *, uint64_t tag, struct mqs_error *err);
int	mqs_amqp_settler_flush(struct mqs_settler *, struct mqs_error *err);
void	mqs_amqp_settler_free(struct mqs_settler *);

#endif
