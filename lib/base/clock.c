/*
 * clock.c - the clocks, and which boot this is
 *
 * These functions can't fail.  Every Linux has the clocks, and nothing sensible can be done
 * without them, so a system that refuses one aborts the program.  The kernel's boot id may
 * be absent (/proc is not mounted); then the second in which the system booted identifies
 * the boot.
 */
#include <sys/types.h>

#include <errno.h>
#include <fcntl.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>
#include <time.h>
#include <unistd.h>

#include "base/clock.h"
#include "base/hash.h"

static int64_t
clock_ns(clockid_t id)
{
	struct timespec ts;

	if (clock_gettime(id, &ts) == -1)
		abort();
	return (int64_t)ts.tv_sec * MQS_SECOND + ts.tv_nsec;
}

int64_t
mqs_now(void)
{
	return clock_ns(CLOCK_REALTIME);
}

int64_t
mqs_boottime(void)
{
	return clock_ns(CLOCK_BOOTTIME);
}

/* Reads the start of a small file: its length, or -1. */
static ssize_t
read_small(const char *path, char *buf, size_t room)
{
	size_t have = 0;
	ssize_t n = 0;
	int fd;

	do
		fd = open(path, O_RDONLY | O_CLOEXEC);
	while (fd == -1 && errno == EINTR);
	if (fd == -1)
		return -1;
	while (have < room) {
		n = read(fd, buf + have, room - have);
		if (n == -1 && errno == EINTR)
			continue;
		if (n <= 0)
			break;
		have += (size_t)n;
	}
	(void)close(fd);
	return n == -1 ? -1 : (ssize_t)have;
}

static uint64_t
read_boot(void)
{
	char id[64];
	uint64_t hash;
	int64_t since;
	ssize_t n;

	n = read_small("/proc/sys/kernel/random/boot_id", id, sizeof(id));
	if (n > 0 && id[n - 1] == '\n')
		n--;
	if (n > 0)
		hash = XXH3_64bits(id, (size_t)n);
	else {
		since = (mqs_now() - mqs_boottime() + MQS_SECOND / 2) / MQS_SECOND;
		hash = XXH3_64bits(&since, sizeof(since));
	}
	return hash == 0 ? 1 : hash;
}

int64_t
mqs_later(int64_t time, int64_t ns)
{
	int64_t sum;

	if (__builtin_add_overflow(time, ns, &sum))
		return ns < 0 ? 0 : INT64_MAX;
	return sum < 0 ? 0 : sum;
}

/*
 * Asked at every commit.  What is kept can't change while a process lives, and two
 * threads that find it empty store the same.
 */
uint64_t
mqs_boot(void)
{
	static _Atomic uint64_t boot;
	uint64_t known = boot;

	if (known == 0)
		boot = known = read_boot();
	return known;
}

uint64_t
mqs_tick(int64_t boottime)
{
	long hz = sysconf(_SC_CLK_TCK);

	return hz < 1 ? 0 : (uint64_t)(boottime / (MQS_SECOND / hz));
}

uint64_t
mqs_process_start(int64_t pid)
{
	char path[48], stat[1024], *p, *end;
	unsigned long long ticks;
	ssize_t n;
	int field;

	if (pid <= 0)
		return 0;
	(void)snprintf(path, sizeof(path), "/proc/%lld/stat", (long long)pid);
	if ((n = read_small(path, stat, sizeof(stat) - 1)) <= 0)
		return 0;
	stat[n] = '\0';
	/* Field 22; the name, field 2, may hold blanks and parentheses. */
	if ((p = strrchr(stat, ')')) == NULL)
		return 0;
	for (field = 2; field < 22; field++) {
		if ((p = strchr(p, ' ')) == NULL)
			return 0;
		p++;
	}
	errno = 0;
	ticks = strtoull(p, &end, 10);
	if (end == p || errno != 0)
		return 0;
	return ticks;
}
