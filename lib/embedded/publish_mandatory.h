/*
 * publish_mandatory.h - whether some group would get a message: for publishers that insist
 *
 * From the groups' pages, under the log's write lock, under which groups are made and
 * removed as well.  A page tells the digest of a group's bindings: 0, and the group gets
 * everything; one that is known already, and nothing needs to be read; else the bindings
 * are read from the group's file, once for each change of them.
 */
#ifndef MQS_EMBEDDED_PUBLISH_MANDATORY_H
#define MQS_EMBEDDED_PUBLISH_MANDATORY_H

#include "embedded/spool.h"

struct mqs_mandatory_group;

/* { 0 } knows nothing yet. */
struct mqs_mandatory {
	struct mqs_mandatory_group	*list;
	size_t			 n, cap;
	int			 everything;	/* some group gets every message */
};

/* Brings it up to date.  Call it with the log's write lock held. */
int	mqs_mandatory_update(struct mqs_mandatory *, struct mqs_spool *, struct mqs_log *, struct mqs_error *err);
/* 1 if some group would get the message. */
int	mqs_mandatory_would_get(const struct mqs_mandatory *, const struct mqs_message *);
void	mqs_mandatory_free(struct mqs_mandatory *);

#endif
