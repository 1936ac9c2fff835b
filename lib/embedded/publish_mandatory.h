/*
 * publish_mandatory.h - whether any group would get a message, for publishers with MQS_MANDATORY
 *
 * The answer comes from the groups' status pages, under the log's write lock, under which
 * groups are also made and removed.  A page has the digest of its group's bindings.  Digest
 * 0 means that the group gets every message.  If the digest is the one seen last time, the
 * bindings are known.  Only otherwise are they read from the group's file.
 */
#ifndef MQS_EMBEDDED_PUBLISH_MANDATORY_H
#define MQS_EMBEDDED_PUBLISH_MANDATORY_H

#include "embedded/spool.h"

struct mqs_mandatory_group;

/* The bindings of all groups of a queue; { 0 } knows none yet. */
struct mqs_mandatory {
	struct mqs_mandatory_group	*list;
	size_t			 n, cap;
	int			 everything;	/* some group gets every message */
};

/* Brings them up to date.  The caller holds the log's write lock. */
int	mqs_mandatory_update(struct mqs_mandatory *, struct mqs_spool *, struct mqs_log *, struct mqs_error *err);
/* 1 if some group would get the message, by its bindings. */
int	mqs_mandatory_would_get(const struct mqs_mandatory *, const struct mqs_message *);
void	mqs_mandatory_free(struct mqs_mandatory *);

#endif
