/*
 * group_entry.h - what a group keeps of a message that it has looked at and not settled
 *
 * Both a batch under a lease and the table `held' store entries in the same way.
 */
#ifndef MQS_EMBEDDED_QUEUE_GROUP_ENTRY_H
#define MQS_EMBEDDED_QUEUE_GROUP_ENTRY_H

#include <stdint.h>

struct mqs_entry {
	uint64_t	id, size;	/* of the body, in bytes */
	uint64_t	key;		/* hash of its key, in an ordered group; else 0 */
	uint32_t	attempts;	/* before this delivery */
	uint32_t	priority;
};

/* Encodes all but id and key, as two varints; returns the byte after them. */
unsigned char *mqs_entry_put(unsigned char *p, const struct mqs_entry *);
/* Decodes that: returns the byte after it, or NULL if it is damaged. */
const unsigned char *mqs_entry_get(const unsigned char *p, const unsigned char *end,
	    struct mqs_entry *);

#endif
