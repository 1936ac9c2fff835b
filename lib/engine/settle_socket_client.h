/*
 * settle_socket_client.h - settling deliveries that other processes of this machine hold
 *
 * It is all of a settler of an engine whose consumers listen (settle_socket_server.h): the
 * functions settler_open, _add, _flush and _free of the engine are calls of these four.
 *
 * A flush connects to the consumer that each receipt names, sends the requests without
 * waiting for one answer before the next request, and reports each answer.  Connections to a
 * few consumers are kept for the next flush.
 *
 * A consumer answers after it has really settled.  If it ends before, the outcome is
 * MQS_ESTALE: its broker delivers the message again, unless the settling was its last deed.
 */
#ifndef MQS_ENGINE_SETTLE_SOCKET_CLIENT_H
#define MQS_ENGINE_SETTLE_SOCKET_CLIENT_H

#include <stdint.h>

#include "mqspool.h"

struct mqs_settle_client;

/* options (may be NULL) are borrowed; `interrupted' ends a flush with MQS_EINTR. */
int	mqs_settle_client_open(struct mqs_settle_client **out, const struct mqs_options *options,
	    mqs_settled_fn *settled, void *arg, struct mqs_error *err);
/* As mqs_settler_add.  Reason and detail are cut at 16 KiB, as dead letters cut them. */
int	mqs_settle_client_add(struct mqs_settle_client *, const char *receipt,
	    const struct mqs_settlement *, uint64_t tag, struct mqs_error *err);
/*
 * As mqs_settler_flush.  MQS_ESTALE for a receipt whose consumer is gone; MQS_ETIMEOUT for
 * one whose consumer has answered nothing for half a minute, and then it is not known what
 * became of the delivery.
 */
int	mqs_settle_client_flush(struct mqs_settle_client *, struct mqs_error *err);
/* Has a consumer that answers nothing be waited for so long (ns). */
void	mqs_settle_client_patience(struct mqs_settle_client *, int64_t);
void	mqs_settle_client_free(struct mqs_settle_client *);

#endif
