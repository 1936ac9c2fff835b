/*
 * ids.h - numbers for the ids of messages, which are texts: not every engine's are numbers
 *
 * Ids get the numbers 1, 2, 3... in the order in which they are first asked for.  Those of the
 * log come first, so that the number of an id that is in the log is its place there.
 */
#ifndef MQ_TORTURE_IDS_H
#define MQ_TORTURE_IDS_H

#include <stdint.h>

#define ID_SIZE	48

struct ids {
	char		(*texts)[ID_SIZE];	/* by number, from 1 on */
	uint64_t	*places;		/* of the hash table; 0 is free */
	uint64_t	 n, room;		/* room: of the hash table */
};

/* The number of an id, which may be new. */
uint64_t	 ids_number(struct ids *ids, const char *text);
/* The id of a number that there is. */
const char	*ids_text(const struct ids *ids, uint64_t number);
void		 ids_free(struct ids *ids);

#endif
