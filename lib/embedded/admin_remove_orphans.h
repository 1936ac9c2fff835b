/* admin_remove_orphans.h - removes files that crashes left in a queue's directory */
#ifndef MQS_EMBEDDED_ADMIN_REMOVE_ORPHANS_H
#define MQS_EMBEDDED_ADMIN_REMOVE_ORPHANS_H

#include "embedded/queue/log.h"

/* How many there were; `made' (may be NULL) is told the name of each file that was being made. */
struct mqs_orphans {
	uint64_t	bodies, owners, mailboxes;
	void		(*made)(void *arg, const char *name);
	void		*arg;
};

/* Removes them; it may be called at any time. */
int	mqs_admin_remove_orphans(struct mqs_log *, struct mqs_error *err);
/* The same, and says how many. */
int	mqs_admin_count_orphans(struct mqs_log *, struct mqs_orphans *removed, struct mqs_error *err);

#endif
