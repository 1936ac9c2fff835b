/*
 * group_create.h - what a new group gets
 *
 * A new group gets everything in the transaction that makes it, and is renamed into
 * place when that is durable: nobody ever sees one with half its bindings or
 * settings.  A consumer that names bindings or settings gets the group only if it
 * has these.
 */
#ifndef MQS_EMBEDDED_QUEUE_GROUP_CREATE_H
#define MQS_EMBEDDED_QUEUE_GROUP_CREATE_H

#include "embedded/queue/group_start.h"

/* All that a new group gets; { 0 } is the oldest message and nothing else. */
struct mqs_group_new {
	struct mqs_start start;
	const struct mqs_binding *bindings;
	size_t		 nbindings;
	const char *const *settings;	/* NAME=VALUE */
	size_t		 nsettings;
	uint64_t	 owner;		/* the consumer with which it goes; 0: it stays */
};

/* What a caller's options (NULL: none) ask for.  Pointers are borrowed from them. */
int	mqs_group_new_of(struct mqs_group_new *, const struct mqs_consumer_options *, struct mqs_error *err);
/*
 * Makes a group, under the log's write lock, so that nothing it starts at is
 * trimmed meanwhile.  MQS_EEXIST if it is there.
 */
int	mqs_group_create(struct mqs_log *, const char *name, const struct mqs_group_new *, struct mqs_error *err);

#endif
