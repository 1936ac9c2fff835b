/*
 * settings_schema.h - the text of a queue's schema
 *
 * It is the one setting that may be long, so it is not in the structure of parsed settings: its
 * hash is, by which a publisher sees that there is another one.
 */
#ifndef MQS_EMBEDDED_QUEUE_SETTINGS_SCHEMA_H
#define MQS_EMBEDDED_QUEUE_SETTINGS_SCHEMA_H

#include "embedded/store/lmdb/entry.h"
#include "mqspool.h"

/* Finds the schema's text in the main table of log.mdb, or MQS_NOTHING. */
int	mqs_settings_schema(struct mqs_tx *, struct mqs_slice *text, struct mqs_error *err);
/* Finds its hash, 0 if there is none.  It was checked when it was stored. */
int	mqs_settings_schema_load(struct mqs_tx *, uint64_t *hash, struct mqs_error *err);
/* Copies its text, with NUL, or MQS_NOTHING.  The copy is the caller's, to be freed. */
int	mqs_settings_schema_copy(struct mqs_tx *, char **copy, struct mqs_error *err);

#endif
