/*
 * file.c - what the files of a queue's directory have in common
 *
 * Locks are open-file-description locks.  Unlike the older kind they belong to
 * what open(2) made: closing another descriptor of the same file does not drop
 * them, a child that inherits the descriptor shares them, and the kernel drops
 * them when the last descriptor is gone, however its process ended.
 */
#include <sys/stat.h>

#include <errno.h>
#include <fcntl.h>
#include <inttypes.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>
#include <unistd.h>

#include "base/error.h"
#include "embedded/store/file.h"
#include "embedded/store/directory.h"

int
mqs_file_open(int folder, const char *name, int flags)
{
	int fd;

	do {
		fd = openat(folder, name, flags | O_CLOEXEC | O_NOFOLLOW, 0600);
	} while (fd == -1 && errno == EINTR);
	return fd;
}

int
mqs_file_temp(int folder, char name[MQS_FILE_TEMP])
{
	int fd;

	do {
		mqs_temp_name(name);
		fd = mqs_file_open(folder, name, O_RDWR | O_CREAT | O_EXCL);
	} while (fd == -1 && errno == EEXIST);
	return fd;
}

int
mqs_file_place(int folder, const char *temp, const char *name)
{
	int error;

	if (mqs_rename_new(folder, temp, folder, name) == 0)
		return 0;
	error = errno;
	unlinkat(folder, temp, 0);
	errno = error;
	return -1;
}

int
mqs_file_share(int fd, int folder)
{
	struct stat st;
	int rc;

	if (fstat(folder, &st) == -1)
		return -1;
	do {
		rc = fchmod(fd, st.st_mode & 0666);
	} while (rc == -1 && errno == EINTR);
	return rc;
}

int
mqs_file_fits(const struct stat *file, int folder)
{
	struct stat st;

	if (fstat(folder, &st) == -1)
		return 0;
	return (file->st_mode & 0666) == (st.st_mode & 0666) &&
	    file->st_uid == geteuid() &&
	    file->st_gid == (st.st_mode & S_ISGID ? st.st_gid : getegid());
}

DIR *
mqs_file_list(int folder)
{
	int fd, error;
	DIR *list;

	fd = mqs_file_open(folder, ".", O_RDONLY | O_DIRECTORY);
	if (fd == -1)
		return NULL;
	if ((list = fdopendir(fd)) == NULL) {
		error = errno;
		close(fd);
		errno = error;
	}
	return list;
}

ssize_t
mqs_file_read(int fd, void *p, size_t n, uint64_t at)
{
	size_t done = 0;
	ssize_t r;

	while (done < n) {
		r = pread(fd, (char *)p + done, n - done, (off_t)(at + done));
		if (r == -1 && errno == EINTR)
			continue;
		if (r == -1)
			return -1;
		if (r == 0)
			break;
		done += (size_t)r;
	}
	return (ssize_t)done;
}

int
mqs_file_write(int fd, const void *p, size_t n, uint64_t at)
{
	size_t done = 0;
	ssize_t r;

	while (done < n) {
		r = pwrite(fd, (const char *)p + done, n - done,
		    (off_t)(at + done));
		if (r == -1 && errno == EINTR)
			continue;
		if (r == -1)
			return -1;
		done += (size_t)r;
	}
	return 0;
}

void
mqs_file_path(int fd, char *path, size_t size)
{
	char link[32];
	ssize_t n;

	snprintf(link, sizeof(link), "/proc/self/fd/%d", fd);
	n = readlink(link, path, size - 1);
	if (n > 0)
		path[n] = '\0';
	else
		snprintf(path, size, "a file");
}

int
mqs_file_lock(int fd, short type, uint64_t byte, int wait)
{
	struct flock lock = {
		.l_type = type, .l_whence = SEEK_SET,
		.l_start = (off_t)byte, .l_len = 1
	};
	int rc;

	do {
		rc = fcntl(fd, wait ? F_OFD_SETLKW : F_OFD_SETLK, &lock);
	} while (rc == -1 && errno == EINTR);
	if (rc == -1 && errno == EACCES)
		errno = EAGAIN;		/* POSIX allows either */
	return rc;
}

int
mqs_file_locked(int fd, uint64_t byte, uint64_t n)
{
	struct flock lock = {
		.l_type = F_WRLCK, .l_whence = SEEK_SET,
		.l_start = (off_t)byte, .l_len = (off_t)n
	};

	while (fcntl(fd, F_OFD_GETLK, &lock) == -1) {
		if (errno != EINTR)
			return -1;
	}
	return lock.l_type != F_UNLCK;
}

int
mqs_file_fail(struct mqs_error *err, const struct mqs_dir *dir,
    const char *folder, uint64_t number, const char *what)
{
	return mqs_fail_errno(err, "%s/%s/%016" PRIx64 ": %s", dir->path, folder,
	    number, what);
}

char *
mqs_file_name(uint64_t number, char name[MQS_FILE_NAME])
{
	snprintf(name, MQS_FILE_NAME, "%016" PRIx64, number);
	return name;
}

int
mqs_file_number(const char *name, uint64_t *number)
{
	if (strspn(name, "0123456789abcdef") != 16 || name[16] != '\0')
		return -1;
	*number = strtoull(name, NULL, 16);
	return 0;
}
