/*
 * map_size.c - how much address space a file's map takes (rule 8.8)
 *
 * LMDB maps a file once, with room to grow.  Address space costs nothing where there is
 * enough of it: then the map has 1 TiB, and the file never outgrows it.  $MQ_MAPSIZE
 * (options->map_size) overrides that, and is then the largest size of the file.
 *
 * Where address space is short (ulimit -v, or a machine that has less of it), a process
 * must share it among the files that it opens: the log and the groups of a queue, another
 * queue for dead letters or results.  It does not know how many there will be, nor which
 * of them it will write.  So a map begins little larger than its file, and grows before a
 * write transaction (LMDB can't move a map while a transaction is active), when less than
 * GROWTH, or than the caller says it will add, is left of it.  It grows by a sixteenth of
 * what is free, so that others can still grow, and by more only where the transaction
 * needs it.  RESERVE is always left for stacks and buffers.
 *
 * Where no growth can be had, the transaction is tried all the same, since the file may
 * have free pages inside.  If it has none, LMDB says MDB_MAP_FULL, and nothing was stored.
 *
 * How much is free is found by mapping nothing of that size and unmapping it again.
 * That counts RLIMIT_AS, the size of the machine's address space, and what Valgrind
 * takes of it.
 *
 * mdb_env_set_mapsize unmaps first and maps then.  If the second fails, the environment
 * has no map and may only be closed: the handle is marked broken.
 */
#include <sys/mman.h>
#include <sys/resource.h>

#include <errno.h>
#include <lmdb.h>

#include "embedded/store/lmdb/handle.h"
#include "embedded/store/lmdb/lmdb_error.h"
#include "embedded/store/lmdb/map_size.h"

#define READERS		1024
#if SIZE_MAX > UINT32_MAX
#define MAP_FIRST	((size_t)1 << 40)
#else
#define MAP_FIRST	((size_t)1 << 30)
#endif
#define SHARE		16	/* of what is free, a map that grows takes this part */
#define RESERVE		((size_t)16 << 20)
#define GROWTH		((size_t)4 << 20)
#define FIRST_GROWTH	((size_t)1 << 20)
#define LEAST_FREE	((size_t)1 << 20)
#define UNIT		((size_t)1 << 16)	/* maps are multiples of the largest page */

static int
can_be_had(size_t size)
{
	void *p = mmap(NULL, size, PROT_NONE, MAP_PRIVATE | MAP_ANONYMOUS | MAP_NORESERVE,
	    -1, 0);

	if (p == MAP_FAILED)
		return 0;
	(void)munmap(p, size);
	return 1;
}

/* About how much address space is free: never more, and at least seven eighths of it. */
static size_t
free_space(void)
{
	size_t size = MAP_FIRST, step;
	struct rlimit limit;

	if (getrlimit(RLIMIT_AS, &limit) == 0) {
		while (size / 2 > limit.rlim_cur)	/* spares the first trials */
			size /= 2;
	}
	while (!can_be_had(size)) {
		if ((size /= 2) < LEAST_FREE)
			return 0;
	}
	for (step = size / 2; step >= size / 8 && step >= UNIT; step /= 2) {
		if (can_be_had(size + step))
			size += step;
	}
	return size;
}

/*
 * The size of a map that must hold `needed' bytes and should hold `wanted', if `space'
 * can be had for it: 0 if that is too little.
 */
static size_t
fitting(size_t space, size_t needed, size_t wanted)
{
	size_t most = space > RESERVE ? space - RESERVE : 0, size = wanted;

	if (size > MAP_FIRST && needed <= MAP_FIRST)
		size = MAP_FIRST;
	if (size > most)
		size = most;
	size -= size % UNIT;
	return size < needed ? 0 : size;
}

/* 1 if the process may use less address space than the machine has. */
static int
is_limited(void)
{
	struct rlimit limit;

	return getrlimit(RLIMIT_AS, &limit) == 0 && limit.rlim_cur != RLIM_INFINITY;
}

/* Opens the environment with a map of one size: 0, an errno, or LMDB's. */
static int
open_with(struct mqs_db *db, unsigned flags, size_t size)
{
	int rc;

	if ((rc = mdb_env_create(&db->env)) != 0) {
		db->env = NULL;
		return rc;
	}
	(void)mdb_env_set_userctx(db->env, db);
	(void)mdb_env_set_assert(db->env, mqs_lmdb_assert);
	if ((rc = mdb_env_set_mapsize(db->env, size)) == 0 &&
	    (rc = mdb_env_set_maxreaders(db->env, READERS)) == 0 &&
	    (rc = mdb_env_set_maxdbs(db->env, db->spec.ntables)) == 0 &&
	    (rc = mdb_env_open(db->env, db->path, flags,
	    (mdb_mode_t)db->spec.mode)) == 0)
		return 0;
	mdb_env_close(db->env);
	db->env = NULL;
	return rc;
}

int
mqs_map_open(struct mqs_db *db, unsigned flags)
{
	const struct mqs_options *options = db->spec.options;
	const size_t fixed = options != NULL ? options->map_size : 0;
	size_t size = fixed != 0 ? fixed : MAP_FIRST;
	int rc;

	db->map_fixed = fixed != 0;
	db->map_shared = 0;
	if (db->map_fixed || !is_limited()) {
		rc = open_with(db, flags, size);
		/* Valgrind says EINVAL for what is too large. */
		if (rc != ENOMEM && rc != EINVAL)
			return rc;
	}
	db->map_shared = 1;
	size = fitting(free_space(), (size_t)db->file.needed + UNIT,
	    (size_t)db->file.needed + FIRST_GROWTH);
	if (fixed != 0 && size > fixed)
		size = fixed;
	return size == 0 ? ENOMEM : open_with(db, flags, size);
}

/* Lets the map grow to hold `needed' bytes, and `wanted' if it can: 0, or -1 if it can't. */
static int
grow(struct mqs_db *db, const MDB_envinfo *info, size_t needed, size_t wanted)
{
	size_t space = free_space(), size;

	if (wanted < needed + space / SHARE)
		wanted = needed + space / SHARE;
	size = fitting(space + info->me_mapsize, needed, wanted);
	if (size <= info->me_mapsize)
		return info->me_mapsize >= needed ? 0 : -1;
	if (mdb_env_set_mapsize(db->env, size) != 0)
		db->broken = 1;
	return 0;
}

void
mqs_map_prepare(struct mqs_db *db)
{
	size_t used, wanted = GROWTH;
	MDB_envinfo info;

	if (!db->map_shared || db->map_fixed || db->active > 0 ||
	    mdb_env_info(db->env, &info) != 0)
		return;
	used = (info.me_last_pgno + 1) * db->page_size;
	if (wanted < db->expected)
		wanted = db->expected;
	if (used + wanted > info.me_mapsize)
		(void)grow(db, &info, used, used + wanted);
}

int
mqs_map_follow(struct mqs_db *db)
{
	MDB_envinfo info;
	size_t used;

	if (!db->map_shared) {
		/* 0: the size that the other process has. */
		if (mdb_env_set_mapsize(db->env, 0) != 0)
			db->broken = 1;
		return 0;
	}
	if (mdb_env_info(db->env, &info) != 0)
		return -1;
	used = (info.me_last_pgno + 1) * db->page_size;
	return grow(db, &info, used + UNIT, used + GROWTH);
}
