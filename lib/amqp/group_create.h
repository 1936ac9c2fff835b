/*
 * group_create.h - making a group
 *
 * Under the group's lock (group_lock.h), in this order:
 *
 *	1. the record		settings and bindings, in mq.settings
 *	2. the queue		what a creation that was interrupted has left is removed first: it has
 *				no mark, so nobody has consumed from it
 *	3. filled		from the stream, bindings applied, up to the end that it has now
 *	4. bound
 *	5. filled		with what was published between 3 and 4
 *	6. the mark		from now on it is there; then what filled it goes, and the lock
 *
 * A KILL, or the loss of the connection, leaves at each step a group without a mark.  Whoever opens
 * it next begins again from an empty queue.  Between 6 and the end it leaves the exchanges of
 * the fill, which do nothing, and go with the group.
 *
 * NOTHING IS MISSED  What is published before the binding is in the stream; what is
 * published afterwards comes through the binding.  A node may go on for a moment without
 * knowing of a new binding, and a message may be on its way to the stream: hence the pause
 * before 5, and the sign, which ends it (group_fill.h).  What is published between 4 and the
 * end of 5 may come twice, and what comes through the binding stands before what 5 copies.
 *
 * A QUEUE OF THAT NAME that is not ours, since there is no record of it and its arguments are
 * others, is left as it is: MQS_ECONFIG.
 */
#ifndef MQS_AMQP_GROUP_CREATE_H
#define MQS_AMQP_GROUP_CREATE_H

#include "amqp/group.h"

/*
 * Makes a group anew that is there: from is "newest", or an offset of the stream.  Bindings and
 * settings stay.  What it had to settle is forgotten.  A kill leaves a group without a mark
 * whose record says from where it is to be filled: so it goes on.  MQS_EBUSY: it has consumers.
 */
int	mqs_amqp_group_remake(const struct mqs_amqp_group *, struct mqs_spool *, int stream,
	    const char *from, struct mqs_error *err);
/* Fails with MQS_EBUSY, since a group has consumers. */
int	mqs_amqp_group_consumed(const char *name, uint32_t consumers, struct mqs_error *err);
/*
 * Makes a group whose queue is there.  MQS_NOTHING: another process has made it meanwhile.
 * MQS_ECONFIG, MQS_ENOTSUP, MQS_EINVAL: the options (may be NULL) ask for what can't be.
 */
int	mqs_amqp_group_make(const struct mqs_amqp_group *, struct mqs_spool *, int stream,
	    const struct mqs_consumer_options *, struct mqs_error *err);

#endif
