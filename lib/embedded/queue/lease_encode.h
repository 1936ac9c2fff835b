/*
 * lease_encode.h - the values of the tables batch and lease (queue/lease_batch.h) as bytes
 *
 * Both end with a checksum that covers the lease's number: a bit that changed in either would
 * deliver a message that is settled, or settle one that is not.
 */
#ifndef MQS_EMBEDDED_QUEUE_LEASE_ENCODE_H
#define MQS_EMBEDDED_QUEUE_LEASE_ENCODE_H

#include "embedded/queue/lease_batch.h"

/* The most bytes that a value of either table takes. */
#define MQS_LEASE_SIZE			(40 + MQS_BATCH_MAX / 8 + 4)
#define MQS_LEASE_ENTRIES_SIZE(n)	(1 + MQS_VARINT_MAX + (n) * (3 * MQS_VARINT_MAX + 8) + 4)

/* Encodes what changes of a lease; returns the number of bytes. */
size_t	mqs_lease_encode(const struct mqs_batch *, unsigned char *p);
/* Encodes n entries, whose ids ascend; returns the number of bytes. */
size_t	mqs_lease_encode_entries(unsigned char *p, uint64_t lease, const struct mqs_entry *,
	    size_t n);
/* Encodes the key and value of a lease in the table first. */
void	mqs_lease_encode_first(unsigned char key[16], unsigned char value[4], uint64_t id,
	    uint64_t lease);
/* Decodes the id of that key: 0, or -1 if the entry is damaged. */
int	mqs_lease_first_id(struct mqs_slice key, struct mqs_slice value, uint64_t *id);
/* Decodes the entries of the batch of a lease: 0, or -1 if they are damaged. */
int	mqs_lease_decode_entries(struct mqs_batch *, uint64_t lease, struct mqs_slice);
/* Decodes the first id only, which is all that removing a batch needs. */
int	mqs_lease_decode_first(struct mqs_batch *, uint64_t lease, struct mqs_slice);
/* Decodes what changes of a lease, after its entries: 0, or -1. */
int	mqs_lease_decode(struct mqs_batch *, uint64_t lease, struct mqs_slice);
/* Decodes the same without the bits. */
int	mqs_lease_decode_head(struct mqs_lease *, uint64_t lease, struct mqs_slice);

#endif
