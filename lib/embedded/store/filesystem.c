/*
 * filesystem.c - what filesystems differ in, and whole trees
 *
 * LMDB needs one page cache and one set of locks under all its processes, which a
 * filesystem that several machines mount does not give (rule 8.16).  Such are told by
 * statfs's type.  FUSE has one type for everything: there the mount table names the
 * kind, and those known to reach over a network are refused.
 *
 * Making a path is repeatable: a crash leaves some of its directories.  Removing a
 * tree is too: a crash leaves the rest, under a name that the next sweep removes.
 */
#include <sys/stat.h>
#include <sys/sysmacros.h>
#include <sys/vfs.h>

#include <dirent.h>
#include <errno.h>
#include <fcntl.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>
#include <unistd.h>

#include "base/error.h"
#include "embedded/store/filesystem.h"
#include "embedded/store/queue_dir.h"

#define FUSE_TYPE	0x65735546u
#define DEEPEST		8	/* directories in a queue's, at most */

static const struct {
	unsigned	 type;
	const char	*name;
} network_types[] = {
	{ 0x00006969, "nfs" },
	{ 0x0000517b, "smb" },
	{ 0xfe534d42, "smb2" },
	{ 0xff534d42, "cifs" },
	{ 0x01021997, "9p" },
	{ 0x5346414f, "afs" },
	{ 0x6b414653, "afs" },
	{ 0x73757245, "coda" },
	{ 0x0000564c, "ncp" },
	{ 0x00c36400, "ceph" },
	{ 0x0bd00bd0, "lustre" },
	{ 0x47504653, "gpfs" },
	{ 0x19830326, "beegfs" },
	{ 0x01161970, "gfs2" },
	{ 0x7461636f, "ocfs2" }
};

static const char *const network_fuse[] = {
	"sshfs", "glusterfs", "s3fs", "rclone", "gcsfuse", "goofys", "ceph", "davfs",
	"moosefs", "curlftpfs", "smbnetfs", "juicefs", "seaweedfs", "afpfs", "virtiofs"
};

static int
refuse(const char *path, const char *type, struct mqs_error *err)
{
	return mqs_fail(err, MQS_ENOTSUP,
	    "%s: spool on a network filesystem (%s): not supported", path, type);
}

/*
 * The type of a mounted filesystem as a line of mountinfo has it: 0 if the line is of
 * device dev.  "36 35 98:0 /root /mount options ... - fuse.sshfs source options"
 */
static int
mount_type(const char *line, dev_t dev, char type[64])
{
	unsigned major_part, minor_part;
	const char *dash;

	if (sscanf(line, "%*u %*u %u:%u", &major_part, &minor_part) != 2 ||
	    major_part != major(dev) || minor_part != minor(dev))
		return -1;
	if ((dash = strstr(line, " - ")) == NULL ||
	    sscanf(dash + 3, "%63s", type) != 1)
		return -1;
	return 0;
}

/* By how the name begins: "fuse.davfs2", "fuse.ceph-fuse", "virtiofs". */
static int
is_network_fuse(const char *type)
{
	size_t i;

	if (strncmp(type, "fuse.", 5) == 0)
		type += 5;
	for (i = 0; i < sizeof(network_fuse) / sizeof(network_fuse[0]); i++) {
		if (strncmp(type, network_fuse[i], strlen(network_fuse[i])) == 0)
			return 1;
	}
	return 0;
}

static int
check_fuse(int fd, const char *path, struct mqs_error *err)
{
	char *line = NULL, type[64];
	size_t size = 0;
	struct stat st;
	FILE *mounts;
	int rc = MQS_OK;

	if (fstat(fd, &st) == -1)
		return mqs_fail_errno(err, "%s", path);
	if ((mounts = fopen("/proc/self/mountinfo", "re")) == NULL)
		return refuse(path, "fuse, of an unknown kind", err);
	while (rc == MQS_OK && getline(&line, &size, mounts) != -1) {
		if (mount_type(line, st.st_dev, type) == 0 && is_network_fuse(type))
			rc = refuse(path, type, err);
	}
	free(line);
	fclose(mounts);
	return rc;
}

int
mqs_filesystem_check(int fd, const char *path, struct mqs_error *err)
{
	struct statfs fs;
	unsigned type;
	size_t i;

	while (fstatfs(fd, &fs) == -1) {
		if (errno != EINTR)
			return mqs_fail_errno(err, "%s", path);
	}
	type = (unsigned)fs.f_type;
	for (i = 0; i < sizeof(network_types) / sizeof(network_types[0]); i++) {
		if (type == network_types[i].type)
			return refuse(path, network_types[i].name, err);
	}
	return type == FUSE_TYPE ? check_fuse(fd, path, err) : MQS_OK;
}

