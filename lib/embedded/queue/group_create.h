/*
 * group_create.h - making a group
 *
 * One transaction makes the group with all its bindings and settings.  The file is renamed
 * into place once it is durable, so nobody ever sees a group with half of them.
 *
 * A consumer may name bindings and settings, too.  It gets an existing group only if the
 * group has these (queue/group_agree.h).
 */
#ifndef MQS_EMBEDDED_QUEUE_GROUP_CREATE_H
#define MQS_EMBEDDED_QUEUE_GROUP_CREATE_H

#include "embedded/queue/group_start.h"

/* What a new group gets; { 0 } starts at the oldest message and has defaults for the rest. */
struct mqs_group_new {
	struct mqs_start start;
	const struct mqs_binding *bindings;
	size_t		 nbindings;
	const char *const *settings;	/* NAME=VALUE */
	size_t		 nsettings;
	uint64_t	 owner;		/* of a temporary group: the owner file of its consumer; else 0 */
};

/* Fills this in from a caller's options (NULL: none), to which its pointers then point. */
int	mqs_group_new_of(struct mqs_group_new *, const struct mqs_consumer_options *, struct mqs_error *err);
/* Makes a group.  It takes the log's write lock.  MQS_EEXIST if the group is there. */
int	mqs_group_create(struct mqs_log *, const char *name, const struct mqs_group_new *, struct mqs_error *err);
/*
 * Builds the file of a group with that state (to which settings and bindings are added), under
 * the name tmp, and syncs it.
 */
int	mqs_group_build(struct mqs_log *, const char *name, const char *tmp,
	    uint64_t v[MQS_GROUP_VALUES], const struct mqs_group_new *, struct mqs_error *err);

#endif
