/*
 * lock.h - the two locks of a queue that are waited for: the gate and the turn
 *
 * Order: whoever has a turn may wait for the gate (db.c does, to reopen a file);
 * so nobody who has the gate may wait for a turn.
 */
#ifndef MQS_EMBEDDED_STORE_LOCK_H
#define MQS_EMBEDDED_STORE_LOCK_H

#include "mqspool.h"

/*
 * The gate: an exclusive flock of the whole file.  Waits; options (may be NULL)
 * say whether a signal ends that (MQS_EINTR).  label begins messages.
 */
int	mqs_gate_take(int fd, const struct mqs_options *options, const char *label,
	    struct mqs_error *err);
void	mqs_gate_give(int fd);

/*
 * A turn: a write lock of one byte, of the open file description.  Waits until
 * deadline (mqs_boottime clock; 0: for ever): MQS_EBUSY; or until a signal and
 * options->interrupted end it: MQS_EINTR.
 */
int	mqs_turn_take(int fd, int64_t byte, int64_t deadline,
	    const struct mqs_options *options, const char *label,
	    struct mqs_error *err);
void	mqs_turn_give(int fd, int64_t byte);

/*
 * The places in a line (wake_line.h): locks of one byte each.  _try: an exclusive one now;
 * 0, or -1 with errno EAGAIN or EACCES if another open file has it.  _wait: an exclusive
 * one, sleeping in the kernel until it comes, whatever signals do; a cancellation point;
 * 0, or -1.  _share: a shared one now, also in place of an exclusive one; 0, or -1.
 * _locks_give: gives up those of n neighbouring bytes.
 */
int	mqs_line_lock_try(int fd, int64_t byte);
int	mqs_line_lock_wait(int fd, int64_t byte);
int	mqs_line_lock_share(int fd, int64_t byte);
void	mqs_line_locks_give(int fd, int64_t byte, int64_t n);

/*
 * Idleness: a shared lock of one byte, which nobody ever takes exclusively.  It says no
 * more than that some other open file of this one has it, and ends with the process.
 */
int	mqs_idle_set(int fd, int64_t byte, int on);
int	mqs_idle_others(int fd, int64_t byte);

#endif
