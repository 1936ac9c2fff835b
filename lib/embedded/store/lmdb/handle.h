/*
 * handle.h - an open file, its transactions and cursors
 *
 * Private to this folder.
 */
#ifndef MQS_EMBEDDED_STORE_LMDB_HANDLE_H
#define MQS_EMBEDDED_STORE_LMDB_HANDLE_H

#include <lmdb.h>
#include <stdint.h>

#include "base/bytes.h"
#include "embedded/store/lmdb/data_file.h"
#include "embedded/store/lmdb/db.h"
#include "embedded/store/lmdb/file_growth.h"
#include "embedded/store/lmdb/transaction.h"
#include "mqspool.h"

#include "embedded/store/lock.h"

/* 0.9.70 and later are previews of 1.0. */
#if MDB_VERSION_MAJOR != 0 || MDB_VERSION_MINOR != 9 || MDB_VERSION_PATCH >= 70
#error "mq needs LMDB 0.9 (0.9.24 to 0.9.x): the file format of other versions differs"
#endif

#define MQS_TABLES_MAX	31		/* besides the main one: one bit each */
#define MQS_BEGIN_TRIES	4
#define MQS_SEGMENTS_MAX	10	/* tables of a segmented one */

/* The tables that the segmented one is made of, as a transaction sees them: see segments.h. */
struct mqs_segments {
	int		 known;		/* read in this transaction */
	unsigned	 n;		/* tables in use, at least 1 */
	unsigned	 first;		/* number of the oldest */
	uint64_t	 hidden;	/* entries at the front of the oldest */
	uint64_t	 last;		/* key of the last of them; 0: they are to be counted */
	uint64_t	 from;		/* their ids are less, those of others are not */
	uint64_t	 start[MQS_SEGMENTS_MAX];	/* from the oldest: the keys that are in it begin there */
	/* Reading. */
	const void	*front;		/* value of the first that is not hidden; NULL: not looked for */
	uint64_t	 front_key;
	/* Writing. */
	int		 begin;		/* the next entry begins another table */
	int		 changed, deleted;
};

struct mqs_cur {
	MDB_cursor	*cursor;	/* NULL: to be renewed, or freed */
	struct mqs_buf	 at;		/* unlocked: the key that it stands at */
	struct mqs_tx	*tx;
	unsigned	 table;		/* that it is a cursor of */
	int		 segmented;	/* which is the segmented one */
	unsigned	 open;		/* then: the table in which it is */
	int		 placed;	/* then: it stands at an entry */
	uintptr_t	 page;		/* where the last value was */
	struct mqs_cur	*next, **link;	/* among those of the transaction */
};

struct mqs_tx {
	MDB_txn		*txn;		/* NULL: none now (reading: begin anew) */
	struct mqs_unlocked *unlocked;	/* with MQS_DB_UNLOCKED, in place of txn */
	struct mqs_db	*db;
	struct mqs_cur	*cursors;
	struct mqs_tx	*next, **link;	/* reading: among those of the db */
	int		 active;	/* reading: pins a snapshot */
	int		 failed;	/* writing: the first error, 0: none */
	uint32_t	 touched;	/* writing: bits of tables */
	MDB_cursor	*appender;	/* writing: stands at the end of appender_table */
	unsigned	 appender_table;
	uint64_t	 end;		/* writing: first page after the committed ones */
	struct mqs_dbwork work;
	struct mqs_segments segments;
};

struct mqs_db {
	struct mqs_db_spec spec;	/* strings are copies */
	char		*name;		/* dir_path/file, for messages */
	char		*path;		/* the same, absolute */
	MDB_env		*env;		/* NULL: could not be reopened */
	MDB_dbi		 dbi[MQS_TABLES_MAX + 1];
	int		 fd;		/* LMDB's, of the data file */
	struct mqs_data_file file;		/* size: at least; dev, ino: which file this is */
	int		 map_fixed;	/* its size was given, and is the file's largest */
	int		 map_shared;	/* address space is short */
	void		*released;	/* where the map was that is given back, see map_release.c */
	size_t		 released_size;
	uint64_t	 expected;	/* bytes that the next write transaction may add */
	size_t		 node_max;	/* larger values have pages of their own */
	uint32_t	 page_size;
	int		 readonly;
	int		 broken;	/* to be reopened */
	struct mqs_tx	*readers;
	struct mqs_tx	*spare;		/* one of them */
	unsigned	 active;	/* how many of them pin a snapshot */
	struct mqs_tx	 writer;
	int		(*on_commit)(void *arg);
	void		*on_commit_arg;
};

#endif
