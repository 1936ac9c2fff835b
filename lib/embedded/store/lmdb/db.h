/*
 * db.h - a handle of one LMDB file
 *
 * A db is one environment (MDB_NOSUBDIR, MDB_NOTLS) in a queue's directory, with a main
 * table and a fixed list of named tables.  Keys compare as bytes.  This folder keeps the
 * rules that make LMDB safe among many short-lived processes (DESIGN 8); db.c lists them.
 *
 * transaction.h, entry.h and cursor.h go on from here.
 */
#ifndef MQS_EMBEDDED_STORE_LMDB_DB_H
#define MQS_EMBEDDED_STORE_LMDB_DB_H

#include "mqspool.h"

struct mqs_db;

#define MQS_DB_MAIN	0		/* the unnamed table; named ones count from 1 */

#define MQS_DB_NOMETASYNC	1u	/* one flush a commit; a crash may undo the last */
#define MQS_DB_READONLY		4u	/* read-only is good enough (no permission to write) */
#define MQS_DB_CREATE		2u	/* make the file; it must not exist */
/*
 * With MQS_DB_CREATE, for a file that is built under a temporary name: no other process opens
 * it, it needs no lock file, and it is on stable storage when mqs_db_sync has returned.
 */
#define MQS_DB_PRIVATE		8u
/*
 * For who may not write to the lock file: only short reads, each of which fails with MQS_EBUSY
 * if others commit twice meanwhile (unlocked_read.c).  Needs no gate.  See mqs_db_again.
 */
#define MQS_DB_UNLOCKED		16u

struct mqs_db_spec {
	int		 dir;		/* descriptor of the directory; borrowed while open */
	const char	*dir_path;	/* its path, for messages and for LMDB; copied */
	const char	*file;		/* "log.mdb"; copied */
	const char	*label;		/* what messages begin with: "orders"; copied */
	const char	*const *tables;	/* names of tables 1 to ntables; static */
	unsigned	 ntables;
	unsigned	 segmented;	/* number of the table that is made of several (segments.h) */
	uint64_t	 segment_min;	/* bytes that one has at least, in a copy */
	unsigned	 segments;	/* of how many; the last of `tables' are the others; 0: there is none */
	unsigned	 flags;
	unsigned	 mode;		/* permission bits for a new file */
	int		 gate;		/* descriptor for flock around open and close, not held by the caller; -1: none (a private temporary file) */
	int		 turn;		/* descriptor for the wait to write, one owner; -1: none (with a gate: no permission) */
	int64_t		 turn_byte;	/* which byte of it is this file's */
	const struct mqs_options *options; /* of the spool: interrupted, on_damage, map_size; borrowed */
};

int	mqs_db_open(struct mqs_db **out, const struct mqs_db_spec *, struct mqs_error *err);
/* Closes it under the gate. All transactions must have ended. */
void	mqs_db_close(struct mqs_db *);
/* Forces everything committed to stable storage (for MQS_DB_NOMETASYNC). */
int	mqs_db_sync(struct mqs_db *, struct mqs_error *err);
/*
 * 0 while the path still names the open file; MQS_ENOENT ("orders: queue was
 * deleted") or MQS_EBUSY (another file is there) otherwise.
 */
int	mqs_db_check_path(struct mqs_db *, struct mqs_error *err);
/* Turns MQS_DB_NOMETASYNC on or off for what commits from now on. */
int	mqs_db_relax(struct mqs_db *, int on, struct mqs_error *err);
/* Frees reader slots of dead processes. */
int	mqs_db_check_readers(struct mqs_db *, struct mqs_error *err);

/*
 * Says how many bytes the next write transactions may add, where that is more than a few
 * MiB: where address space is short, the map must have grown before they begin.
 */
void	mqs_db_expect(struct mqs_db *, uint64_t bytes);

/*
 * Gives the file's map back until the next transaction (map_release.c), for a process that
 * waits for long.  Does nothing while a transaction is active.
 */
void	mqs_db_release_map(struct mqs_db *);
/*
 * Number of the file's last commit, without a map; it may be one that readers can't see
 * yet.  0 if it can't be told.
 */
uint64_t mqs_db_last_commit(const struct mqs_db *);

/*
 * 1 if rc is what a read of a file with MQS_DB_UNLOCKED returned because others committed, and
 * it should be tried again in a new transaction.  *tries, at first 0, counts.
 */
int	mqs_db_again(const struct mqs_db *, int rc, unsigned *tries);

/* Allocated bytes of the file on disk. */
uint64_t mqs_db_disk_bytes(const struct mqs_db *);
/*
 * Replaces what commits (tests: return an errno such as ENOSPC to make the
 * commit fail before it began, 0 to let it happen).
 */
void	mqs_db_on_commit(struct mqs_db *, int (*hook)(void *arg), void *arg);

#endif
