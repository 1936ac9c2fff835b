/*
 * blob_sweep.c - collecting large bodies that no record names
 *
 * See blob.c for how such orphans come about, and why the sweep locks a file before it
 * looks for its record.
 */
#include <sys/file.h>

#include <errno.h>
#include <fcntl.h>
#include <unistd.h>

#include "base/error.h"
#include "embedded/store/blob_file.h"
#include "embedded/store/blob_hold.h"
#include "embedded/store/blob_sweep.h"
#include "embedded/store/file.h"

/* Removes one file if it has neither writer nor record. */
static int
sweep_one(const struct mqs_dir *dir, uint64_t name,
    int (*referenced)(void *arg, uint64_t name, struct mqs_error *err),
    void *arg, uint64_t *removed, struct mqs_error *err)
{
	char text[MQS_FILE_NAME];
	int fd, rc;

	fd = mqs_file_open(dir->blob, mqs_file_name(name, text),
	    O_RDONLY | O_NONBLOCK);
	if (fd == -1)
		/* Gone meanwhile, or not ours to judge. */
		return errno == ENOENT || errno == EACCES ? 0 :
		    mqs_file_fail(err, dir, "blob", name, "open");
	while ((rc = flock(fd, LOCK_EX | LOCK_NB)) == -1 && errno == EINTR)
		continue;
	if (rc == -1)
		/* Else it is being written. */
		rc = errno == EWOULDBLOCK ? 0 :
		    mqs_file_fail(err, dir, "blob", name, "lock");
	else if (mqs_blob_is_held(dir))
		rc = 0;		/* by a publisher, whose record comes yet */
	else if ((rc = referenced(arg, name, err)) == 0) {
		if (mqs_blob_is_held(dir)) {	/* by a backup, which has an older snapshot */
			close(fd);
			return 0;
		}
		rc = mqs_blob_unlink(dir, name, err);
		*removed += rc == 0;
	} else if (rc > 0)
		rc = 0;
	close(fd);
	return rc;
}

int
mqs_blob_sweep(const struct mqs_dir *dir,
    int (*referenced)(void *arg, uint64_t name, struct mqs_error *err),
    void *arg, uint64_t *removed, struct mqs_error *err)
{
	struct dirent *entry;
	uint64_t name;
	DIR *folder;
	int rc = 0;

	*removed = 0;
	if ((folder = mqs_file_list(dir->blob)) == NULL)
		return mqs_fail_errno(err, "%s/blob", dir->path);
	while (rc == 0) {
		errno = 0;
		if ((entry = readdir(folder)) == NULL)
			break;
		if (mqs_file_number(entry->d_name, &name) == 0)
			rc = sweep_one(dir, name, referenced, arg, removed, err);
	}
	if (rc == 0 && errno != 0)
		rc = mqs_fail_errno(err, "%s/blob", dir->path);
	closedir(folder);
	return rc;
}
