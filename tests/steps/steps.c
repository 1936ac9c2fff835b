/*
 * steps.c - ends a tool, or fails it, at one of the steps by which it changes files
 *
 * Or at one of those by which it changes what a cluster has: where STEPS_DIR is "socket:", what it
 * sends to sockets is counted.
 *
 * To be loaded into a tool (LD_PRELOAD).  It counts the calls that change files below the
 * directory STEPS_DIR.  Call number STEPS_KILL is not made: the process is killed.  Before
 * call number STEPS_STOP, the process stops until it is told to go on (SIGCONT).  Call
 * number STEPS_FULL fails with ENOSPC, and so does each later one that needs room.  The
 * number of calls is written to the file STEPS_COUNT, if the process gets to its end.
 */
#include <sys/types.h>
#include <sys/socket.h>
#include <sys/uio.h>

#include <dlfcn.h>
#include <errno.h>
#include <fcntl.h>
#include <limits.h>
#include <signal.h>
#include <stdarg.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>
#include <unistd.h>

static long
number(const char *name)
{
	const char *text = getenv(name);

	return text == NULL ? 0 : atol(text);
}

static long calls;

/* A step of which the loaded tool takes room on the disk (or not): -1 if it is to fail. */
static int
step(int room)
{
	calls++;
	if (calls == number("STEPS_KILL"))
		raise(SIGKILL);
	if (calls == number("STEPS_STOP"))
		raise(SIGSTOP);
	if (number("STEPS_FULL") != 0 && calls >= number("STEPS_FULL") && room) {
		errno = ENOSPC;
		return -1;
	}
	return 0;
}

static int
is_ours(int fd)
{
	const char *dir = getenv("STEPS_DIR");
	char link[32], path[PATH_MAX];
	ssize_t n;

	if (dir == NULL)
		return 0;
	if (fd == AT_FDCWD)
		return 1;
	snprintf(link, sizeof(link), "/proc/self/fd/%d", fd);
	n = readlink(link, path, sizeof(path) - 1);
	return n > 0 && (size_t)n >= strlen(dir) && memcmp(path, dir, strlen(dir)) == 0;
}

#define REAL(type, name) __extension__ ((type)dlsym(RTLD_NEXT, name))

ssize_t
pwrite(int fd, const void *p, size_t n, off_t at)
{
	if (is_ours(fd) && step(1) == -1)
		return -1;
	return REAL(ssize_t (*)(int, const void *, size_t, off_t), "pwrite")(fd, p, n, at);
}

ssize_t
pwrite64(int fd, const void *p, size_t n, off_t at)
{
	return pwrite(fd, p, n, at);
}

ssize_t
write(int fd, const void *p, size_t n)
{
	if (is_ours(fd) && step(1) == -1)
		return -1;
	return REAL(ssize_t (*)(int, const void *, size_t), "write")(fd, p, n);
}

ssize_t
send(int fd, const void *p, size_t n, int flags)
{
	if (is_ours(fd) && step(1) == -1)
		return -1;
	return REAL(ssize_t (*)(int, const void *, size_t, int), "send")(fd, p, n, flags);
}

ssize_t
pwritev(int fd, const struct iovec *v, int n, off_t at)
{
	if (is_ours(fd) && step(1) == -1)
		return -1;
	return REAL(ssize_t (*)(int, const struct iovec *, int, off_t), "pwritev")(fd, v, n, at);
}

ssize_t
pwritev64(int fd, const struct iovec *v, int n, off_t at)
{
	return pwritev(fd, v, n, at);
}

ssize_t
copy_file_range(int from, off_t *in, int to, off_t *out, size_t n, unsigned flags)
{
	if (is_ours(to) && step(1) == -1)
		return -1;
	return REAL(ssize_t (*)(int, off_t *, int, off_t *, size_t, unsigned),
	    "copy_file_range")(from, in, to, out, n, flags);
}

int
ftruncate(int fd, off_t size)
{
	if (is_ours(fd) && step(0) == -1)
		return -1;
	return REAL(int (*)(int, off_t), "ftruncate")(fd, size);
}

int
ftruncate64(int fd, off_t size)
{
	return ftruncate(fd, size);
}

int
fsync(int fd)
{
	if (is_ours(fd) && step(1) == -1)
		return -1;
	return REAL(int (*)(int), "fsync")(fd);
}

int
fdatasync(int fd)
{
	if (is_ours(fd) && step(1) == -1)
		return -1;
	return REAL(int (*)(int), "fdatasync")(fd);
}

int
renameat(int a, const char *from, int b, const char *to)
{
	if (is_ours(b) && step(0) == -1)
		return -1;
	return REAL(int (*)(int, const char *, int, const char *), "renameat")(a, from, b, to);
}

int
renameat2(int a, const char *from, int b, const char *to, unsigned flags)
{
	if (is_ours(b) && step(0) == -1)
		return -1;
	return REAL(int (*)(int, const char *, int, const char *, unsigned), "renameat2")(a, from,
	    b, to, flags);
}

int
unlinkat(int dir, const char *name, int flags)
{
	if (is_ours(dir) && step(0) == -1)
		return -1;
	return REAL(int (*)(int, const char *, int), "unlinkat")(dir, name, flags);
}

int
mkdirat(int dir, const char *name, mode_t mode)
{
	if (is_ours(dir) && step(1) == -1)
		return -1;
	return REAL(int (*)(int, const char *, mode_t), "mkdirat")(dir, name, mode);
}

int
openat(int dir, const char *name, int flags, ...)
{
	mode_t mode = 0;
	va_list ap;

	if (flags & O_CREAT) {
		va_start(ap, flags);
		mode = va_arg(ap, mode_t);
		va_end(ap);
		if (is_ours(dir) && step(1) == -1)
			return -1;
	}
	return REAL(int (*)(int, const char *, int, ...), "openat")(dir, name, flags, mode);
}

int
openat64(int dir, const char *name, int flags, ...)
{
	mode_t mode = 0;
	va_list ap;

	if (flags & O_CREAT) {
		va_start(ap, flags);
		mode = va_arg(ap, mode_t);
		va_end(ap);
	}
	return openat(dir, name, flags, mode);
}

static void __attribute__((destructor))
tell(void)
{
	const char *name = getenv("STEPS_COUNT");
	FILE *f;

	unsetenv("STEPS_DIR");
	if (name != NULL && (f = fopen(name, "w")) != NULL) {
		fprintf(f, "%ld\n", calls);
		fclose(f);
	}
}
