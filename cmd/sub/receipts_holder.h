/*
 * sub/receipts_holder.h - mq-sub -m where deliveries end with their consumer
 *
 * A broker takes a delivery back when the connection ends on which it was delivered.  So
 * that a receipt can be used after mq-sub has ended, as it can be with files, another process
 * stays: mq-sub forks before it uses the spool, the child does all the work, and the parent
 * ends as soon as the child has nothing more to print.
 */
#ifndef MQ_CMD_SUB_RECEIPTS_HOLDER_H
#define MQ_CMD_SUB_RECEIPTS_HOLDER_H

#include "mqspool.h"
#include "sub/sub.h"

/*
 * Forks.  It returns in the child only; the parent ends as the child says, or does.  Nothing
 * that a fork would share may be open.
 */
void	holder_fork(void);
/*
 * Printing has ended (rc, err), and the consumer is closed.  If nothing is out for others to settle, it returns.  Else it
 * tells the parent how it went, stays until everything is settled or its time has come, and
 * ends this process.
 */
void	holder_stay(struct sub *, int rc, const struct mqs_error *err);

#endif
