/*
 * settle_socket_batch.h - the requests of one flush to one consumer, and its connection
 *
 * A batch is encoded as it is gathered.  Then it is sent as fast as the consumer takes it,
 * while answers are read: each is the end of a request.  A connection may be lost although
 * the consumer lives, since that has room for so many.  Then the batch connects again and
 * sends what was not answered; a consumer that has settled such a request by then answers
 * that it is stale, which can only happen if it dropped a connection on which it was busy,
 * and it does not.
 */
#ifndef MQS_ENGINE_SETTLE_SOCKET_BATCH_H
#define MQS_ENGINE_SETTLE_SOCKET_BATCH_H

#include <poll.h>

#include "base/bytes.h"
#include "engine/settle_socket_format.h"
#include "engine/settle_socket_receipt.h"

struct mqs_settle_item {
	uint64_t	 tag;
	size_t		 receipt;	/* where its text is, in a buffer of the caller */
	size_t		 frame;		/* where its request is, in `out' */
	int		 answered;
};

struct mqs_settle_batch {
	struct mqs_settle_token token;
	struct mqs_settle_item *items;	/* the number of a request is its place */
	size_t		 n, cap;
	size_t		 left;		/* items that are not answered */
	int		 fd;		/* -1: not connected */
	int		 greeted;
	unsigned	 lost;		/* connections, after a greeting, since the last answer */
	int64_t		 active;	/* when the consumer last answered */
	int64_t		 retry;		/* when to connect; boot time */
	struct mqs_buf	 out, in;
	size_t		 sent;		/* bytes of out */
};

/* Called with each answer. */
typedef void	mqs_settle_answered_fn(void *arg, const struct mqs_settle_item *, int code,
	    const char *text);

/* Adds a request: 0, or -1 with errno (ENOMEM). */
int	mqs_settle_batch_add(struct mqs_settle_batch *, size_t receipt,
	    const struct mqs_settlement *, uint64_t tag);
/*
 * Connects, sends and reads, as far as that can be done without waiting.  Any error is one of
 * the consumer, and so of all items that are left: MQS_ESTALE, if it is gone, MQS_ETIMEOUT
 * after `patience', ...
 */
int	mqs_settle_batch_go_on(struct mqs_settle_batch *, int64_t patience,
	    mqs_settle_answered_fn *, void *arg, struct mqs_error *err);
/* What to poll(2) for before the next call, and for how long at most (ns from now). */
int64_t	mqs_settle_batch_waits(const struct mqs_settle_batch *, int64_t patience,
	    struct pollfd *);
/* Forgets the items; keeps the connection if everything was answered on it. */
void	mqs_settle_batch_clear(struct mqs_settle_batch *);
void	mqs_settle_batch_disconnect(struct mqs_settle_batch *);
void	mqs_settle_batch_free(struct mqs_settle_batch *);

#endif
