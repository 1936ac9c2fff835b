/*
 * chance.h - steps by chance that a seed repeats, for unit tests of what is in files
 *
 * Hundreds of commits do not sync: what is on the disk is not what these tests are about.
 */
#ifndef MQ_TESTS_CHANCE_H
#define MQ_TESTS_CHANCE_H

#include <unistd.h>

static unsigned long long state;	/* the seed, and what has become of it */

/* 0 to n - 1. */
static inline unsigned
chance(unsigned n)
{
	state = state * 6364136223846793005ULL + 1442695040888963407ULL;
	return (unsigned)(state >> 33) % n;
}

/* LMDB syncs through this one. */
int
fdatasync(int fd)
{
	(void)fd;
	return 0;
}

#endif
