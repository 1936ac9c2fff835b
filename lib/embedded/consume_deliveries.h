/*
 * consume_deliveries.h - the deliveries and leases that a consumer holds, in memory
 *
 * Each claim adds its messages to the list of deliveries, from which they are read in
 * order, and its leases to the list of the consumer's leases.  Memory is reserved before
 * the transaction, so that nothing can fail once it is committed.
 *
 * Others may settle what this consumer holds (mq-ack, by receipt).  So the number of
 * messages held is counted again from the group's file whenever that has changed.
 */
#ifndef MQS_EMBEDDED_CONSUME_DELIVERIES_H
#define MQS_EMBEDDED_CONSUME_DELIVERIES_H

#include "embedded/consume_state.h"
#include "embedded/queue/group_entry.h"

/*
 * Makes room for more deliveries under so many leases; forgets the deliveries that are
 * done with.
 */
int	mqs_deliveries_reserve(struct mqs_consumer *, size_t more, size_t leases,
	    struct mqs_error *err);
/* Adds n messages that were taken under one lease.  Room must have been reserved. */
void	mqs_deliveries_add(struct mqs_consumer *, uint64_t lease, uint64_t generation,
	    const struct mqs_entry *, size_t n);
/* Counts anew what the consumer's leases hold; forgets the leases that are gone. */
int	mqs_deliveries_recount(struct mqs_consumer *, struct mqs_error *err);

#endif
