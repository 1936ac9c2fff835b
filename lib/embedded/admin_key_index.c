/* admin_key_index.c - see admin_key_index.h */
#include <stdlib.h>

#include "base/advice.h"
#include "base/error.h"
#include "base/interrupted.h"
#include "embedded/admin_key_index.h"
#include "embedded/queue/log_key_index.h"
#include "embedded/queue/log_limits.h"

#define CHUNK		((size_t)1 << 19)	/* messages */
#define ADD_ENTRIES	2000	/* in one transaction: in a large table each may change a page of its own */
/* Of an entry, in pages that are filled by two thirds, as those of a tree in random order are. */
#define ENTRY_BYTES	UINT64_C(40)

static uint64_t
retained(const uint64_t v[MQS_LOG_VALUES])
{
	return v[MQS_LOG_ORDINAL] - v[MQS_LOG_REMOVED];
}

int
mqs_admin_key_index_fits(const struct mqs_log *log, const uint64_t v[MQS_LOG_VALUES],
    struct mqs_error *err)
{
	return mqs_limits_check_disk(log, 0, retained(v) * ENTRY_BYTES, err);
}

static void
tell_progress(const struct mqs_spool *spool, const struct mqs_log_tx *ltx)
{
	const struct mqs_options *o = &spool->options;
	const char *what = ltx->v[MQS_LOG_KEY_INDEX] == MQS_KEY_INDEX_DROPPING ?
	    "dropping the index of keys" : "indexing keys";
	uint64_t n = 0;

	if (o->progress != NULL && mqs_tx_count(ltx->tx, MQS_LOG_KEYS, &n, NULL) == MQS_OK)
		o->progress(o->arg, what, n, retained(ltx->v));
}

static int
interrupted(const struct mqs_spool *spool, const struct mqs_log *log, struct mqs_error *err)
{
	const struct mqs_dir *dir = &log->dir;
	char ctl[MQS_CTL_SIZE];

	if (!mqs_interrupted(&spool->options))
		return MQS_OK;
	return mqs_fail(err, MQS_EINTR, "%s: interrupted; to finish the index of keys: "
	    "%s trim %s", dir->name, mqs_ctl(ctl, dir->path), dir->name);
}

/* ------------------------------------------------------------ building -- */

struct entry {
	uint64_t	hash, id;
};

struct chunk {
	struct entry	*entries;
	size_t		 n;
	uint64_t	 at, end;	/* the state's KEY_INDEX_AT and _END when it was read */
	uint64_t	 to;		/* it has all messages behind `at' up to that id */
	int		 last;		/* there are no more to be added */
};

static int
compare(const void *a, const void *b)
{
	const struct entry *x = a, *y = b;

	if (x->hash != y->hash)
		return x->hash < y->hash ? -1 : 1;
	return x->id < y->id ? -1 : x->id > y->id;
}

/* Reads the chunk from a cursor of the messages.  One that is damaged has no entry. */
static int
fill(struct chunk *c, struct mqs_cur *cur, struct mqs_error *err)
{
	unsigned char from[8];
	struct mqs_slice key = { from, sizeof(from) }, value;
	struct mqs_record r;
	size_t seen = 0;
	uint64_t id;
	int rc;

	c->n = 0;
	c->to = c->at;
	mqs_put_be64(from, c->at + 1);
	for (rc = mqs_cur_move(cur, MQS_FROM, &key, &value, err); rc == MQS_OK &&
	    seen < CHUNK; seen++, rc = mqs_cur_move(cur, MQS_NEXT, &key, &value, err)) {
		id = key.n == 8 ? mqs_get_be64(key.p) : 0;
		if (id > c->end)
			break;
		if (id > c->to)
			c->to = id;
		if (mqs_record_decode(&r, id, value, 0, NULL) == MQS_OK)
			c->entries[c->n++] = (struct entry){
			    mqs_key_index_hash(r.message.key, r.message.key_len), id };
	}
	c->last = seen < CHUNK || c->to == c->at;
	return rc < 0 ? rc : MQS_OK;
}

static int
read_chunk(struct chunk *c, struct mqs_log *log, struct mqs_error *err)
{
	struct mqs_cur *cur;
	struct mqs_tx *tx;
	int rc;

	if ((rc = mqs_tx_read(log->db, &tx, err)) != MQS_OK)
		return rc;
	if ((rc = mqs_cur_new(&cur, tx, MQS_LOG_MESSAGES, err)) == MQS_OK) {
		rc = fill(c, cur, err);
		mqs_cur_free(cur);
	}
	mqs_tx_abort(tx);
	if (rc == MQS_OK && c->n > 0)
		qsort(c->entries, c->n, sizeof(*c->entries), compare);
	return rc;
}

