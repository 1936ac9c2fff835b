/*
 * settings.h - the settings of queues and groups
 *
 * A setting is stored as text, in the main table of log.mdb or GROUP.group.mdb, under
 * "set:NAME", and only if somebody has set it.  engine/setting.h has the tables of all
 * settings.
 *
 * The schema is the one text that may be long; settings_schema.h is about that.
 */
#ifndef MQS_EMBEDDED_QUEUE_SETTINGS_H
#define MQS_EMBEDDED_QUEUE_SETTINGS_H

#include "embedded/store/lmdb/entry.h"
#include "engine/setting.h"
#include "mqspool.h"

/* Fills in the structure: with the stored values, and defaults for the rest. */
int	mqs_settings_load(const struct mqs_setting *table, struct mqs_tx *,
	    void *structure, struct mqs_error *err);
/* 1 in *is if a setting is stored: somebody has set it, perhaps to its default. */
int	mqs_settings_is_stored(struct mqs_tx *, const char *name, int *is, struct mqs_error *err);
/*
 * Checks and stores n strings NAME=VALUE; MQS_ECONFIG if one is wrong, and which.  An empty
 * VALUE stands for the default.
 */
int	mqs_settings_store(const struct mqs_setting *table, struct mqs_tx *,
	    const char *const *pairs, size_t n, struct mqs_error *err);
/*
 * 1 in *same if a setting has the value that NAME=VALUE would give it.  Errors as from
 * storing.
 */
int	mqs_settings_same(const struct mqs_setting *table, struct mqs_tx *, const char *pair,
	    int *same, struct mqs_error *err);
/* Calls fn with every setting of the table.  If fn returns non-zero, that is returned. */
int	mqs_settings_each(const struct mqs_setting *table, struct mqs_tx *,
	    mqs_setting_fn *fn, void *arg, struct mqs_error *err);

#endif
