/*
 * map_release.c - giving a file's map back while its process only waits
 *
 * When a dirty page of a file is written to the disk, the kernel visits each process that
 * has the file mapped, because the page must be made read-only there.  With 400 consumers
 * that wait, each page of each commit takes 400 such visits, which is more work than all
 * the rest of the commit.  So a consumer that only waits behind others (wake_line.h) gives
 * its maps back.
 *
 * LMDB must not notice, since it keeps the map's address.  Therefore the map is replaced, in
 * place, by a reservation: address space of the same size that can't be accessed.  Before
 * the next transaction the file is mapped again at the same address, just as LMDB does it.
 * Either step is one system call.  A fork or a close in between needs no care: to LMDB's
 * munmap both are the same.
 *
 * LMDB 0.9 does not tell the map's address.  It is found from the address of a value: the
 * page that holds the value has its own number at its beginning (page_format.h).
 *
 * Invariants.  A file whose map is given back has no active transaction.  If it can't be
 * mapped again, the reservation stays, the transaction fails, and the next one tries again.
 */
#include <sys/mman.h>

#include <errno.h>
#include <lmdb.h>
#include <unistd.h>

#include "embedded/store/lmdb/db.h"
#include "embedded/store/lmdb/map_release.h"
#include "embedded/store/lmdb/page_format.h"
#include "embedded/store/lmdb/page_node.h"

/* The address of the map, from the first value of the main table: NULL if it can't be told. */
static void *
find_map(const struct mqs_db *db, MDB_txn *txn, size_t map_size)
{
	const long machine = sysconf(_SC_PAGESIZE);
	const unsigned char *page;
	MDB_cursor *cursor;
	MDB_val key, value;
	size_t offset;
	int rc;

	if (machine <= 0 || db->page_size > (size_t)machine ||
	    mdb_cursor_open(txn, db->dbi[MQS_DB_MAIN], &cursor) != 0)
		return NULL;
	rc = mdb_cursor_get(cursor, &key, &value, MDB_FIRST);
	mdb_cursor_close(cursor);
	if (rc != 0)
		return NULL;
	page = (const unsigned char *)value.mv_data -
	    ((uintptr_t)value.mv_data & (db->page_size - 1));
	offset = mqs_page_word(page);
	if (offset >= map_size / db->page_size)
		return NULL;	/* the value has a page of its own */
	page -= offset * db->page_size;
	return (uintptr_t)page % (size_t)machine == 0 ? (void *)(uintptr_t)page : NULL;
}

void
mqs_db_release_map(struct mqs_db *db)
{
	MDB_envinfo info;
	MDB_txn *txn;
	void *map;

	if (db->released != NULL || db->env == NULL || db->broken || db->active > 0 ||
	    db->writer.txn != NULL || mdb_env_info(db->env, &info) != 0 ||
	    mdb_txn_begin(db->env, NULL, MDB_RDONLY, &txn) != 0)
		return;
	map = find_map(db, txn, info.me_mapsize);
	mdb_txn_abort(txn);
	if (map == NULL || mmap(map, info.me_mapsize, PROT_NONE,
	    MAP_PRIVATE | MAP_ANONYMOUS | MAP_NORESERVE | MAP_FIXED, -1, 0) == MAP_FAILED)
		return;
	db->released = map;
	db->released_size = info.me_mapsize;
}

int
mqs_map_restore(struct mqs_db *db)
{
	if (db->released == NULL)
		return 0;
	if (mmap(db->released, db->released_size, PROT_READ, MAP_SHARED | MAP_FIXED,
	    db->fd, 0) == MAP_FAILED)
		return errno;
	db->released = NULL;
	return 0;
}
