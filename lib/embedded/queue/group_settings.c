/* group_settings.c - see group_settings.h */
#include "base/error.h"
#include "embedded/queue/group_settings.h"
#include "embedded/queue/group_state.h"

/* What readers of the page must know of the settings. */
static int
publish_settings(struct mqs_tx *tx, uint64_t v[MQS_GROUP_VALUES],
    struct mqs_error *err)
{
	struct mqs_group_settings settings;
	int rc;

	if ((rc = mqs_settings_load(mqs_group_setting_table, tx, &settings,
	    err)) != MQS_OK)
		return rc;
	v[MQS_GROUP_EXPIRES] = settings.expires;
	v[MQS_GROUP_SETTINGS]++;
	return MQS_OK;
}

int
mqs_group_bindings_store(struct mqs_tx *tx, uint64_t v[MQS_GROUP_VALUES],
    const struct mqs_bindings *set, struct mqs_error *err)
{
	int rc;

	if ((rc = mqs_bindings_store(set, tx, err)) != MQS_OK)
		return rc;
	v[MQS_GROUP_DIGEST] = mqs_bindings_digest(set);
	v[MQS_GROUP_SETTINGS]++;
	return MQS_OK;
}

static int
configure_bindings(struct mqs_tx *tx, uint64_t v[MQS_GROUP_VALUES],
    const char *const *pairs, size_t n, struct mqs_error *err)
{
	struct mqs_bindings set = { 0 };
	int rc = MQS_OK, any = 0;
	size_t i;

	for (i = 0; i < n && rc == MQS_OK; i++)
		if (mqs_bindings_is_pair(pairs[i])) {
			any = 1;
			rc = mqs_bindings_add_pair(&set, pairs[i], err);
		}
	if (rc == MQS_OK && any)
		rc = mqs_group_bindings_store(tx, v, &set, err);
	mqs_bindings_free(&set);
	return rc;
}

int
mqs_group_settings_store(struct mqs_tx *tx, uint64_t v[MQS_GROUP_VALUES],
    const char *const *pairs, size_t n, struct mqs_error *err)
{
	size_t i;
	int rc;

	for (i = 0; i < n; i++)
		if (!mqs_bindings_is_pair(pairs[i]) && (rc = mqs_settings_store(
		    mqs_group_setting_table, tx, &pairs[i], 1, err)) != MQS_OK)
			return rc;
	if ((rc = configure_bindings(tx, v, pairs, n, err)) != MQS_OK)
		return rc;
	return publish_settings(tx, v, err);
}

int
mqs_group_settings_each(struct mqs_tx *tx, mqs_setting_fn *fn, void *arg,
    struct mqs_error *err)
{
	struct mqs_bindings set = { 0 };
	struct mqs_buf text = { 0 };
	size_t i;
	int rc;

	if ((rc = mqs_settings_each(mqs_group_setting_table, tx, fn, arg, err)) != 0 ||
	    (rc = mqs_bindings_load(&set, tx, err)) != MQS_OK)
		return rc;
	if (set.n == 0)
		rc = fn(arg, "binding", "", 1);
	for (i = 0; i < set.n && rc == 0; i++) {
		text.n = 0;
		if (mqs_binding_format(&text, &set.list[i].binding) == -1)
			rc = mqs_fail_errno(err, "binding");
		else
			rc = fn(arg, "binding", text.p, 0);
	}
	mqs_buf_free(&text);
	mqs_bindings_free(&set);
	return rc;
}

int
mqs_group_settings_load(struct mqs_group *group, struct mqs_tx *tx, uint64_t seq,
    struct mqs_error *err)
{
	uint64_t v[MQS_GROUP_VALUES];
	int rc;

	if (seq == group->settings_seen)
		return MQS_OK;
	if ((rc = mqs_settings_load(mqs_group_setting_table, tx, &group->settings,
	    err)) != MQS_OK ||
	    (rc = mqs_bindings_load(&group->bindings, tx, err)) != MQS_OK ||
	    (rc = mqs_group_read(tx, v, err)) != MQS_OK)
		return rc;
	if (mqs_bindings_digest(&group->bindings) != v[MQS_GROUP_DIGEST])
		return mqs_fail(err, MQS_EDAMAGED, "%s: damaged: bindings that are not those that "
		    "were set", mqs_tx_label(tx));
	group->settings_seen = seq;
	return MQS_OK;
}
