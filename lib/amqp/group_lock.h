/*
 * group_lock.h - the lock of a group: one process at a time makes or changes it
 *
 * It is an exclusive queue, QUEUE/GROUP/lock.  The broker refuses it to every other connection
 * (405), on other nodes too, and removes it when the connection ends.  So a lock does
 * not outlive a kill or a loss.  What is done under it belongs to one connection: each step
 * looks whether its epoch is still that of the lock (mqs_amqp_group_locked), and if not, all
 * begins again.  (A name of a group has no slash, so the queue is no group's.)
 */
#ifndef MQS_AMQP_GROUP_LOCK_H
#define MQS_AMQP_GROUP_LOCK_H

#include "amqp/spool.h"

/*
 * Takes it, and waits for it: MQS_OK, and the epoch of the connection that has it.  MQS_EINTR.
 * With `until' (may be NULL), a job that returns MQS_OK ends the wait with MQS_NOTHING: what the
 * lock was wanted for has been done by another.
 */
int	mqs_amqp_group_lock(struct mqs_spool *, const char *name, mqs_amqp_job_fn *until,
	    void *arg, uint64_t *epoch, struct mqs_error *err);
/* Gives it back, if it is held. */
void	mqs_amqp_group_unlock(struct mqs_spool *, const char *name, uint64_t epoch);
/* For jobs: MQS_OK, or MQS_EBUSY if the lock is lost. */
int	mqs_amqp_group_locked(const struct mqs_amqp_link *, const char *name, uint64_t epoch,
	    struct mqs_error *err);

#endif
