/* salvage_alone.h - a damaged queue is nobody else's while its messages are saved */
#ifndef MQS_EMBEDDED_SALVAGE_ALONE_H
#define MQS_EMBEDDED_SALVAGE_ALONE_H

#include "embedded/spool.h"

struct mqs_salvage_alone {
	char		*path;		/* of what is salvaged */
	struct mqs_dir	 dir;		/* the queue, if is_held */
	int		 is_held;
};

/*
 * Finds what `from' names, a queue of the spool or a path, and holds the queue that it is of.
 * MQS_EBUSY: it is in use.  The struct must be zeros; call mqs_salvage_alone_end in any case.
 */
int	mqs_salvage_alone(struct mqs_salvage_alone *, struct mqs_spool *, const char *from,
	    struct mqs_error *err);
void	mqs_salvage_alone_end(struct mqs_salvage_alone *);

#endif
