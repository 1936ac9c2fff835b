/*
 * owner_look.c - owner files, the others' side
 *
 * A consumer is judged by its lock on byte 0 and by nothing else; asking
 * (F_OFD_GETLK) takes no lock, so that many may look at once and no look is
 * mistaken for life.  A dead owner never comes back, its file is never written
 * again, and what is read of it is final, except for which handlers still live.
 *
 * Of a file that another boot left, locks are gone and pids mean other processes:
 * nothing in it is alive.  Its marks count as far as they verify.
 */
#include <sys/stat.h>

#include <dirent.h>
#include <errno.h>
#include <fcntl.h>
#include <inttypes.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>
#include <unistd.h>

#include "base/clock.h"
#include "base/error.h"
#include "embedded/store/file.h"
#include "embedded/store/owner.h"
#include "embedded/store/owner_file.h"

/* A process that ended, and that nobody waited for. */
static int
is_zombie(uint64_t pid)
{
	char path[48], text[512];
	const char *p;
	ssize_t n;
	int fd;

	snprintf(path, sizeof(path), "/proc/%" PRIu64 "/stat", pid);
	if ((fd = mqs_file_open(AT_FDCWD, path, O_RDONLY)) == -1)
		return 0;
	n = mqs_file_read(fd, text, sizeof(text) - 1, 0);
	close(fd);
	text[n > 0 ? n : 0] = '\0';
	/* pid (name) state ...; the name may hold anything. */
	p = strrchr(text, ')');
	return p != NULL && strncmp(p, ") Z", 3) == 0;
}

/*
 * For handlers that close the descriptor they inherit.  A zombie is no handler:
 * where process 1 doesn't wait for orphans, it would be one for ever.
 */
static int
process_lives(uint64_t pid, uint64_t start)
{
	return start != 0 && pid <= INT32_MAX &&
	    mqs_process_start((int64_t)pid) == start && !is_zombie(pid);
}

/* The content of a dead owner's file. */
struct content {
	unsigned char	*b;
	size_t		 size;
	size_t		 nslots;	/* room for so many, empty ones included */
};

static int
load(int fd, struct content *c)
{
	const size_t most = MQS_OWNER_AT_SLOTS +
	    (size_t)MQS_OWNER_MAX_RUNS * MQS_OWNER_SLOT;
	struct stat st;
	ssize_t n;

	if (fstat(fd, &st) == -1)
		return -1;
	c->size = (uint64_t)st.st_size < most ? (size_t)st.st_size : most;
	/* Zeros where the file is shorter than header and mark: they don't verify. */
	if ((c->b = calloc(1, c->size + MQS_OWNER_AT_SLOTS)) == NULL)
		return -1;
	if ((n = mqs_file_read(fd, c->b, c->size, 0)) == -1)
		return -1;
	c->size = (size_t)n;
	c->nslots = c->size < MQS_OWNER_AT_SLOTS ? 0 :
	    (c->size - MQS_OWNER_AT_SLOTS) / MQS_OWNER_SLOT;
	return 0;
}

/* 1 if the handler of a run lives, 0 if not, or -1. */
static int
handler_lives(int fd, size_t run, const struct mqs_owner_entry *e, int same_boot,
    int any_lock)
{
	int locked = 0;

	if (any_lock)
		locked = mqs_file_locked(fd, 1 + (uint64_t)run, 1);
	if (locked != 0)
		return locked;
	return same_boot && process_lives(e->pid, e->start);
}

static int
add_slots(int fd, const struct content *c, struct mqs_owner_left *left)
{
	struct mqs_owner_header header;
	struct mqs_owner_entry e;
	int same_boot, any_lock, alive;
	size_t i;

	same_boot = mqs_owner_header_get(c->b, &header) &&
	    header.boot == mqs_boot();
	left->pid = same_boot ? (int64_t)header.pid : 0;
	left->since = same_boot ? (int64_t)header.since : 0;
	if ((any_lock = mqs_file_locked(fd, 1, 0)) == -1)
		return -1;
	for (i = 0; i < c->nslots; i++) {
		if (!mqs_owner_entry_get(c->b + MQS_OWNER_AT_SLOTS +
		    i * MQS_OWNER_SLOT, &e))
			continue;
		alive = handler_lives(fd, i, &e, same_boot, any_lock);
		if (alive == -1)
			return -1;
		left->slots[left->nslots++] = (struct mqs_owner_slot){
			.lease = e.lease, .id = e.id, .pid = (int64_t)e.pid,
			.started = e.started != 0, .alive = alive
		};
	}
	return 0;
}

