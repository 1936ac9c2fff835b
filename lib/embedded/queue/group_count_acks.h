/*
 * group_count_acks.h - counts acknowledged messages, their bytes, and how long they took
 *
 * The latency of a message is the time from its publishing to the transaction that
 * acknowledges it, a delay included.  The id of a message is the time at which it was published
 * (queue/log.h), so no record is read.  Both times are of the real clock, whatever MQ_NOW says.
 * Where the clock was set back, ids are ahead of it; such a latency counts as 0.
 *
 * All acks are counted here.  Invariant: MQS_GROUP_ACKED is the sum of the classes.
 *
 * Most messages are acknowledged by the batch.  Their ids ascend, so their latencies descend:
 * if the first and the last one are of one class, all are.  Then the sum of latencies follows
 * from the sum of ids, and a batch is counted without a look at its messages.
 */
#ifndef MQS_EMBEDDED_QUEUE_GROUP_COUNT_ACKS_H
#define MQS_EMBEDDED_QUEUE_GROUP_COUNT_ACKS_H

#include "embedded/queue/group_entry.h"
#include "embedded/queue/group_tx.h"

/* Messages whose ids ascend. */
struct mqs_id_sum {
	uint64_t	first, last;	/* ids */
	uint64_t	offsets;	/* sum of id - first over all of them, in us */
	uint64_t	n;
};

/* Sums up the ids of n entries, at least one. */
void	mqs_sum_ids(struct mqs_id_sum *, const struct mqs_entry *, size_t n);
/* Counts one message. */
void	mqs_count_ack(struct mqs_group_tx *, const struct mqs_entry *);
/* 1 if all of them are of one class, so that mqs_count_acks can count them. */
int	mqs_is_one_class(struct mqs_group_tx *, const struct mqs_id_sum *);
/* Counts all of them; `bytes' is the size of their bodies. */
void	mqs_count_acks(struct mqs_group_tx *, const struct mqs_id_sum *, uint64_t bytes);
/*
 * Marks entries 0 to last of the loaded batch as settled, and counts those that were not
 * before; returns how many.
 */
size_t	mqs_ack_through(struct mqs_group_tx *, size_t last);

#endif
