/*
 * log_key_index.h - the log's index of keys: which messages have a key
 *
 * The table `keys' has an entry for each message: the hash of its key (XXH3-64, also of the
 * empty key), then its id, in big-endian; without a value.  Two keys may have the same hash.
 * So who looks for a key compares the keys of the records that the index names.
 *
 * The setting index=key turns the index on, and so does compact=key.  The state says how far
 * it is (MQS_LOG_KEY_INDEX):
 *
 *	none		the table is empty
 *	building	the index has the messages with ids up to KEY_INDEX_AT, and those above
 *			KEY_INDEX_END.  Of the messages between it may have some; they are
 *			added by admin_key_index.c, and new ones by their publishers.
 *	whole		it has all messages.  Only then is it used.
 *	dropping	entries are being removed, and none is added
 *
 * Building and dropping go in transactions of bounded size, so that publishers need not wait
 * long; who is killed in between leaves the state, from which the next one goes on.  Removing
 * a message removes its entry, whatever the state: so each entry names a message that is
 * there.  (A message whose key is damaged leaves its entry, which mq-ctl check --repair
 * removes.)  All of it changes in the transaction that adds or removes the message.
 */
#ifndef MQS_EMBEDDED_QUEUE_LOG_KEY_INDEX_H
#define MQS_EMBEDDED_QUEUE_LOG_KEY_INDEX_H

#include "embedded/queue/log_tx.h"

enum mqs_key_index {
	MQS_KEY_INDEX_NONE,
	MQS_KEY_INDEX_BUILDING,
	MQS_KEY_INDEX_WHOLE,
	MQS_KEY_INDEX_DROPPING
};

#define MQS_KEY_ENTRY	16	/* bytes of a key of the table */

/* The hash by which the index knows a key. */
uint64_t mqs_key_index_hash(const char *key, size_t key_len);
/* Makes the entry of a hash and an id. */
void	mqs_key_index_entry(unsigned char entry[MQS_KEY_ENTRY], uint64_t hash, uint64_t id);

/* Adds a message, or removes it; one that is not in the index may be removed. */
int	mqs_key_index_add(struct mqs_tx *, uint64_t hash, uint64_t id, struct mqs_error *err);
int	mqs_key_index_remove(struct mqs_tx *, uint64_t hash, uint64_t id, struct mqs_error *err);

/*
 * Finds ids of a hash, of at least `from', ascending: up to *n of them, which becomes how
 * many they are.
 */
int	mqs_key_index_list(struct mqs_tx *, uint64_t hash, uint64_t from, uint64_t *ids,
	    size_t *n, struct mqs_error *err);
/* Finds the greatest id of a hash that is not above `most': MQS_NOTHING if there is none. */
int	mqs_key_index_before(struct mqs_tx *, uint64_t hash, uint64_t most, uint64_t *id,
	    struct mqs_error *err);
/*
 * Finds the newest message of a key with an id not above `most', and decodes it without
 * verifying it: MQS_NOTHING if there is none.
 */
int	mqs_key_index_newest(struct mqs_tx *, const char *key, size_t key_len, uint64_t most,
	    struct mqs_record *, struct mqs_error *err);
/* 1 if a record has that key. */
int	mqs_key_is(const struct mqs_message *, const char *key, size_t key_len);

/* Turns the index on or off, as the settings say: changes the state, and no entry. */
void	mqs_key_index_switch(struct mqs_log_tx *, int on);
/* 1 if there is something to build or to drop. */
int	mqs_key_index_unfinished(const uint64_t v[MQS_LOG_VALUES]);
/* 1 if the index must have a message with that id. */
int	mqs_key_index_must_have(const uint64_t v[MQS_LOG_VALUES], uint64_t id);
/* While the index is dropped: removes as many entries as one transaction may. */
int	mqs_key_index_drop_some(struct mqs_log_tx *, struct mqs_error *err);
/* Reports that the index is damaged, and the command that corrects it. */
int	mqs_key_index_damaged(const struct mqs_tx *, const char *what, struct mqs_error *err);

#endif
