/*
 * settle_request.h - a request to settle one delivery
 *
 * Who settles (a consumer, or mq-ack by receipts) collects requests in memory, and has
 * them carried out together, in one transaction of the group (settle.h).
 */
#ifndef MQS_EMBEDDED_SETTLE_REQUEST_H
#define MQS_EMBEDDED_SETTLE_REQUEST_H

#include "mqspool.h"

struct mqs_settle_request {
	enum mqs_verb	 verb;
	uint64_t	 id, lease;
	int64_t		 delay;		/* ns; -1: the group's backoff */
	char		*reason, *detail;	/* copies, freed with the request */
	uint64_t	 tag;		/* the caller's */
	int		 code;		/* result: MQS_OK, MQS_ESTALE, or why no dead letter could be made */
};

/* Fills in a request from what the caller asks for; copies the strings. */
int	mqs_settle_request_set(struct mqs_settle_request *, const struct mqs_settlement *,
	    uint64_t id, uint64_t lease, struct mqs_error *err);
/* Frees what the request holds, not the request. */
void	mqs_settle_request_free(struct mqs_settle_request *);
/* Compares by lease, then id, for qsort: in that order each lease is loaded once. */
int	mqs_settle_request_compare(const void *, const void *);

#endif
