/*
 * log_compaction.h - a log that keeps only the newest message of each key (compact=key)
 *
 * Such a queue is a table: keys with their values.  When a message of a key is stored, the
 * older messages of that key are removed, whether groups have them settled or not.
 *
 * Removing.  The publisher finds the older message by the index of keys, and removes it in
 * the transaction that stores the newer one: one look and one deletion a message.  A crash
 * leaves both or none.  A publisher removes at most MQS_REPLACED_MOST messages for each that
 * it stores, and no message with a large body once it has the names of MQS_REPLACED_BLOBS to
 * unlink.  What it leaves, and what was in the log when compaction was turned on, is removed
 * by mq-ctl set and mq-ctl trim (admin_compaction.h), in transactions of MQS_COMPACT_RECORDS
 * messages.  They need no state: the index shows keys that have several messages.  Only an
 * intact message is removed, and only for an intact newer one.
 *
 * Tombstones.  A message with an empty body deletes its key.  It is removed, too, when it is
 * older than `retain' and every group has passed it; before that, groups must see it to
 * know.  The table `tombstones' has the ids of these messages, so that the oldest is found
 * without a search.  Older messages of its key are removed before it, or they would be there
 * again.  When compaction is turned on, messages up to COMPACT_END are looked at for
 * tombstones; COMPACT_AT says how far that is.  Until it is done, no tombstone is removed.
 *
 * Messages without a key are refused by publishers.  Those that are there all the same
 * (from before, or dead letters) are never replaced.  Retention removes nothing else.
 */
#ifndef MQS_EMBEDDED_QUEUE_LOG_COMPACTION_H
#define MQS_EMBEDDED_QUEUE_LOG_COMPACTION_H

#include "embedded/queue/log_retention.h"

#define MQS_REPLACED_MOST	2	/* messages removed for each that is stored */
#define MQS_REPLACED_BLOBS	64
#define MQS_COMPACT_RECORDS	1000	/* removed in one transaction; each may change a page of its own */

/* What a publishing transaction replaced. */
struct mqs_replaced {
	size_t		records, nblobs;
	uint64_t	blobs[MQS_REPLACED_BLOBS];	/* to be unlinked after the commit */
};

/* Turns compaction on or off: changes the state, and no message. */
void	mqs_compaction_switch(struct mqs_log_tx *, int on);
/* Removes older messages of the key of a message that was just appended. */
int	mqs_compaction_replace(struct mqs_log_tx *, const struct mqs_message *, struct mqs_replaced *,
	    struct mqs_error *err);
/*
 * 1 if an intact message of the key is there that is newer than `id', and not for one group
 * alone, as a redriven copy is: what the others see last is not replaced by that.
 */
int	mqs_compaction_is_replaced(struct mqs_tx *, const char *key, size_t key_len, uint64_t id,
	    struct mqs_error *err);
/* Notes the time of the oldest message, after any but the first may have been removed. */
int	mqs_compaction_note_oldest(struct mqs_log_tx *, struct mqs_error *err);

/* 1 if messages are to be looked at for tombstones. */
int	mqs_compaction_unfinished(const uint64_t v[MQS_LOG_VALUES]);
/* Looks at as many of them as one transaction may. */
int	mqs_compaction_find_tombstones(struct mqs_log_tx *, struct mqs_error *err);
/* Removes those of n messages that a newer one of their key has replaced. */
int	mqs_compaction_remove(struct mqs_log_tx *, const uint64_t *ids, size_t n,
	    struct mqs_trimmed *, struct mqs_error *err);
/* Removes up to max tombstones that may go; now is the judged clock. */
int	mqs_compaction_expire(struct mqs_log_tx *, int64_t now, size_t max, struct mqs_trimmed *,
	    struct mqs_error *err);

#endif
