/* sub/arena.h - copies of bytes that are all freed at once */
#ifndef MQ_CMD_SUB_ARENA_H
#define MQ_CMD_SUB_ARENA_H

#include <stddef.h>

struct arena_block;

/* { 0 } is an empty one. */
struct arena {
	struct arena_block	*blocks;
	size_t			 used;	/* of the first of them */
};

/* A copy of n bytes, which stays where it is until arena_clear; NULL with errno. */
void	*arena_copy(struct arena *, const void *p, size_t n);
void	arena_clear(struct arena *);

#endif
