/* past_read.h - what the readers of the files share */
#ifndef MQ_TORTURE_PAST_READ_H
#define MQ_TORTURE_PAST_READ_H

#include <stdio.h>

#include "past.h"

/* A table of n elements with room for one more; that is zero. */
void	*past_grow(void *table, size_t n, size_t size);
/* Opens a file of the run, or leaves with 70. */
FILE	*past_open(const char *directory, const char *name);
/* The index of a group that must be there. */
size_t	 past_group(const struct past *p, const char *name);

/* past_history.c: letters, runs and deliveries. */
void	 past_read_history(struct past *p, const char *directory);

#endif
