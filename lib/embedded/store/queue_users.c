/*
 * queue_users.c - which processes use a queue, for a message
 *
 * Every user of a queue holds flock on its file `use'.  The kernel lists the holders in
 * /proc/locks, by device and inode; it shows only those of this process's PID namespace, and
 * some filesystems have other device numbers there than stat(2) tells.  So the list may be
 * empty, and is only ever shown to a person.
 */
#include <sys/stat.h>
#include <sys/sysmacros.h>

#include <stdio.h>
#include <stdlib.h>
#include <string.h>

#include "embedded/store/queue_users.h"

#define SHOWN	4

/*
 * The pid that holds flock on a file, by a line of /proc/locks; 0: it is about another lock.
 * "3: FLOCK  ADVISORY  READ 1234 fe:01:131074 0 EOF"; of one who waits, "->" is the second.
 */
static long
holder(char *line, const struct stat *st)
{
	char *field[6], *rest, *end;
	unsigned long major, minor, inode;
	size_t n;

	for (n = 0; n < 6; n++)
		if ((field[n] = strtok_r(n == 0 ? line : NULL, " ", &rest)) == NULL)
			return 0;
	if (strcmp(field[1], "FLOCK") != 0)
		return 0;
	major = strtoul(field[5], &end, 16);
	minor = *end == ':' ? strtoul(end + 1, &end, 16) : 0;
	inode = *end == ':' ? strtoul(end + 1, &end, 10) : 0;
	if (major != major(st->st_dev) || minor != minor(st->st_dev) || inode != st->st_ino)
		return 0;
	return strtol(field[4], NULL, 10);
}

/* The name of a process: "" if it is not known. */
static void
name_of(long pid, char name[32])
{
	char path[64];
	FILE *f;

	name[0] = '\0';
	(void)snprintf(path, sizeof(path), "/proc/%ld/comm", pid);
	if ((f = fopen(path, "re")) == NULL)
		return;
	if (fgets(name, 32, f) == NULL)
		name[0] = '\0';
	name[strcspn(name, "\n")] = '\0';
	(void)fclose(f);
}

static size_t
add(char *text, size_t at, long pid)
{
	char name[32];
	int n;

	name_of(pid, name);
	n = snprintf(text + at, MQS_USERS_SIZE - at, name[0] != '\0' ? "%s%ld (%s)" : "%s%ld",
	    at > 0 ? ", " : "", pid, name);
	return n > 0 && at + (size_t)n < MQS_USERS_SIZE ? at + (size_t)n : at;
}

char *
mqs_queue_users(int fd, char text[MQS_USERS_SIZE])
{
	char line[256];
	struct stat st;
	size_t at = 0;
	unsigned n = 0;
	FILE *f;
	long pid;

	(void)snprintf(text, MQS_USERS_SIZE, "others");
	if (fstat(fd, &st) == -1 || (f = fopen("/proc/locks", "re")) == NULL)
		return text;
	while (fgets(line, sizeof(line), f) != NULL) {
		if ((pid = holder(line, &st)) <= 0)
			continue;
		if (n++ < SHOWN)
			at = add(text, at, pid);
	}
	(void)fclose(f);
	if (n > SHOWN)
		(void)snprintf(text + at, MQS_USERS_SIZE - at, " and %u more", n - SHOWN);
	return text;
}
