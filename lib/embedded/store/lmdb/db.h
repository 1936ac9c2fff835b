/*
 * db.h - one LMDB file: the only module that knows LMDB
 *
 * A db is one environment (MDB_NOSUBDIR, MDB_NOTLS) in a queue's directory,
 * with a main table and a fixed list of named ones.  Keys compare as bytes.
 * The rules that keep LMDB safe among many short-lived processes (DESIGN 8) are
 * kept here and nowhere else: opening and closing under the gate, size and
 * identity checks, the map's size, full reader tables, panic, what a failed
 * commit means.
 */
#ifndef MQS_EMBEDDED_STORE_LMDB_DB_H
#define MQS_EMBEDDED_STORE_LMDB_DB_H

#include "base/bytes.h"
#include "mqspool.h"

struct mqs_db;
struct mqs_tx;
struct mqs_cur;

#define MQS_DB_MAIN	0		/* the unnamed table; named ones count from 1 */

#define MQS_DB_NOMETASYNC	1u	/* one flush a commit; a crash may undo the last */
#define MQS_DB_READONLY		4u	/* read-only is good enough (no permission to write) */
#define MQS_DB_CREATE		2u	/* make the file; it must not exist */

struct mqs_db_spec {
	int		 dir;		/* descriptor of the directory; borrowed while open */
	const char	*dir_path;	/* its path, for messages and for LMDB; copied */
	const char	*file;		/* "log.mdb"; copied */
	const char	*label;		/* what messages begin with: "orders"; copied */
	const char	*const *tables;	/* names of tables 1 to ntables; static */
	unsigned	 ntables;
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
 * Begins a transaction.  Writing: waits for its turn first, up to `deadline'
 * (mqs_boottime clock; 0: for ever; then MQS_EBUSY) and no longer than
 * options->interrupted allows (MQS_EINTR); then checks that the path still names
 * the file and that the transaction follows the last committed one.
 */
int	mqs_tx_read(struct mqs_db *, struct mqs_tx **out, struct mqs_error *err);
int	mqs_tx_write(struct mqs_db *, int64_t deadline, struct mqs_tx **out, struct mqs_error *err);
/*
 * Commits and frees it, in any case.  On return 0 it is durable (with
 * MQS_DB_NOMETASYNC: the one before is).  On error nothing of it will be seen.
 */
int	mqs_tx_commit(struct mqs_tx *, struct mqs_error *err);
/* Ends a transaction (NULL is let be), read or write, without effect. */
void	mqs_tx_abort(struct mqs_tx *);
/* A read transaction at rest pins nothing; renewing it takes a new snapshot. */
void	mqs_tx_rest(struct mqs_tx *);
int	mqs_tx_renew(struct mqs_tx *, struct mqs_error *err);
/* The transaction's number: of the snapshot, or of the commit to be. */
uint64_t mqs_tx_number(const struct mqs_tx *);
/* What messages about its file begin with; borrowed from the db. */
const char *mqs_tx_label(const struct mqs_tx *);

/*
 * Values are borrowed from the map until the transaction ends, rests or (when
 * writing) changes anything.  get and the cursor calls return 0, MQS_NOTHING or
 * an error.
 */
int	mqs_tx_get(struct mqs_tx *, unsigned table, const void *key, size_t key_len,
	    struct mqs_slice *value, struct mqs_error *err);
int	mqs_tx_put(struct mqs_tx *, unsigned table, const void *key, size_t key_len,
	    const void *value, size_t value_len, struct mqs_error *err);
/* Puts only if absent: MQS_EEXIST otherwise. */
int	mqs_tx_insert(struct mqs_tx *, unsigned table, const void *key, size_t key_len,
	    const void *value, size_t value_len, struct mqs_error *err);
/*
 * Adds a key that is greater than all others in the table, and gives room for its
 * value, to be filled in before the next call on this transaction.
 */
int	mqs_tx_append(struct mqs_tx *, unsigned table, const void *key, size_t key_len,
	    size_t value_len, void **room, struct mqs_error *err);
/* MQS_NOTHING if there was none. */
int	mqs_tx_del(struct mqs_tx *, unsigned table, const void *key, size_t key_len,
	    struct mqs_error *err);
/* Entries of a table. */
int	mqs_tx_count(struct mqs_tx *, unsigned table, uint64_t *entries, struct mqs_error *err);

/*
 * A cursor of a transaction; free it before the transaction ends.  After
 * mqs_tx_renew, a read cursor must be renewed too (and then be placed again).
 */
int	mqs_cur_new(struct mqs_cur **out, struct mqs_tx *, unsigned table, struct mqs_error *err);
int	mqs_cur_renew(struct mqs_cur *, struct mqs_error *err);
void	mqs_cur_free(struct mqs_cur *);

enum mqs_move {
	MQS_FIRST,
	MQS_LAST,
	MQS_NEXT,		/* MQS_FIRST if not placed */
	MQS_PREV,
	MQS_AT,			/* the key given, exactly */
	MQS_FROM		/* the key given, or the next greater */
};
/* key in: for MQS_AT and MQS_FROM; out: where the cursor stands. */
int	mqs_cur_move(struct mqs_cur *, enum mqs_move, struct mqs_slice *key,
	    struct mqs_slice *value, struct mqs_error *err);
/* Deletes the entry that a write cursor stands on; MQS_NEXT then gives the one after. */
int	mqs_cur_del(struct mqs_cur *, struct mqs_error *err);

/* Allocated bytes of the file on disk. */
uint64_t mqs_db_disk_bytes(const struct mqs_db *);
/*
 * Replaces what commits (tests: return an errno such as ENOSPC to make the
 * commit fail before it began, 0 to let it happen).
 */
void	mqs_db_on_commit(struct mqs_db *, int (*hook)(void *arg), void *arg);

#endif
