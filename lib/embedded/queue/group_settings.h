/*
 * group_settings.h - storing and loading the settings and bindings of a group
 *
 * The functions work within a transaction of the group.  After an error the caller aborts
 * it, so that either all that was given is stored, or nothing.  The group's state repeats
 * what others must know without opening the group: `expires', and the digest of the
 * bindings.
 */
#ifndef MQS_EMBEDDED_QUEUE_GROUP_SETTINGS_H
#define MQS_EMBEDDED_QUEUE_GROUP_SETTINGS_H

#include "embedded/queue/group.h"

/*
 * Stores n strings NAME=VALUE.  NAME may also be "binding"; VALUE is then the text form of a
 * binding (message/binding.h).  It may come more than once, and all of them together replace
 * the bindings of the group; an empty VALUE stands for no binding.
 */
int	mqs_group_settings_store(struct mqs_tx *, uint64_t v[MQS_GROUP_VALUES],
	    const char *const *pairs, size_t n, struct mqs_error *err);
/* Replaces the bindings of the group. */
int	mqs_group_bindings_store(struct mqs_tx *, uint64_t v[MQS_GROUP_VALUES],
	    const struct mqs_bindings *, struct mqs_error *err);
/*
 * Calls fn with each setting, then with each binding.  If fn returns non-zero, that is
 * returned.
 */
int	mqs_group_settings_each(struct mqs_tx *, mqs_setting_fn *fn, void *arg, struct mqs_error *err);

/*
 * Loads the settings and bindings of an open group into memory, if they have changed since
 * they were loaded: seq is the state's MQS_GROUP_SETTINGS.
 */
int	mqs_group_settings_load(struct mqs_group *, struct mqs_tx *, uint64_t seq, struct mqs_error *err);

#endif
