/*
 * checksum.h - the checksum of a small piece of data that is stored under a number
 *
 * It covers the number as well, so that data which lies under another's number is found.
 */
#ifndef MQS_BASE_CHECKSUM_H
#define MQS_BASE_CHECKSUM_H

#include <stddef.h>
#include <stdint.h>

#include "base/hash.h"

#define MQS_CHECKSUM_SIZE	4	/* bytes where it is stored */

/* The checksum of data with that XXH3-64. */
static inline uint32_t
mqs_checksum_of(uint64_t number, uint64_t hash)
{
	uint64_t h = hash ^ number * UINT64_C(0x9e3779b97f4a7c15);

	return (uint32_t)(h ^ h >> 32);
}

static inline uint32_t
mqs_checksum(uint64_t number, const void *p, size_t n)
{
	return mqs_checksum_of(number, XXH3_64bits(p, n));
}

#endif
