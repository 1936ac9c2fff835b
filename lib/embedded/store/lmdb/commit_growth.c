/*
 * commit_growth.c - keeping the file as long as its next commit says (rule 8.17)
 *
 * A write transaction counts what it does (struct mqs_dbwork).  Before it commits, the
 * file is lengthened to the bound that file_growth.c computes from that.
 */
#include <lmdb.h>

#include "embedded/store/lmdb/commit_growth.h"
#include "embedded/store/lmdb/file_growth.h"
#include "embedded/store/lmdb/handle.h"

#define FREE_TABLE	0		/* the LMDB table of free pages */

/* Adds a tree, as it was before, to what bounds the growth.  0 or an error. */
int
mqs_growth_of_tree(struct mqs_tx *tx, unsigned table)
{
	MDB_stat st;
	int rc;

	tx->touched |= 1u << table;
	if ((rc = mdb_stat(tx->txn, tx->db->dbi[table], &st)) != 0)
		return rc;
	if (st.ms_depth > tx->work.depth)
		tx->work.depth = st.ms_depth;
	tx->work.tree += st.ms_leaf_pages + st.ms_branch_pages;
	tx->work.values += st.ms_overflow_pages;
	return 0;
}

/* Lengthens the file so that it covers every page the commit can name. */
int
mqs_growth_extend(struct mqs_tx *tx)
{
	struct mqs_db *db = tx->db;
	MDB_stat st;
	int rc;

	if (tx->touched == 0)
		return 0;
	/* The roots of the other tables are entries of the main one. */
	tx->work.puts += db->spec.ntables;
	if (!(tx->touched & 1u << MQS_DB_MAIN) &&
	    (rc = mqs_growth_of_tree(tx, MQS_DB_MAIN)) != 0)
		return rc;
	if ((rc = mdb_stat(tx->txn, FREE_TABLE, &st)) != 0)
		return rc;
	tx->work.free_tree = st.ms_leaf_pages + st.ms_branch_pages +
	    st.ms_overflow_pages;
	return mqs_dbwork_extend(db->fd, (tx->end +
	    mqs_dbwork_bound(&tx->work, db->page_size)) * db->page_size,
	    &db->file.size);
}

/*
 * Should the bound have been too small, the file may be shorter than the commit says
 * until here.  An error changes nothing about the commit.
 */
void
mqs_growth_check(struct mqs_db *db)
{
	MDB_envinfo info;

	if (mdb_env_info(db->env, &info) == 0)
		(void)mqs_dbwork_extend(db->fd,
		    ((uint64_t)info.me_last_pgno + 1) * db->page_size, &db->file.size);
}