int
mqs_rename_new(int from_dir, const char *from, int to_dir, const char *to)
{
	struct stat st;

	if (renameat2(from_dir, from, to_dir, to, RENAME_NOREPLACE) == 0)
		return 0;
	/* A directory that is not empty is told so, whatever was asked. */
	if (errno == ENOTEMPTY)
		errno = EEXIST;
	if (errno != EINVAL && errno != ENOSYS)
		return -1;
	/*
	 * Some filesystems can't do that.  A file can be linked, which never replaces;
	 * for a directory, the caller's lock must keep others away meanwhile.
	 */
	if (fstatat(from_dir, from, &st, AT_SYMLINK_NOFOLLOW) == -1)
		return -1;
	if (!S_ISDIR(st.st_mode)) {
		if (linkat(from_dir, from, to_dir, to, 0) == -1)
			return -1;
		return unlinkat(from_dir, from, 0);
	}
	if (fstatat(to_dir, to, &st, AT_SYMLINK_NOFOLLOW) == 0) {
		errno = EEXIST;
		return -1;
	}
	return errno == ENOENT ? renameat(from_dir, from, to_dir, to) : -1;
}

static int
remove_contents(int dir, int depth)
{
	struct dirent *entry;
	int fd, inner, failed = 0;
	DIR *list;

	if ((list = fdopendir(dir)) == NULL) {
		close(dir);
		return -1;
	}
	while (errno = 0, (entry = readdir(list)) != NULL) {
		if (strcmp(entry->d_name, ".") == 0 || strcmp(entry->d_name, "..") == 0 ||
		    unlinkat(dirfd(list), entry->d_name, 0) == 0 || errno == ENOENT)
			continue;
		inner = -1;
		fd = openat(dirfd(list), entry->d_name,
		    O_RDONLY | O_DIRECTORY | O_NOFOLLOW | O_CLOEXEC);
		if (fd != -1 && depth == 0)
			close(fd);
		else if (fd != -1)
			inner = remove_contents(fd, depth - 1);
		if (inner == -1 || unlinkat(dirfd(list), entry->d_name, AT_REMOVEDIR) == -1)
			failed = errno != 0 ? errno : ENOTEMPTY;
	}
	if (errno != 0 && failed == 0)
		failed = errno;
	closedir(list);
	errno = failed;
	return failed != 0 ? -1 : 0;
}

int
mqs_remove_tree(int dir, const char *name)
{
	int fd, saved;

	if (unlinkat(dir, name, 0) == 0 || errno == ENOENT)
		return 0;
	saved = errno;		/* EISDIR, or why it can't be removed */
	fd = openat(dir, name, O_RDONLY | O_DIRECTORY | O_NOFOLLOW | O_CLOEXEC);
	if (fd == -1) {
		errno = errno == ENOTDIR ? saved : errno;
		return -1;
	}
	if (remove_contents(fd, DEEPEST) == -1)
		return -1;
	return unlinkat(dir, name, AT_REMOVEDIR) == 0 || errno == ENOENT ? 0 : -1;
}

/* Syncs the directory that the first n bytes of path name; 0: the current one. */
static int
sync_prefix(char *path, size_t n, struct mqs_error *err)
{
	const char *name = n == 0 ? "." : path;
	char saved = path[n];
	int fd, rc;

	path[n] = '\0';
	fd = open(name, O_RDONLY | O_DIRECTORY | O_CLOEXEC);
	if (fd != -1) {
		rc = mqs_dir_sync(fd, name, err);
		close(fd);
	} else			/* it may be one that we can write but not read */
		rc = errno == EACCES ? MQS_OK : mqs_fail_errno(err, "%s", name);
	path[n] = saved;
	return rc;
}

/* Where the parent of what the first n bytes name ends; 0: the current directory. */
static size_t
parent_end(const char *path, size_t n)
{
	while (n > 0 && path[n - 1] != '/')
		n--;
	while (n > 1 && path[n - 1] == '/')
		n--;
	return n;
}

/* Makes the directory that the first n bytes of path name, if it is not there. */
static int
make_one(char *path, size_t n, struct mqs_error *err)
{
	char saved = path[n];
	struct stat st;
	int rc, reason;

	path[n] = '\0';
	if (mkdir(path, 0777) == 0)
		rc = sync_prefix(path, parent_end(path, n), err);
	else {
		reason = errno;
		if (stat(path, &st) == -1) {
			errno = reason;
			rc = mqs_fail_errno(err, "%s: can't be made", path);
		} else if (S_ISDIR(st.st_mode))
			rc = MQS_OK;
		else
			rc = mqs_fail(err, MQS_EINVAL, "%s: not a directory", path);
	}
	path[n] = saved;
	return rc;
}

int
mqs_make_path(const char *path, struct mqs_error *err)
{
	struct stat st;
	char *copy;
	size_t n = 0;
	int rc = MQS_OK;

	if (stat(path, &st) == 0 && S_ISDIR(st.st_mode))
		return MQS_OK;
	if ((copy = strdup(path)) == NULL)
		return mqs_fail_errno(err, "%s", path);
	while (rc == MQS_OK && copy[n] != '\0') {
		n += strspn(copy + n, "/");
		n += strcspn(copy + n, "/");
		if (n > 0 && copy[n - 1] != '/')
			rc = make_one(copy, n, err);
	}
	free(copy);
	return rc;
}
