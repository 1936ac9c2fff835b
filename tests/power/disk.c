/*
 * disk.c - remembers what would be on the disk if the power failed now (LD_PRELOAD)
 *
 * In the directory $POWER_DISK, whatever the program says:
 *
 *	FILE.i		what was in a regular file when it was synced last, with what went
 *			through O_DSYNC descriptors since
 *	FILE.d		the entries of a directory when that was synced last: a line each,
 *			"NAME<TAB>FILE"
 *
 * FILE is the inode's number and the time when it was made (numbers are used again).
 * The content is taken before the sync and kept after it: what is written meanwhile is
 * not promised.  tests/power/fail.c makes from this what the disk may hold.
 *
 * Processes that share files take a lock from content to sync, so that no older content
 * replaces a newer.  A process that is killed in the middle leaves the older.
 */
#include <sys/file.h>
#include <sys/stat.h>
#include <sys/uio.h>

#include <dirent.h>
#include <dlfcn.h>
#include <errno.h>
#include <fcntl.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>
#include <unistd.h>

#include "power.h"

#define real(type, name) ((type)(uintptr_t)dlsym(RTLD_NEXT, name))

typedef int	sync_fn(int);
typedef ssize_t	pwrite_fn(int, const void *, size_t, off_t);

static void __attribute__((noreturn))
broken(const char *what)
{
	fprintf(stderr, "power: %s: %s\n", what, strerror(errno));
	abort();
}

/* The descriptor of $POWER_DISK, or -1: nothing is to be remembered. */
static int
disk(void)
{
	static int fd = -2;
	const char *path;

	if (fd != -2)
		return fd;
	if ((path = getenv("POWER_DISK")) == NULL)
		return fd = -1;
	/* Out of the way of programs that count on low numbers. */
	if ((fd = open(path, O_RDONLY | O_DIRECTORY | O_CLOEXEC)) == -1 ||
	    (fd = fcntl(fd, F_DUPFD_CLOEXEC, 700)) == -1)
		broken(path);
	return fd;
}

static int
lock(void)
{
	int fd = openat(disk(), "lock", O_RDWR | O_CREAT | O_CLOEXEC, 0600);

	if (fd == -1)
		broken("lock");
	while (flock(fd, LOCK_EX) == -1)
		if (errno != EINTR)
			broken("lock");
	return fd;
}

static void
keep_content(int fd, int out)
{
	char buf[65536], self[32];
	ssize_t n;
	off_t at;
	int in = fd;

	/* Written through a descriptor that may not read. */
	if ((fcntl(fd, F_GETFL) & O_ACCMODE) == O_WRONLY) {
		snprintf(self, sizeof(self), "/proc/self/fd/%d", fd);
		if ((in = open(self, O_RDONLY | O_CLOEXEC)) == -1)
			broken(self);
	}
	for (at = 0; (n = pread(in, buf, sizeof(buf), at)) > 0; at += n)
		if (real(pwrite_fn *, "pwrite")(out, buf, (size_t)n, at) != n)
			broken("copying");
	if (n == -1)
		broken("reading");
	if (in != fd)
		close(in);
}

static void
keep_entries(int fd, int out)
{
	char name[POWER_NAME];
	struct dirent *e;
	int copy = openat(fd, ".", O_RDONLY | O_DIRECTORY | O_CLOEXEC);
	DIR *list = copy == -1 ? NULL : fdopendir(copy);

	if (list == NULL)
		broken("listing");
	while ((e = readdir(list)) != NULL)
		if (strcmp(e->d_name, ".") != 0 && strcmp(e->d_name, "..") != 0 &&
		    power_name(dirfd(list), e->d_name, name) == 0)
			dprintf(out, "%s\t%s\n", e->d_name, name);
	closedir(list);
}

static int
keep(int fd, sync_fn *sync_it)
{
	char name[POWER_NAME], whole[POWER_NAME + 2];
	struct stat st;
	int out, held, rc, error;

	if (disk() == -1 || fstat(fd, &st) == -1 ||
	    (!S_ISREG(st.st_mode) && !S_ISDIR(st.st_mode)))
		return sync_it(fd);
	if (power_name(fd, "", name) == -1)
		broken("statx");
	snprintf(whole, sizeof(whole), "%s.%c", name, S_ISDIR(st.st_mode) ? 'd' : 'i');
	held = lock();
	out = openat(disk(), "new", O_RDWR | O_CREAT | O_TRUNC | O_CLOEXEC, 0600);
	if (out == -1)
		broken("new");
	if (S_ISDIR(st.st_mode))
		keep_entries(fd, out);
	else
		keep_content(fd, out);
	close(out);
	rc = sync_it(fd);
	error = errno;
	if (rc == 0 && renameat(disk(), "new", disk(), whole) == -1)
		broken("rename");
	close(held);
	errno = error;
	return rc;
}

int
fsync(int fd)
{
	return keep(fd, real(sync_fn *, "fsync"));
}

int
fdatasync(int fd)
{
	return keep(fd, real(sync_fn *, "fdatasync"));
}

ssize_t
pwrite(int fd, const void *p, size_t n, off_t at)
{
	char name[POWER_NAME], whole[POWER_NAME + 2];
	ssize_t done = real(pwrite_fn *, "pwrite")(fd, p, n, at);
	int out, held, error = errno;

	if (done <= 0 || disk() == -1 || !(fcntl(fd, F_GETFL) & O_DSYNC))
		return done;
	if (power_name(fd, "", name) == -1)
		broken("statx");
	snprintf(whole, sizeof(whole), "%s.i", name);
	held = lock();
	out = openat(disk(), whole, O_RDWR | O_CREAT | O_CLOEXEC, 0600);
	if (out == -1 || real(pwrite_fn *, "pwrite")(out, p, (size_t)done, at) != done)
		broken(whole);
	close(out);
	close(held);
	errno = error;
	return done;
}

ssize_t
pwrite64(int fd, const void *p, size_t n, off_t at)
{
	return pwrite(fd, p, n, at);
}
