/* group_entry.c - see group_entry.h */
#include "base/bytes.h"
#include "embedded/queue/group_entry.h"
#include "message/record.h"

#define PRIORITIES	16	/* attempts and priority share a number: room for the latter */

unsigned char *
mqs_entry_put(unsigned char *p, const struct mqs_entry *e)
{
	p = mqs_put_varint(p, (uint64_t)e->attempts * PRIORITIES + e->priority);
	return mqs_put_varint(p, e->size);
}

const unsigned char *
mqs_entry_get(const unsigned char *p, const unsigned char *end,
    struct mqs_entry *e)
{
	uint64_t tried;

	if ((p = mqs_get_varint(p, end, &tried)) == NULL ||
	    tried / PRIORITIES > UINT32_MAX || tried % PRIORITIES > 9 ||
	    (p = mqs_get_varint(p, end, &e->size)) == NULL)
		return NULL;
	e->attempts = (uint32_t)(tried / PRIORITIES);
	e->priority = (uint32_t)(tried % PRIORITIES);
	return p;
}
