/*
 * dead_letter_make.h - turns a message that could not be delivered into a dead letter
 *
 * engine/dead_letter.h says what a dead letter is and to which queue it goes.  It is
 * appended there, together with a marker, by the second transaction of
 * settle_transaction.h.  A message of a dead-letter queue that dies again stays where it
 * is: it is in that log already, and is only settled.
 */
#ifndef MQS_EMBEDDED_DEAD_LETTER_MAKE_H
#define MQS_EMBEDDED_DEAD_LETTER_MAKE_H

#include "embedded/settle_transaction.h"

/*
 * Makes a dead letter of a message that `attempts' attempts did not settle, and settles
 * the message.  It must be in none of the group's tables any more.
 */
int	mqs_dead_letter_make(struct mqs_settle_tx *, const struct mqs_entry *, uint64_t attempts,
	    const char *reason, const char *detail, struct mqs_error *err);
/*
 * Opens the group's dead-letter queue, once maintenance of it has ended.  For after a
 * transaction that found it so (dead_busy): no other may be open.
 */
int	mqs_dead_letter_wait(struct mqs_spool *, const struct mqs_group *, struct mqs_error *err);

#endif