/* What is in its file: 0 or -1. */
static int
look_closer(int fd, struct mqs_owner_left *left)
{
	struct content c = { 0 };
	struct mqs_owner_mark mark;
	int rc = -1, error;

	if (load(fd, &c) == -1)
		goto done;
	left->slots = calloc(c.nslots + 1, sizeof(*left->slots));
	if (left->slots == NULL)
		goto done;
	if (mqs_owner_mark_get(c.b + MQS_OWNER_AT_MARK, &mark)) {
		left->handed_lease = mark.lease;
		left->handed_count = mark.count;
	}
	rc = add_slots(fd, &c, left);
done:
	error = errno;
	free(c.b);
	errno = error;
	return rc;
}

static enum mqs_owner_life
dead_or_orphans(const struct mqs_owner_left *left)
{
	size_t i;

	for (i = 0; i < left->nslots; i++) {
		if (left->slots[i].alive)
			return MQS_OWNER_ORPHANS;
	}
	return MQS_OWNER_DEAD;
}

/* Looks at an open file, into that of a living one only if `watch': 0, or -1 with errno. */
static int
judge(int fd, int watch, enum mqs_owner_life *life, struct mqs_owner_left *left)
{
	int locked;

	if ((locked = mqs_file_locked(fd, 0, 1)) == -1)
		return -1;
	if (locked) {
		*life = MQS_OWNER_LIVES;
		return watch ? look_closer(fd, left) : 0;
	}
	if (look_closer(fd, left) == -1)
		return -1;
	*life = dead_or_orphans(left);
	return 0;
}

static int
look(const struct mqs_dir *dir, uint64_t name, int watch,
    enum mqs_owner_life *life, struct mqs_owner_left *left,
    struct mqs_error *err)
{
	struct mqs_owner_left mine = { 0 };
	char text[MQS_FILE_NAME];
	int fd, rc = 0;

	if (left != NULL)
		memset(left, 0, sizeof(*left));
	*life = MQS_OWNER_DEAD;
	mqs_file_name(name, text);
	if ((fd = mqs_file_open(dir->owner, text, O_RDONLY)) == -1) {
		if (errno == ENOENT)
			return 0;
		return mqs_file_fail(err, dir, "owner", name, "open");
	}
	if (judge(fd, watch, life, &mine) == -1)
		rc = mqs_file_fail(err, dir, "owner", name, "look");
	close(fd);
	if (rc == 0 && left != NULL)
		*left = mine;
	else
		mqs_owner_left_free(&mine);
	return rc;
}

int
mqs_owner_look(const struct mqs_dir *dir, uint64_t name,
    enum mqs_owner_life *life, struct mqs_owner_left *left,
    struct mqs_error *err)
{
	return look(dir, name, 0, life, left, err);
}

int
mqs_owner_watch(const struct mqs_dir *dir, uint64_t name,
    enum mqs_owner_life *life, struct mqs_owner_left *left,
    struct mqs_error *err)
{
	return look(dir, name, 1, life, left, err);
}

void
mqs_owner_left_free(struct mqs_owner_left *left)
{
	if (left == NULL)
		return;
	free(left->slots);
	memset(left, 0, sizeof(*left));
}

/* One that lives or has orphans is let be: 0 as well. */
int
mqs_owner_collect(const struct mqs_dir *dir, uint64_t name,
    struct mqs_error *err)
{
	enum mqs_owner_life life;
	char text[MQS_FILE_NAME];
	int rc;

	if ((rc = mqs_owner_look(dir, name, &life, NULL, err)) != 0)
		return rc;
	if (life != MQS_OWNER_DEAD)
		return 0;
	mqs_file_name(name, text);
	if (unlinkat(dir->owner, text, 0) == -1 && errno != ENOENT)
		return mqs_file_fail(err, dir, "owner", name, "remove");
	return 0;
}

int
mqs_owner_each(const struct mqs_dir *dir, int (*fn)(void *arg, uint64_t name),
    void *arg, struct mqs_error *err)
{
	struct dirent *entry;
	uint64_t name;
	DIR *folder;
	int rc = 0;

	if ((folder = mqs_file_list(dir->owner)) == NULL)
		return mqs_fail_errno(err, "%s/owner", dir->path);
	while (rc == 0) {
		errno = 0;
		if ((entry = readdir(folder)) == NULL)
			break;
		if (mqs_file_number(entry->d_name, &name) == 0)
			rc = fn(arg, name);
	}
	if (rc == 0 && errno != 0)
		rc = mqs_fail_errno(err, "%s/owner", dir->path);
	closedir(folder);
	return rc;
}
