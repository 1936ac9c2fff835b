/* group_agree.c - see group_agree.h */
#include <string.h>

#include "base/advice.h"
#include "base/error.h"
#include "embedded/queue/group_agree.h"
#include "embedded/queue/group_state.h"

/* Reports other bindings than were asked for, with the command that would set these. */
static int
bound_otherwise(const struct mqs_group *group, const struct mqs_group_new *new,
    struct mqs_error *err)
{
	const char *queue = group->log->dir.name;
	struct mqs_buf options = { 0 };
	char ctl[MQS_CTL_SIZE];
	size_t i;
	int rc = 0;

	for (i = 0; i < new->nbindings && rc == 0; i++)
		rc = mqs_binding_options(&options, &new->bindings[i]);
	if (rc == -1)
		rc = mqs_fail_errno(err, "%s/%s", queue, group->name);
	else
		rc = mqs_fail(err, MQS_ECONFIG, "%s/%s: exists with %s; to change "
		    "that: %s bind --replace %.*s%s/%s", queue, group->name,
		    group->bindings.n == 0 ? "no bindings" : "other bindings",
		    mqs_ctl(ctl, group->log->dir.path), (int)options.n, options.p, queue,
		    group->name);
	mqs_buf_free(&options);
	return rc;
}

static int
bindings_agree(struct mqs_group *group, const struct mqs_group_new *new,
    uint64_t digest, struct mqs_error *err)
{
	struct mqs_bindings set = { 0 };
	size_t i;
	int rc = MQS_OK;

	for (i = 0; i < new->nbindings && rc == MQS_OK; i++)
		rc = mqs_bindings_add(&set, &new->bindings[i], err);
	if (rc == MQS_OK && set.n > 0 && mqs_bindings_digest(&set) != digest)
		rc = bound_otherwise(group, new, err);
	mqs_bindings_free(&set);
	return rc;
}

static int
settings_agree(const struct mqs_group *group, const struct mqs_group_new *new,
    struct mqs_tx *tx, struct mqs_error *err)
{
	const char *queue = group->log->dir.name, *pair;
	char ctl[MQS_CTL_SIZE];
	struct mqs_error why;
	size_t i;
	int rc, same;

	for (i = 0; i < new->nsettings; i++) {
		pair = new->settings[i];
		rc = mqs_settings_same(mqs_group_setting_table, tx, pair, &same, &why);
		if (rc != MQS_OK)
			return mqs_fail(err, rc, "%s/%s: %s", queue, group->name, why.text);
		if (!same)
			return mqs_fail(err, MQS_ECONFIG, "%s/%s: exists with "
			    "another value of %.*s; to change that: %s set %s/%s '%s'",
			    queue, group->name, (int)strcspn(pair, "="), pair,
			    mqs_ctl(ctl, group->log->dir.path), queue, group->name, pair);
	}
	return MQS_OK;
}

int
mqs_group_agrees(struct mqs_group *group, const struct mqs_group_new *new,
    struct mqs_error *err)
{
	uint64_t v[MQS_GROUP_VALUES];
	struct mqs_tx *tx;
	int rc;

	if (new->nbindings == 0 && new->nsettings == 0)
		return MQS_OK;
	if ((rc = mqs_tx_read(group->db, &tx, err)) != MQS_OK)
		return rc;
	if ((rc = mqs_group_read(tx, v, err)) == MQS_OK &&
	    (rc = bindings_agree(group, new, v[MQS_GROUP_DIGEST], err)) == MQS_OK)
		rc = settings_agree(group, new, tx, err);
	mqs_tx_abort(tx);
	return rc;
}
