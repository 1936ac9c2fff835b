/* group.c - opening a group, and closing it; see group.h */
#include <bsd/string.h>

#include <stdio.h>
#include <stdlib.h>
#include <unistd.h>

#include "base/error.h"
#include "embedded/queue/group_file.h"
#include "embedded/queue/group_missing.h"
#include "embedded/queue/group_page.h"
#include "embedded/queue/group_settings.h"
#include "embedded/queue/group_state.h"
#include "embedded/store/group_page_open.h"

static int
identify(struct mqs_group *group, struct mqs_tx *tx, struct mqs_error *err)
{
	const struct mqs_log *log = group->log;
	struct mqs_slice value;
	uint64_t v[MQS_GROUP_VALUES];
	uint32_t format;
	int rc;

	if ((rc = mqs_tx_get(tx, MQS_DB_MAIN, "format", 6, &value, err)) < 0)
		return rc;
	if (rc == MQS_NOTHING || value.n != 4)
		return mqs_tx_fail_damaged(tx, "not a group of mq", err);
	if ((format = mqs_get_le32(value.p)) != MQS_GROUP_FORMAT)
		return mqs_fail(err, MQS_EVERSION, "%s/%s.group.mdb: format %u, "
		    "this version of mq knows %u", log->dir.path, group->name,
		    format, MQS_GROUP_FORMAT);
	if ((rc = mqs_tx_get(tx, MQS_DB_MAIN, "log", 3, &value, err)) < 0)
		return rc;
	if (rc == MQS_NOTHING || value.n != 16 ||
	    memcmp(value.p, log->uuid, 16) != 0)
		return mqs_tx_fail_damaged(tx, "belongs to another queue's log", err);
	if ((rc = mqs_group_read(tx, v, err)) != MQS_OK)
		return rc;
	group->settings_seen = v[MQS_GROUP_SETTINGS] + 1;
	return mqs_group_settings_load(group, tx, v[MQS_GROUP_SETTINGS], err);
}

int
mqs_group_open(struct mqs_group **out, struct mqs_log *log, const char *name,
    struct mqs_error *err)
{
	char file[MQS_GROUP_FILE], label[2 * MQS_NAME_MAX + 2];
	struct mqs_group *group;
	struct mqs_db_spec spec;
	struct mqs_tx *tx;
	int rc;

	if (!mqs_dir_has_group(&log->dir, name))
		return mqs_group_fail_missing(log, name, err);
	if ((group = calloc(1, sizeof(*group))) == NULL)
		return mqs_fail_errno(err, "%s/%s", log->dir.name, name);
	group->log = log;
	group->page = -1;
	(void)strlcpy(group->name, name, sizeof(group->name));
	mqs_group_file(file, name, "mdb");
	snprintf(label, sizeof(label), "%s/%s", log->dir.name, name);
	mqs_group_spec(&spec, log, file, label);
	if ((rc = mqs_db_open(&group->db, &spec, err)) != MQS_OK ||
	    (rc = mqs_tx_read(group->db, &tx, err)) != MQS_OK)
		goto fail;
	rc = identify(group, tx, err);
	mqs_tx_abort(tx);
	if (rc != MQS_OK)
		goto fail;
	if ((rc = mqs_group_page_open(&log->dir, name, &group->page, err)) != MQS_OK ||
	    (rc = mqs_group_refresh(group, err)) != MQS_OK)
		goto fail;
	*out = group;
	return MQS_OK;
fail:
	mqs_group_close(group);
	return rc;
}

void
mqs_group_close(struct mqs_group *group)
{
	if (group == NULL)
		return;
	mqs_db_close(group->db);
	if (group->page != -1)
		close(group->page);
	mqs_bindings_free(&group->bindings);
	free(group);
}
