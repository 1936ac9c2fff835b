/* group_page.c - see group_page.h */
#include <sys/stat.h>

#include <string.h>
#include <unistd.h>

#include "base/error.h"
#include "embedded/queue/group_file.h"
#include "embedded/queue/group_page.h"
#include "embedded/queue/group_state.h"
#include "embedded/store/group_page_open.h"

void
mqs_group_page_fill(struct mqs_page *page, uint64_t tx, const uint64_t *v)
{
	memset(page, 0, sizeof(*page));
	page->tx = tx;
	memcpy(page->v, v, MQS_GROUP_VALUES * sizeof(*v));
}

int
mqs_group_page_find(struct mqs_group *group, struct mqs_error *err)
{
	struct stat st;
	int rc, fd;

	if (fstat(group->page, &st) == -1 || st.st_nlink > 0)
		return MQS_OK;
	rc = mqs_group_page_open(&group->log->dir, group->name, &fd, err);
	if (rc == MQS_ENOENT)
		return mqs_fail(err, rc, "%s/%s: group was deleted", group->log->dir.name, group->name);
	if (rc != MQS_OK)
		return rc;
	close(group->page);
	group->page = fd;
	return MQS_OK;
}

int
mqs_group_refresh(struct mqs_group *group, struct mqs_error *err)
{
	uint64_t v[MQS_GROUP_VALUES];
	struct mqs_page page, old;
	struct mqs_tx *tx;
	uint64_t number;
	int rc, there;

	/* The page first: what is then younger than the snapshot is of another life. */
	if ((rc = mqs_group_page_find(group, err)) != MQS_OK)
		return rc;
	/* And it is of this group: the page of one made since must not be written. */
	if ((rc = mqs_db_check_path(group->db, err)) != MQS_OK)
		return rc;
	there = mqs_page_read(group->page, &old, err);
	if (there == MQS_OK && old.tx != 0 && old.tx == mqs_db_last_commit(group->db))
		return MQS_OK;
	if (there < 0 || (rc = mqs_tx_read(group->db, &tx, err)) != MQS_OK)
		return there < 0 ? there : rc;
	rc = mqs_group_read(tx, v, err);
	number = mqs_tx_number(tx);
	mqs_tx_abort(tx);
	if (rc != MQS_OK || (there == MQS_OK && old.tx == number))
		return rc;
	if (there == MQS_OK && old.tx > number &&
	    (rc = mqs_page_reset(group->page, err)) != MQS_OK)
		return rc;
	mqs_group_page_fill(&page, number, v);
	return mqs_page_write(group->page, &page, 0, err);
}

int
mqs_group_peek(const struct mqs_dir *dir, const char *name,
    uint64_t v[MQS_GROUP_VALUES], struct mqs_error *err)
{
	char file[MQS_GROUP_FILE];
	struct mqs_page page;
	int rc;

	mqs_group_file(file, name, "stat");
	if ((rc = mqs_page_peek(dir, file, &page, err)) == MQS_OK)
		memcpy(v, page.v, MQS_GROUP_VALUES * sizeof(*v));
	return rc;
}
