/*
 * publish_expect.h - storing a batch only behind the message that its publisher expects
 *
 * Optimistic concurrency: a publisher has read the events of a key, or of the queue, up to
 * some message, and appends what follows from them.  If somebody else has appended meanwhile,
 * nothing is stored.  The log's write lock is held from the look at the last message to the
 * commit, so nobody can come in between.
 *
 * What counts is the last message that is retained.  After the batch was stored, the
 * publisher expects its own last message.
 *
 * A publisher that was killed or lost its answer may publish again, with the same message ids.
 * Nothing is appended if all of them are retained.  Then nothing is expected either: the last
 * message may be what the first attempt has stored.
 */
#ifndef MQS_EMBEDDED_PUBLISH_EXPECT_H
#define MQS_EMBEDDED_PUBLISH_EXPECT_H

#include "embedded/publish_batch.h"

/*
 * Looks for the message that is expected, in the transaction that is to append the messages
 * of the batch from a first one on: MQS_EBUSY if it is not the last one, MQS_ECONFIG if the
 * index of keys that it takes is not there.
 */
int	mqs_expect_check(const struct mqs_publisher *, size_t from, struct mqs_log_tx *,
	    struct mqs_error *err);
/*
 * Messages from..to of the batch have been stored: they are expected from now on.  before is
 * the log's highest id from before that.
 */
void	mqs_expect_stored(struct mqs_publisher *, size_t from, size_t to, uint64_t before);

#endif