/* Adds entries from..to of the chunk whose messages are still there. */
static int
add(struct mqs_log_tx *ltx, const struct chunk *c, size_t from, size_t to,
    struct mqs_error *err)
{
	const struct entry *e;
	struct mqs_slice value;
	unsigned char key[8];
	int rc;

	for (e = c->entries + from; e < c->entries + to; e++) {
		mqs_put_be64(key, e->id);
		rc = mqs_tx_get(ltx->tx, MQS_LOG_MESSAGES, key, sizeof(key), &value, err);
		if (rc == MQS_OK)
			rc = mqs_key_index_add(ltx->tx, e->hash, e->id, err);
		if (rc < 0)
			return rc;
	}
	return MQS_OK;
}

/* One transaction: entries from `*from' on.  MQS_NOTHING: the state has moved on. */
static int
add_some(struct mqs_spool *spool, struct mqs_log *log, const struct chunk *c, size_t *from,
    struct mqs_error *err)
{
	const size_t to = c->n - *from > ADD_ENTRIES ? *from + ADD_ENTRIES : c->n;
	struct mqs_log_tx ltx;
	int rc;

	if ((rc = interrupted(spool, log, err)) != MQS_OK ||
	    (rc = mqs_limits_check_disk(log, 0, 0, err)) != MQS_OK ||
	    (rc = mqs_log_begin(&ltx, log, 0, err)) != MQS_OK)
		return rc;
	if (ltx.v[MQS_LOG_KEY_INDEX] != MQS_KEY_INDEX_BUILDING ||
	    ltx.v[MQS_LOG_KEY_INDEX_AT] != c->at || ltx.v[MQS_LOG_KEY_INDEX_END] != c->end) {
		mqs_log_abort(&ltx);
		return MQS_NOTHING;
	}
	if ((rc = add(&ltx, c, *from, to, err)) != MQS_OK) {
		mqs_log_abort(&ltx);
		return rc;
	}
	if (to == c->n)
		ltx.v[MQS_LOG_KEY_INDEX_AT] = c->to;
	if (to == c->n && c->last) {
		ltx.v[MQS_LOG_KEY_INDEX] = MQS_KEY_INDEX_WHOLE;
		ltx.v[MQS_LOG_KEY_INDEX_AT] = ltx.v[MQS_LOG_KEY_INDEX_END] = 0;
	}
	*from = to;
	tell_progress(spool, &ltx);
	return mqs_log_commit(&ltx, err);
}

/* Adds a chunk of messages to an index that is in that state. */
static int
build(struct mqs_spool *spool, struct mqs_log *log, const uint64_t v[MQS_LOG_VALUES],
    struct mqs_error *err)
{
	struct chunk c = { .at = v[MQS_LOG_KEY_INDEX_AT], .end = v[MQS_LOG_KEY_INDEX_END] };
	size_t from = 0;
	int rc;

	if ((c.entries = calloc(CHUNK, sizeof(*c.entries))) == NULL)
		return mqs_fail_errno(err, "%s: index of keys", log->dir.name);
	if ((rc = read_chunk(&c, log, err)) == MQS_OK)
		do
			rc = add_some(spool, log, &c, &from, err);
		while (rc == MQS_OK && from < c.n);
	free(c.entries);
	return rc < 0 ? rc : MQS_OK;
}

static int
drop_some(struct mqs_spool *spool, struct mqs_log *log, struct mqs_error *err)
{
	struct mqs_log_tx ltx;
	int rc;

	if ((rc = interrupted(spool, log, err)) != MQS_OK ||
	    (rc = mqs_log_begin(&ltx, log, 0, err)) != MQS_OK)
		return rc;
	if (ltx.v[MQS_LOG_KEY_INDEX] != MQS_KEY_INDEX_DROPPING) {
		mqs_log_abort(&ltx);
		return MQS_OK;
	}
	if ((rc = mqs_key_index_drop_some(&ltx, err)) != MQS_OK) {
		mqs_log_abort(&ltx);
		return rc;
	}
	tell_progress(spool, &ltx);
	return mqs_log_commit(&ltx, err);
}

int
mqs_admin_key_index(struct mqs_spool *spool, struct mqs_log *log, struct mqs_error *err)
{
	uint64_t v[MQS_LOG_VALUES];
	struct mqs_tx *tx;
	int rc;

	do {
		if ((rc = mqs_tx_read(log->db, &tx, err)) != MQS_OK)
			return rc;
		rc = mqs_log_state(tx, v, err);
		mqs_tx_abort(tx);
		if (rc == MQS_OK && v[MQS_LOG_KEY_INDEX] == MQS_KEY_INDEX_BUILDING)
			rc = build(spool, log, v, err);
		else if (rc == MQS_OK && v[MQS_LOG_KEY_INDEX] == MQS_KEY_INDEX_DROPPING)
			rc = drop_some(spool, log, err);
	} while (rc == MQS_OK && mqs_key_index_unfinished(v));
	return rc;
}
