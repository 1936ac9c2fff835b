/* check_left_over.c - see check_left_over.h */
#include "base/advice.h"
#include "embedded/check_left_over.h"
#include "embedded/store/queue_dir.h"

static void
tell(struct mqs_checking *k, const char *where, const char *name)
{
	const struct mqs_dir *dir = &k->log->dir;
	char ctl[MQS_CTL_SIZE];

	mqs_check_noted(k, "%s%s: left over from what was being made or removed (%s check --repair "
	    "%s removes it)", where, name, mqs_ctl(ctl, dir->path), dir->name);
}

static void
tell_of_queue(void *arg, const char *name)
{
	tell(arg, "", name);
}

static void
tell_of_spool(void *arg, const char *name)
{
	tell(arg, "../", name);
}

int
mqs_check_left_over(struct mqs_checking *k, struct mqs_error *err)
{
	struct mqs_dir *dir = &k->log->dir;
	int rc, unlocked;

	if (!k->spool->left_over_told)
		mqs_spool_left_over_around(dir, tell_of_spool, k);
	k->spool->left_over_told = 1;
	if ((rc = mqs_dir_gate(dir, 1, err)) != MQS_OK)
		return rc;
	rc = mqs_dir_left_over(dir, tell_of_queue, k, err);
	unlocked = mqs_dir_gate(dir, 0, rc == MQS_OK ? err : NULL);
	return rc != MQS_OK ? rc : unlocked;
}
