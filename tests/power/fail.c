/*
 * fail.c - the power fails: makes what the disk may hold then
 *
 *	fail DISK LIVE OUT SEED
 *
 * DISK is what disk.c kept, LIVE the spool as the processes saw it, OUT is made.  With
 * SEED 0 nothing but what was synced is there.  With another one, each block of 4 KiB
 * that was written and not synced is there or not, by chance, and so is each name that
 * came, and each that went: a disk keeps some of what it was not asked to keep.
 */
#include <sys/stat.h>

#include <dirent.h>
#include <err.h>
#include <errno.h>
#include <fcntl.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>
#include <unistd.h>

#include "power.h"

#define BLOCK	4096

static int disk;
static unsigned seed;
static int by_chance;

static int
heads(void)
{
	return by_chance && (rand_r(&seed) >> 8 & 1);
}

static void
patch(int out, const char *block, ssize_t n, off_t at)
{
	if (n > 0 && pwrite(out, block, (size_t)n, at) != n)
		err(1, "writing");
}

/* Synced content, with blocks of the live one strewn in.  Either may be missing (-1). */
static void
make_file(int synced, int live, int at, const char *name)
{
	char old[BLOCK], new[BLOCK];
	ssize_t a = 1, b = 1;
	off_t off;
	int out = openat(at, name, O_RDWR | O_CREAT | O_EXCL, 0644);

	if (out == -1)
		err(1, "%s", name);
	for (off = 0; a > 0 || b > 0; off += BLOCK) {
		a = synced == -1 ? 0 : pread(synced, old, BLOCK, off);
		b = live == -1 ? 0 : pread(live, new, BLOCK, off);
		if (a == -1 || b == -1)
			err(1, "%s", name);
		patch(out, old, a, off);
		if (b > 0 && (a != b || memcmp(old, new, (size_t)a) != 0) && heads())
			patch(out, new, b, off);
	}
	close(out);
}

static void make_directory(int live, const char *file, int at, const char *name);

static void
make(int live, const char *entry, const char *file, int at)
{
	char whole[POWER_NAME + 2];
	struct stat st;
	int synced, now;

	now = live == -1 ? -1 : openat(live, entry, O_RDONLY | O_NOFOLLOW | O_CLOEXEC);
	snprintf(whole, sizeof(whole), "%s.d", file);
	if (faccessat(disk, whole, F_OK, 0) == 0 ||
	    (now != -1 && fstat(now, &st) == 0 && S_ISDIR(st.st_mode))) {
		make_directory(now, file, at, entry);
	} else {
		snprintf(whole, sizeof(whole), "%s.i", file);
		synced = openat(disk, whole, O_RDONLY | O_CLOEXEC);
		make_file(synced, now, at, entry);
		if (synced != -1)
			close(synced);
	}
	if (now != -1)
		close(now);
}

/* The names that were synced: those that are gone since are there, or not. */
static void
make_synced(int live, const char *file, int at)
{
	char whole[POWER_NAME + 2], line[600], now[POWER_NAME], *tab;
	FILE *list;
	int fd, same;

	snprintf(whole, sizeof(whole), "%s.d", file);
	if ((fd = openat(disk, whole, O_RDONLY | O_CLOEXEC)) == -1)
		return;
	if ((list = fdopen(fd, "r")) == NULL)
		err(1, "%s", whole);
	while (fgets(line, sizeof(line), list) != NULL) {
		if ((tab = strchr(line, '\t')) == NULL)
			errx(1, "%s: no tab", whole);
		*tab++ = '\0';
		tab[strcspn(tab, "\n")] = '\0';
		same = live != -1 && power_name(live, line, now) == 0 &&
		    strcmp(now, tab) == 0;
		if (same || !heads())
			make(same ? live : -1, line, tab, at);
	}
	fclose(list);
}

/* The names that came since: there by chance. */
static void
make_unsynced(int live, int at)
{
	char name[POWER_NAME];
	struct dirent *e;
	DIR *list;
	int copy;

	if (live == -1 || !by_chance)
		return;
	if ((copy = openat(live, ".", O_RDONLY | O_DIRECTORY | O_CLOEXEC)) == -1 ||
	    (list = fdopendir(copy)) == NULL)
		err(1, "listing");
	while ((e = readdir(list)) != NULL)
		if (strcmp(e->d_name, ".") != 0 && strcmp(e->d_name, "..") != 0 &&
		    faccessat(at, e->d_name, F_OK, 0) == -1 && heads() &&
		    power_name(dirfd(list), e->d_name, name) == 0)
			make(live, e->d_name, name, at);
	closedir(list);
}

static void
make_directory(int live, const char *file, int at, const char *name)
{
	int fd;

	if (mkdirat(at, name, 0755) == -1 ||
	    (fd = openat(at, name, O_RDONLY | O_DIRECTORY | O_CLOEXEC)) == -1)
		err(1, "%s", name);
	make_synced(live, file, fd);
	make_unsynced(live, fd);
	close(fd);
}

int
main(int argc, char **argv)
{
	char file[POWER_NAME];
	int live;

	if (argc != 5)
		errx(64, "usage: fail DISK LIVE OUT SEED");
	seed = (unsigned)atoi(argv[4]);
	by_chance = seed != 0;
	if ((disk = open(argv[1], O_RDONLY | O_DIRECTORY | O_CLOEXEC)) == -1)
		err(1, "%s", argv[1]);
	if ((live = open(argv[2], O_RDONLY | O_DIRECTORY | O_CLOEXEC)) == -1 ||
	    power_name(live, "", file) == -1)
		err(1, "%s", argv[2]);
	make_directory(live, file, AT_FDCWD, argv[3]);
	return 0;
}
