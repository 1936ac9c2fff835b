/*
 * db_file.h - one LMDB file in a directory made by hand, for unit tests of the store
 *
 * setup and teardown make and remove the directory; fresh gives a new open file in it.
 */
#ifndef MQ_TESTS_DB_FILE_H
#define MQ_TESTS_DB_FILE_H

#include <sys/file.h>
#include <sys/resource.h>
#include <sys/time.h>

#include <pthread.h>

#include "base/bytes.h"
#include "base/clock.h"
#include "check.h"
#include "embedded/store/lmdb/cursor.h"
#include "embedded/store/lmdb/data_file.h"
#include "embedded/store/lmdb/entry.h"
#include "tree.h"

static const char *const tables[] = { "one", "two" };

static struct mqs_dir dir;
static struct mqs_error err;
static int stop;		/* what `interrupted' answers */

static inline int
interrupted(void *arg)
{
	(void)arg;
	return stop;
}

static inline void
on_damage(void *arg, const char *text)
{
	(void)arg;
	_exit(strstr(text, "damaged") != NULL ? 42 : 43);
}

static struct mqs_options options = {
	.interrupted = interrupted, .on_damage = on_damage
};

static inline void
setup(void)
{
	make_tree(&dir);
	must((dir.gate = openat(dir.fd, "gate", O_RDWR | O_CREAT | O_CLOEXEC, 0600)) != -1);
	must((dir.turn = openat(dir.fd, "turn", O_RDWR | O_CREAT | O_CLOEXEC, 0600)) != -1);
	memset(&err, 0, sizeof(err));
	stop = 0;
	options.map_size = 0;
}

static inline void
teardown(void)
{
	close(dir.gate);
	close(dir.turn);
	drop_tree(&dir);
}

static inline struct mqs_db_spec
spec_of(unsigned flags)
{
	return (struct mqs_db_spec){
		.dir = dir.fd, .dir_path = dir.path, .file = "t.mdb", .label = "orders",
		.tables = tables, .ntables = 2, .flags = flags, .mode = 0666,
		.gate = dir.gate, .turn = dir.turn, .turn_byte = 3, .options = &options
	};
}

static inline struct mqs_db *
open_db(unsigned flags)
{
	struct mqs_db_spec spec = spec_of(flags);
	struct mqs_db *db = NULL;

	if (mqs_db_open(&db, &spec, &err) != MQS_OK)
		printf("# open: %s\n", err.text);
	must(db != NULL);
	return db;
}

/* Opening must fail with this code, and these words in the text. */
static inline void
refused(unsigned flags, int code, const char *words)
{
	struct mqs_db_spec spec = spec_of(flags);
	struct mqs_db *db;

	check_int(mqs_db_open(&db, &spec, &err), code);
	check_int(err.code, code);
	if (!check(strstr(err.text, words) != NULL))
		printf("# %s\n", err.text);
}

static inline struct mqs_db *
fresh(void)
{
	setup();
	return open_db(MQS_DB_CREATE);
}

static inline void
finish(struct mqs_db *db)
{
	mqs_db_close(db);
	teardown();
}

/* Commits one entry of table 1: what mqs_tx_commit, or a step before, returned. */
static inline int
store(struct mqs_db *db, uint64_t n, size_t size)
{
	unsigned char key[8];
	struct mqs_tx *tx;
	void *room;
	int rc;

	if ((rc = mqs_tx_write(db, 0, &tx, &err)) != MQS_OK)
		return rc;
	mqs_put_be64(key, n);
	if ((rc = mqs_tx_append(tx, 1, key, 8, size, &room, &err)) != MQS_OK) {
		mqs_tx_abort(tx);
		return rc;
	}
	memset(room, (int)n, size);
	return mqs_tx_commit(tx, &err);
}

static inline uint64_t
entries(struct mqs_db *db)
{
	struct mqs_tx *tx;
	uint64_t n = 0;

	if (!check_int(mqs_tx_read(db, &tx, &err), 0))
		return UINT64_MAX;
	check_int(mqs_tx_count(tx, 1, &n, &err), 0);
	mqs_tx_abort(tx);
	return n;
}

static inline uint64_t
file_size(void)
{
	struct stat st;

	must(fstatat(dir.fd, "t.mdb", &st, 0) == 0);
	return (uint64_t)st.st_size;
}

static inline void
at(struct mqs_cur *cur, enum mqs_move move, const char *in, const char *out)
{
	struct mqs_slice key = { in, in == NULL ? 0 : strlen(in) }, value;
	int rc = mqs_cur_move(cur, move, &key, &value, &err);

	check_int(rc, out == NULL ? MQS_NOTHING : MQS_OK);
	if (rc == MQS_OK && out != NULL)
		check_mem(key.p, key.n, out, strlen(out));
}

static inline void
note_signal(int number)
{
	(void)number;
	stop = 1;
}

/* The size of the file when a commit begins covers what it names afterwards. */
#endif
