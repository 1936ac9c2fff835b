/*
 * lease_encode.h - the values of the tables batch and lease (queue/lease_batch.h) as bytes
 */
#ifndef MQS_EMBEDDED_QUEUE_LEASE_ENCODE_H
#define MQS_EMBEDDED_QUEUE_LEASE_ENCODE_H

#include "embedded/queue/lease_batch.h"

/* The most bytes that a value of either table takes. */
#define MQS_LEASE_SIZE			(40 + MQS_BATCH_MAX / 8)
#define MQS_LEASE_ENTRIES_SIZE(n)	(1 + MQS_VARINT_MAX + (n) * (3 * MQS_VARINT_MAX + 8))

/* Encodes what changes of a lease; returns the number of bytes. */
size_t	mqs_lease_encode(const struct mqs_batch *, unsigned char *p);
/* Encodes n entries, whose ids ascend; returns the number of bytes. */
size_t	mqs_lease_encode_entries(unsigned char *p, const struct mqs_entry *, size_t n);
/* Decodes the entries of a batch: 0, or -1 if they are damaged. */
int	mqs_lease_decode_entries(struct mqs_batch *, struct mqs_slice);
/* Decodes the first id only, which is all that removing a batch needs. */
int	mqs_lease_decode_first(struct mqs_batch *, struct mqs_slice);
/* Decodes what changes of a lease, after its entries: 0, or -1. */
int	mqs_lease_decode(struct mqs_batch *, struct mqs_slice);
/* Decodes the same without the bits. */
int	mqs_lease_decode_head(struct mqs_lease *, struct mqs_slice);

#endif
