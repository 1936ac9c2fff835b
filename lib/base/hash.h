/*
 * hash.h - XXH3-64, for checksums and for hashes of names
 *
 * Inlined: a tool that runs for a millisecond should not load a library for it.
 */
#ifndef MQS_BASE_HASH_H
#define MQS_BASE_HASH_H

#define XXH_INLINE_ALL
#include <xxhash.h>

#endif
