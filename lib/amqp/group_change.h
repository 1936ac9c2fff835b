/*
 * group_change.h - changing the record of a group, and its bindings with it
 *
 * Under the group's lock: the record is read, changed in memory, and written.  If the bindings
 * have changed:
 *
 *	1. the record is written with the new bindings, and with those that it had, as `was'
 *	2. the group is bound by the new ones; those that it has no more are taken away
 *	3. the record is written without `was'
 *
 * A KILL between these leaves a record with `was'.  Then both may be bound, or only the old
 * ones: whoever opens the group next, or changes it, goes on with 2.
 *
 * Bindings are changed on the broker, so they decide about what is published from now on.
 */
#ifndef MQS_AMQP_GROUP_CHANGE_H
#define MQS_AMQP_GROUP_CHANGE_H

#include "amqp/settings_record.h"
#include "amqp/spool.h"

/*
 * Changes the record; may be called again, with the record read anew, after a loss; then
 * `again' is 1, and the change may be there already.  MQS_OK, or an error, which ends it all.
 */
typedef int	mqs_amqp_change_fn(void *arg, struct mqs_amqp_record *, int again,
	    struct mqs_error *err);

/* fn NULL: only finishes a change that was interrupted.  MQS_ENOENT: no such queue or group. */
int	mqs_amqp_group_change(struct mqs_spool *, const char *queue, const char *group,
	    mqs_amqp_change_fn *fn, void *arg, struct mqs_error *err);
/* The record of a group that is there, to be looked at.  *out is the caller's to free. */
int	mqs_amqp_group_record(struct mqs_spool *, const char *queue, const char *group,
	    struct mqs_amqp_record *out, struct mqs_error *err);

#endif
