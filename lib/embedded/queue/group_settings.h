/*
 * group_settings.h - settings and bindings of a group, within one of its transactions
 *
 * All that is given goes in or nothing does (the caller aborts after an error).  What
 * of it others must see without opening the group goes into its state.
 */
#ifndef MQS_EMBEDDED_QUEUE_GROUP_SETTINGS_H
#define MQS_EMBEDDED_QUEUE_GROUP_SETTINGS_H

#include "embedded/queue/group.h"

/*
 * Sets NAME=VALUE.  "binding" is the text of one (message/binding.h), may come more than
 * once, and all of them replace what there is; an empty one is none.
 */
int	mqs_group_settings_store(struct mqs_tx *, uint64_t v[MQS_GROUP_VALUES],
	    const char *const *pairs, size_t n, struct mqs_error *err);
/* Gives the group these bindings and no others. */
int	mqs_group_bindings_store(struct mqs_tx *, uint64_t v[MQS_GROUP_VALUES],
	    const struct mqs_bindings *, struct mqs_error *err);
/* Tells settings, then bindings; non-zero from fn is returned. */
int	mqs_group_settings_each(struct mqs_tx *, mqs_setting_fn *fn, void *arg, struct mqs_error *err);

/*
 * Loads the settings and bindings of an open group into memory, if they have changed since
 * they were loaded: seq is the state's MQS_GROUP_SETTINGS.
 */
int	mqs_group_settings_load(struct mqs_group *, struct mqs_tx *, uint64_t seq, struct mqs_error *err);

#endif
