/* entry.h - reading and changing the entries of a table by key */
#ifndef MQS_EMBEDDED_STORE_LMDB_ENTRY_H
#define MQS_EMBEDDED_STORE_LMDB_ENTRY_H

#include <stddef.h>
#include <stdint.h>

#include "base/bytes.h"
#include "embedded/store/lmdb/transaction.h"
#include "mqspool.h"

/*
 * Values are borrowed from the map until the transaction ends, rests or (when
 * writing) changes anything.  get and the cursor calls return 0, MQS_NOTHING or
 * an error.
 */
int	mqs_tx_get(struct mqs_tx *, unsigned table, const void *key, size_t key_len,
	    struct mqs_slice *value, struct mqs_error *err);
int	mqs_tx_put(struct mqs_tx *, unsigned table, const void *key, size_t key_len,
	    const void *value, size_t value_len, struct mqs_error *err);
/* Puts only if absent: MQS_EEXIST otherwise. */
int	mqs_tx_insert(struct mqs_tx *, unsigned table, const void *key, size_t key_len,
	    const void *value, size_t value_len, struct mqs_error *err);
/*
 * Adds a key that is greater than all others in the table, and gives room for its
 * value, to be filled in before the next call on this transaction.
 */
int	mqs_tx_append(struct mqs_tx *, unsigned table, const void *key, size_t key_len,
	    size_t value_len, void **room, struct mqs_error *err);
/* MQS_NOTHING if there was none. */
int	mqs_tx_del(struct mqs_tx *, unsigned table, const void *key, size_t key_len,
	    struct mqs_error *err);
/* Entries of a table. */
int	mqs_tx_count(struct mqs_tx *, unsigned table, uint64_t *entries, struct mqs_error *err);

#endif
