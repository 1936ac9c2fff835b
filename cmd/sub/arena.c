/* sub/arena.c - copies of bytes that are all freed at once */
#include <stdlib.h>
#include <string.h>

#include "sub/arena.h"

#define BLOCK	((size_t)256 * 1024)

struct arena_block {
	struct arena_block	*next;
	size_t			 size;
	char			 bytes[];
};

static int
more(struct arena *a, size_t n)
{
	size_t size = n > BLOCK ? n : BLOCK;
	struct arena_block *b = malloc(sizeof(*b) + size);

	if (b == NULL)
		return -1;
	b->next = a->blocks;
	b->size = size;
	a->blocks = b;
	a->used = 0;
	return 0;
}

void *
arena_copy(struct arena *a, const void *p, size_t n)
{
	char *copy;

	if ((a->blocks == NULL || a->blocks->size - a->used < n) && more(a, n) != 0)
		return NULL;
	copy = a->blocks->bytes + a->used;
	if (n > 0)
		memcpy(copy, p, n);
	a->used += n;
	return copy;
}

void
arena_clear(struct arena *a)
{
	struct arena_block *b;

	while ((b = a->blocks) != NULL) {
		a->blocks = b->next;
		free(b);
	}
	a->used = 0;
}
