/*
 * map_size.c - how much address space a file's map takes (rule 8.8)
 */
#include <errno.h>
#include <lmdb.h>

#include "embedded/store/lmdb/handle.h"
#include "embedded/store/lmdb/lmdb_error.h"
#include "embedded/store/lmdb/map_size.h"

#define READERS		1024
#define MAP_LEAST	((size_t)64 << 20)
#if SIZE_MAX > UINT32_MAX
#define MAP_FIRST	((size_t)1 << 40)
#else
#define MAP_FIRST	((size_t)1 << 30)
#endif

/* Opens it with the largest map that can be had.  0, an errno, or LMDB's. */
int
mqs_map_open(struct mqs_db *db, unsigned flags)
{
	const struct mqs_options *options = db->spec.options;
	size_t size = MAP_FIRST;
	int rc;

	if (options != NULL && options->map_size != 0)
		size = options->map_size;
	for (;; size /= 2) {
		if ((rc = mdb_env_create(&db->env)) != 0)
			return rc;
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
		/* Valgrind says EINVAL for what is too large. */
		if ((rc != ENOMEM && rc != EINVAL) || size / 2 < MAP_LEAST)
			return rc;
	}
}
