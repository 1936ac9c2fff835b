/*
 * filesystem.c - can a spool live on this filesystem
 *
 * LMDB needs one page cache and one set of locks under all its processes, which a
 * filesystem that several machines mount does not give (rule 8.16).  Such filesystems are
 * told by statfs's type.  FUSE has one type for everything: there the mount table names the
 * kind, and the kinds that are known to reach over a network are refused.
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

#define FUSE_TYPE	0x65735546u

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
