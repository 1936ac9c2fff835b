/*
 * lease_batch.h - leases: messages that were handed out together
 *
 * A batch is up to MQS_BATCH_MAX messages under one lease number.  What never
 * changes (table batch) is apart from what does (table lease), so that settling
 * one message rewrites a few hundred bytes, and settling all of them at once is
 * two deletions however many they are.
 *
 *	batch	1 byte version, varint n, then n times varints: id minus the id
 *		before (ids ascend), attempts before this delivery * 16 + priority,
 *		size; in version 2, of an ordered group, then the hash of the key 8;
 *		version 1 otherwise
 *	lease	8 bytes owner, 8 boot, 8 due (CLOCK_BOOTTIME ns; 0: none), 8 bytes
 *		unsettled sizes, 4 unsettled, 4 flags, then a bit for each message:
 *		1 is settled (all little-endian; first message: bit 0 of byte 0)
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

/* Makes a lease of n entries (ids ascending); *lease is its number. */
int	mqs_batch_take(struct mqs_group_tx *, const struct mqs_entry *, size_t n,
	    uint64_t owner, unsigned flags, uint64_t due, uint64_t *lease,
	    struct mqs_error *err);
/*
 * Loads a lease into gtx->batch (storing the one there before, if changed).
 * MQS_NOTHING if there is no such lease.
 */
int	mqs_batch_load(struct mqs_group_tx *, uint64_t lease, struct mqs_error *err);
/* Where an id is in the loaded batch, settled or not; -1 if it isn't. */
long	mqs_batch_place(const struct mqs_batch *, uint64_t id);
/* The same, -1 also if it is settled. */
long	mqs_batch_find(struct mqs_batch *, uint64_t id);
int	mqs_batch_settled(const struct mqs_batch *, size_t i);
/* Takes entry i of the loaded batch out of it. */
void	mqs_batch_mark(struct mqs_group_tx *, size_t i);
/* Takes out what is left of entries 0 to last: how many those were. */
size_t	mqs_batch_mark_through(struct mqs_group_tx *, size_t last);
/*
 * Takes out all that is left of a lease, and so the lease: *count entries.  None
 * stays loaded.  MQS_NOTHING if there is no such lease.
 */
int	mqs_batch_finish(struct mqs_group_tx *, uint64_t lease, size_t *count,
	    struct mqs_error *err);
/* Stores the loaded batch, or removes it if all of it is settled. */
int	mqs_batch_store(struct mqs_group_tx *, struct mqs_error *err);

/*
 * Steps through the lease numbers: *lease becomes the first above it (start with
 * 0); MQS_NOTHING when there are no more.
 */
int	mqs_batch_next(struct mqs_tx *, uint64_t *lease, struct mqs_error *err);
/* Reads a lease outside of a writing transaction. */
int	mqs_batch_read(struct mqs_tx *, uint64_t lease, struct mqs_batch *, struct mqs_error *err);
/* The same without its entries and bits: cheap. */
int	mqs_batch_head(struct mqs_tx *, uint64_t lease, struct mqs_lease *, struct mqs_error *err);

/* More time for one message: not taken back before `due'. */
int	mqs_batch_extend(struct mqs_group_tx *, uint64_t lease, uint64_t id, uint64_t due, struct mqs_error *err);
/* *due: until when; 0 if it was not extended. */
int	mqs_batch_extended(struct mqs_tx *, uint64_t lease, uint64_t id, uint64_t *due, struct mqs_error *err);

#endif
