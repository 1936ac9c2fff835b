/*
 * hash.h - XXH3-64: the hash for checksums, and for names and keys
 *
 * The code is inlined, because loading a library would be a large part of the start of a
 * tool that runs for a millisecond.
 */
#ifndef MQS_BASE_HASH_H
#define MQS_BASE_HASH_H

#define XXH_INLINE_ALL
#include <xxhash.h>

#endif
