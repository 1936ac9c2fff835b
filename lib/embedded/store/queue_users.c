/*
 * queue_users.c - which processes use a queue, for a message
 *
 * Every user of a queue holds flock on its file `use'.  The kernel lists the holders in
 * /proc/locks, by device and inode; it shows only those of this process's PID namespace, and
 * some filesystems have other device numbers there than stat(2) tells.  So the list may be
 * empty, and is only ever shown to a person.
 *
 * The kernel gives the list in pieces, by the places of the locks in it.  While others take
 * and drop locks, the places move: a holder may be told twice, or be left out.  Therefore each
 * is taken once, and where none is found, the list is read again.
 */
#include <sys/stat.h>
#include <sys/sysmacros.h>

#include <stdio.h>
#include <stdlib.h>
#include <string.h>

#include "embedded/store/queue_users.h"

#define SHOWN	4
#define KNOWN	256		/* holders that are told apart */
#define TRIES	20

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

/* Reads the list once: the pids of the holders of a file, at most KNOWN; returns how many. */
static size_t
find_holders(const struct stat *st, long pids[KNOWN])
{
	char line[256];
	size_t n = 0, i;
	FILE *f;
	long pid;

	if ((f = fopen("/proc/locks", "re")) == NULL)
		return 0;
	while (n < KNOWN && fgets(line, sizeof(line), f) != NULL) {
		if ((pid = holder(line, st)) <= 0)
			continue;
		for (i = 0; i < n && pids[i] != pid; i++)
			;
		if (i == n)
			pids[n++] = pid;
	}
	(void)fclose(f);
	return n;
}

char *
mqs_queue_users(int fd, char text[MQS_USERS_SIZE])
{
	long pids[KNOWN];
	struct stat st;
	size_t at = 0, n = 0, i;
	unsigned tries;

	(void)snprintf(text, MQS_USERS_SIZE, "others");
	if (fstat(fd, &st) == -1)
		return text;
	for (tries = 0; n == 0 && tries < TRIES; tries++)
		n = find_holders(&st, pids);
	for (i = 0; i < n && i < SHOWN; i++)
		at = add(text, at, pids[i]);
	if (n > SHOWN)
		(void)snprintf(text + at, MQS_USERS_SIZE - at, " and %zu more", n - SHOWN);
	return text;
}
