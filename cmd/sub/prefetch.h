/* sub/prefetch.h - how many messages to hold for what is to come */
#ifndef MQ_CMD_SUB_PREFETCH_H
#define MQ_CMD_SUB_PREFETCH_H

#include <stddef.h>
#include <stdint.h>

struct prefetch {
	size_t	 least, most;	/* hold so many in any case, and never more */
	size_t	 hold;		/* hold so many now, those that are worked on included */
	size_t	 done;		/* messages that were done since the last claim */
	int64_t	 claimed;	/* when that was */
	int64_t	 progress;	/* when a message was done last */
};

void	prefetch_init(struct prefetch *, size_t least, size_t most);
/* n messages are done with. */
void	prefetch_done(struct prefetch *, size_t n);
/* A claim is made: how many to hold follows from how fast they went. */
void	prefetch_claims(struct prefetch *);
/*
 * So many are held, those that are worked on included: how long, in ns, until those that
 * wait should be given back if none is done meanwhile; 0 for now, -1 for never.
 */
int64_t	prefetch_patience(const struct prefetch *, size_t held);
/* They were given back: hold the least again. */
void	prefetch_gave_back(struct prefetch *);

#endif
