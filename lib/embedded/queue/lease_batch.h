/*
 * lease_batch.h - leases: messages that were handed out together
 *
 * A batch is up to MQS_BATCH_MAX messages under one lease number.  The part that never
 * changes (table batch) is stored apart from the part that does (table lease).  So
 * settling one message rewrites a few hundred bytes, and settling the whole batch is a
 * few deletions, however many messages it has.
 *
 *	batch	1 byte version, varint n, then n times: varint id minus the id before
 *		(ids ascend), varint attempts before this delivery * 16 + priority,
 *		varint size; in version 2, of an ordered group, also the hash of the
 *		key, 8 bytes; else version 1; then the checksum, 4 bytes
 *	lease	8 bytes owner, 8 boot, 8 due (CLOCK_BOOTTIME ns; 0: none), 8 bytes
 *		unsettled sizes, 4 unsettled, 4 flags, then a bit for each message:
 *		1 is settled (all little-endian; first message: bit 0 of byte 0); then the
 *		checksum, 4 bytes
 */
#ifndef MQS_EMBEDDED_QUEUE_LEASE_BATCH_H
#define MQS_EMBEDDED_QUEUE_LEASE_BATCH_H

#include "embedded/queue/group_entry.h"
#include "embedded/queue/group_tx.h"

#define MQS_BATCH_MAX	4096

#define MQS_LEASE_MANUAL	1u	/* outlives its owner where handed out */
#define MQS_LEASE_TIMED		2u	/* due runs from hand-out */
#define MQS_LEASE_GONE		4u	/* its owner was seen gone; due runs from then */
#define MQS_LEASE_EXTENDED	8u	/* has entries in extended */

/* What is known of a lease without looking at its messages. */
struct mqs_lease {
	uint64_t	lease;
	uint64_t	owner, boot, due;
	uint64_t	unsettled_bytes;
	uint32_t	unsettled, flags;
};

struct mqs_batch {
	struct mqs_lease head;
	int		changed;
	int		keyed;		/* entries have keys: settling one lets others go */
	size_t		hint;		/* where the next id is likely to be */
	size_t		n;
	unsigned char	bits[MQS_BATCH_MAX / 8];
	struct mqs_entry entries[MQS_BATCH_MAX];
};

/*
 * Makes a lease of n entries, whose ids ascend, and counts them as delivered; *lease becomes
 * its number.
 */
int	mqs_batch_take(struct mqs_group_tx *, const struct mqs_entry *, size_t n,
	    uint64_t owner, unsigned flags, uint64_t due, uint64_t *lease,
	    struct mqs_error *err);

/*
 * Loads a lease into gtx->batch.  The batch that was loaded before is stored first, if it
 * changed.  MQS_NOTHING if there is no such lease.
 */
int	mqs_batch_load(struct mqs_group_tx *, uint64_t lease, struct mqs_error *err);
/* Stores the loaded batch, or removes it if all of it is settled. */
int	mqs_batch_store(struct mqs_group_tx *, struct mqs_error *err);
/* Returns the index of an id in a batch, settled or not; -1 if it is not in it. */
long	mqs_batch_place(const struct mqs_batch *, uint64_t id);
/* Returns the index of an id in a batch; -1 also if it is settled. */
long	mqs_batch_find(struct mqs_batch *, uint64_t id);
/* 1 if entry i is settled. */
int	mqs_batch_settled(const struct mqs_batch *, size_t i);
/* Marks entry i of the loaded batch as settled. */
void	mqs_batch_mark(struct mqs_group_tx *, size_t i);
/*
 * Settles a lease of which all n messages are left, and removes it, without decoding its
 * entries; *bytes is the size of their bodies.  No batch is loaded afterwards.  MQS_NOTHING
 * if there is no such lease, or some of it is settled; then nothing is changed.
 */
int	mqs_batch_finish(struct mqs_group_tx *, uint64_t lease, uint64_t n, uint64_t *bytes,
	    struct mqs_error *err);
/* Gives one message of a lease more time: it is not taken back before `due'. */
int	mqs_batch_extend(struct mqs_group_tx *, uint64_t lease, uint64_t id, uint64_t due, struct mqs_error *err);

/*
 * Finds the next lease: *lease becomes the first number above it (start with 0).
 * MQS_NOTHING when there are no more.
 */
int	mqs_batch_next(struct mqs_tx *, uint64_t *lease, struct mqs_error *err);
/* Reads a lease in any transaction. */
int	mqs_batch_read(struct mqs_tx *, uint64_t lease, struct mqs_batch *, struct mqs_error *err);
/* Reads a lease without its entries and bits, which is cheap. */
int	mqs_batch_head(struct mqs_tx *, uint64_t lease, struct mqs_lease *, struct mqs_error *err);

#endif
