/* group_missing.c - see group_missing.h */
#include <sys/stat.h>

#include "base/advice.h"
#include "base/error.h"
#include "embedded/queue/group_file.h"
#include "embedded/queue/group_missing.h"

int
mqs_group_is_lost(const struct mqs_dir *dir, const char *group)
{
	char file[MQS_GROUP_FILE];
	struct stat st;

	mqs_group_file(file, group, "stat");
	/* It may be made between the two looks: so it is looked for once more. */
	return !mqs_dir_has_group(dir, group) && fstatat(dir->fd, file, &st, 0) == 0 &&
	    !mqs_dir_has_group(dir, group);
}

int
mqs_group_fail_missing(const struct mqs_log *log, const char *group, struct mqs_error *err)
{
	const struct mqs_dir *dir = &log->dir;
	char ctl[MQS_CTL_SIZE];

	if (!mqs_group_is_lost(dir, group))
		return mqs_fail(err, MQS_ENOENT, "%s/%s: no such group", dir->name, group);
	(void)mqs_ctl(ctl, dir->path);
	return mqs_fail(err, MQS_EDAMAGED, "%s/%s: its file %s.group.mdb is gone (%s salvage %s/%s makes "
	    "the group anew where it was; to begin it anew: %s delete %s/%s)", dir->name, group, group,
	    ctl, dir->name, group, ctl, dir->name, group);
}
