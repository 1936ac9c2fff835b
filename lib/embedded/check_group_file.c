/* check_group_file.c - see check_group_file.h */
#include "base/advice.h"
#include "base/error.h"
#include "embedded/check_group.h"
#include "embedded/check_group_file.h"
#include "embedded/queue/group_file.h"
#include "embedded/store/lmdb/db_page_check.h"

struct paging {
	struct mqs_checking	*k;
	char			 file[MQS_GROUP_FILE];
};

static void
found_page(void *arg, uint64_t page, const char *text)
{
	const struct paging *p = arg;

	mqs_check_found(p->k, "%s: page %llu %s", p->file, (unsigned long long)page, text);
}

int
mqs_check_pages(struct mqs_checking *k, struct mqs_db *db, const char *group, int *unsafe,
    struct mqs_error *err)
{
	struct paging p = { .k = k, .file = "log.mdb" };
	const char *queue = k->log->dir.name;
	char ctl[MQS_CTL_SIZE];
	int rc;

	if (group != NULL)
		mqs_group_file(p.file, group, "mdb");
	if ((rc = mqs_db_check_pages(db, found_page, &p, unsafe, err)) != MQS_OK || !*unsafe)
		return rc;
	(void)mqs_ctl(ctl, k->log->dir.path);
	if (group == NULL)
		mqs_check_found(k, "%s: its messages can't be checked (%s salvage %s NEW "
		    "saves what is intact)", p.file, ctl, queue);
	else
		mqs_check_found(k, "%s: its entries can't be checked (%s salvage %s/%s "
		    "makes the group anew)", p.file, ctl, queue, group);
	return MQS_OK;
}

int
mqs_check_group_file(struct mqs_checking *k, const char *name)
{
	struct mqs_group *group;
	struct mqs_error why;
	int rc, unsafe, was_open = mqs_spool_find_group(k->spool, k->log, name) != NULL;

	rc = mqs_spool_group(k->spool, k->log->dir.name, name, 0, NULL, &group, &why);
	if (rc == MQS_OK)
		rc = mqs_check_pages(k, group->db, name, &unsafe, &why);
	if (rc == MQS_OK && !unsafe && !k->log_unsafe)
		rc = mqs_check_group(k, group, &why);
	if (!was_open)
		mqs_spool_forget_group(k->spool, k->log, name);
	if (rc == MQS_EDAMAGED || rc == MQS_EVERSION) {
		mqs_check_found(k, "%s", why.text);
		return MQS_OK;
	}
	if (rc != MQS_OK && k->err != NULL)
		*k->err = why;
	return rc == MQS_ENOENT ? MQS_OK : rc;
}
