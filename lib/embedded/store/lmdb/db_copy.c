/*
 * db_copy.c - a copy of an LMDB file without its free pages
 *
 * The entries of each table are read in order and appended, so the new pages are full and
 * follow each other.  LMDB's own compacting copy can't be given a snapshot, refuses a file in
 * which a page is lost, and keeps pages as full as they are.
 *
 * The copy is committed every few MiB, without syncing, so that it needs little memory.  Each
 * commit gives up the few pages that it replaces, and the next but one takes them again.  In
 * the end the file is cut behind its last page (commit_growth.c makes it longer than that)
 * and synced.  A crash before leaves a file that nobody opens.
 *
 * The segmented table is copied as one.  In the copy, another of its tables is begun after each
 * eighth of what the copied one takes.
 *
 * Tables other than the main one are copied first.  In the main table, LMDB keeps the roots of
 * the others, under their names; the copy has its own.
 */
#include <errno.h>
#include <lmdb.h>
#include <string.h>
#include <unistd.h>

#include "base/error.h"
#include "embedded/store/lmdb/cursor.h"
#include "embedded/store/lmdb/db_copy.h"
#include "embedded/store/lmdb/entry.h"
#include "embedded/store/lmdb/handle.h"
#include "embedded/store/lmdb/lmdb_error.h"
#include "embedded/store/lmdb/segment_tables.h"

#define COMMIT_EVERY	((size_t)4 << 20)

struct copy {
	struct mqs_tx		*from, *to;
	struct mqs_db		*db;		/* of `to' */
	size_t			 bytes;		/* since the last commit */
	uint64_t		 segment;	/* bytes that a segment has in the copy; 0: there is one only */
	mqs_db_copied_fn	*fn;
	void			*arg;
};

/* 1 if a key of the main table belongs to LMDB's other tables: the copy has its own. */
static int
is_of_tables(const struct mqs_db *db, const struct mqs_slice *key)
{
	const char *name;
	unsigned i;

	if (key->n == strlen(MQS_SEGMENTS_KEY) && memcmp(key->p, MQS_SEGMENTS_KEY, key->n) == 0)
		return 1;
	for (i = 0; i < db->spec.ntables; i++) {
		name = db->spec.tables[i];
		if (strlen(name) == key->n && memcmp(name, key->p, key->n) == 0)
			return 1;
	}
	return 0;
}

/* Begins another segment if the newest is full. */
static int
begin_segment(struct copy *c, struct mqs_error *err)
{
	struct mqs_segments_stat st;
	int rc;

	if ((rc = mqs_segments_stat(c->to, &st, err)) == MQS_OK && st.newest >= c->segment)
		rc = mqs_segments_begin(c->to, err);
	return rc;
}

static int
commit_some(struct copy *c, size_t n, struct mqs_error *err)
{
	int rc;

	if ((c->bytes += n) < COMMIT_EVERY)
		return MQS_OK;
	c->bytes = 0;
	rc = mqs_tx_commit(c->to, err);
	c->to = NULL;
	if (rc != MQS_OK || (rc = mqs_tx_write(c->db, 0, &c->to, err)) != MQS_OK)
		return rc;
	return c->segment != 0 ? begin_segment(c, err) : MQS_OK;
}

static int
copy_entry(struct copy *c, unsigned table, const struct mqs_slice *key,
    const struct mqs_slice *value, struct mqs_error *err)
{
	void *room;
	int rc;

	if ((rc = c->fn(c->arg, table, key, value, err)) < 0)
		return rc;
	if (table == MQS_DB_MAIN)
		return is_of_tables(c->db, key) ? MQS_OK : mqs_tx_put(c->to, table, key->p,
		    key->n, value->p, value->n, err);
	if ((rc = mqs_tx_append(c->to, table, key->p, key->n, value->n, &room, err)) != MQS_OK)
		return rc;
	memcpy(room, value->p, value->n);
	return commit_some(c, key->n + value->n, err);
}

/* Finds how large the segments of the copy are to be. */
static int
choose_segment(struct copy *c, struct mqs_error *err)
{
	struct mqs_segments_stat st;
	uint64_t used = 0;
	int rc;

	if (c->db->spec.segments == 0 || (rc = mqs_segments_stat(c->from, &st, err)) != MQS_OK ||
	    st.tables == 1)
		return c->db->spec.segments == 0 ? MQS_OK : rc;
	if ((rc = mqs_db_used_bytes(c->from, &used, err)) == MQS_OK)
		c->segment = used / 8 > c->db->spec.segment_min ? used / 8 : c->db->spec.segment_min;
	return rc;
}

static int
copy_table(struct copy *c, unsigned table, struct mqs_error *err)
{
	struct mqs_slice key = { NULL, 0 }, value;
	struct mqs_cur *cur;
	int rc;

	if ((rc = mqs_cur_new(&cur, c->from, table, err)) != MQS_OK)
		return rc;
	while ((rc = mqs_cur_move(cur, MQS_NEXT, &key, &value, err)) == MQS_OK)
		if ((rc = copy_entry(c, table, &key, &value, err)) != MQS_OK)
			break;
	mqs_cur_free(cur);
	return rc == MQS_NOTHING ? MQS_OK : rc;
}

/* Cuts the file behind its last page, and syncs it. */
static int
finish(struct mqs_db *db, struct mqs_error *err)
{
	MDB_envinfo info;
	uint64_t size;
	int rc;

	if ((rc = mdb_env_info(db->env, &info)) != 0)
		return mqs_lmdb_fail(db, rc, "", err);
	size = ((uint64_t)info.me_last_pgno + 1) * db->page_size;
	while (ftruncate(db->fd, (off_t)size) == -1)
		if (errno != EINTR)
			return mqs_fail_errno(err, "%s", db->name);
	db->file.size = size;
	return mqs_db_sync(db, err);
}

int
mqs_db_copy(struct mqs_tx *from, struct mqs_db *to, mqs_db_copied_fn *fn, void *arg,
    struct mqs_error *err)
{
	struct copy c = { .from = from, .db = to, .fn = fn, .arg = arg };
	unsigned table;
	int rc;

	if ((rc = choose_segment(&c, err)) != MQS_OK ||
	    (rc = mqs_tx_write(to, 0, &c.to, err)) != MQS_OK)
		return rc;
	for (table = 1; table <= to->spec.ntables && rc == MQS_OK; table++)
		if (!mqs_is_segment(to, table))
			rc = copy_table(&c, table, err);
	if (rc == MQS_OK)
		rc = copy_table(&c, MQS_DB_MAIN, err);
	if (rc != MQS_OK) {
		mqs_tx_abort(c.to);
		return rc;
	}
	if ((rc = mqs_tx_commit(c.to, err)) != MQS_OK)
		return rc;
	return finish(to, err);
}

int
mqs_db_used_bytes(struct mqs_tx *tx, uint64_t *bytes, struct mqs_error *err)
{
	uint64_t pages = 2;
	MDB_stat st;
	unsigned i;
	int rc;

	for (i = 0; i <= tx->db->spec.ntables; i++) {
		if ((rc = mdb_stat(tx->txn, tx->db->dbi[i], &st)) != 0)
			return mqs_lmdb_fail(tx->db, rc, "", err);
		pages += st.ms_branch_pages + st.ms_leaf_pages + st.ms_overflow_pages;
	}
	*bytes = pages * tx->db->page_size;
	return MQS_OK;
}
