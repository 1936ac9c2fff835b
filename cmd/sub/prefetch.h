/* sub/prefetch.h - how many messages to claim ahead */
#ifndef MQ_CMD_SUB_PREFETCH_H
#define MQ_CMD_SUB_PREFETCH_H

#include <stddef.h>
#include <stdint.h>

struct prefetch {
	size_t	 least, most;	/* hold so many in any case, and never more */
	size_t	 hold;		/* hold so many now, including those worked on */
	size_t	 done;		/* messages that were done since the last claim */
	int64_t	 claimed;	/* when the last claim was */
	int64_t	 progress;	/* when a message was done last */
};

void	prefetch_init(struct prefetch *, size_t least, size_t most);
/* n messages are done with. */
void	prefetch_done(struct prefetch *, size_t n);
/* A claim is about to be made: sets `hold' by how fast messages were done. */
void	prefetch_claims(struct prefetch *);
/*
 * With so many held, including those worked on: how long, in ns, until the waiting ones
 * should be given back if none is done meanwhile; 0: now, -1: never.
 */
int64_t	prefetch_patience(const struct prefetch *, size_t held);
/* The waiting ones were given back: hold the least again. */
void	prefetch_gave_back(struct prefetch *);

#endif
