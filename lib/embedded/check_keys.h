/* check_keys.h - verifying the index of keys of a log */
#ifndef MQS_EMBEDDED_CHECK_KEYS_H
#define MQS_EMBEDDED_CHECK_KEYS_H

#include "embedded/check_finding.h"
#include "message/record.h"

/* Checks that a message is found by its key.  tx is of the log. */
int	mqs_check_key_of(struct mqs_checking *, struct mqs_tx *tx, const struct mqs_record *,
	    struct mqs_error *err);
/* Checks that each entry of the index names a message that is there and has such a key. */
int	mqs_check_key_index(struct mqs_checking *, struct mqs_tx *tx, struct mqs_error *err);

#endif
