/* segment_check.c - see segment_check.h */
#include <lmdb.h>
#include <stdarg.h>
#include <stdio.h>

#include "base/error.h"
#include "embedded/store/lmdb/lmdb_error.h"
#include "embedded/store/lmdb/segment_check.h"
#include "embedded/store/lmdb/segment_tables.h"

/* A table at a place in the ring. */
struct look {
	struct mqs_tx	*tx;
	mqs_segments_finding_fn *finding;
	void		*arg;
	unsigned	 place;
	uint64_t	 entries;
	uint64_t	 first, last;		/* keys, where there are entries */
};

static void __attribute__((format(printf, 2, 3)))
tell(struct look *l, const char *fmt, ...)
{
	const struct mqs_db *db = l->tx->db;
	char text[MQS_ERROR_TEXT];
	va_list ap;
	int n;

	n = snprintf(text, sizeof(text), "table %s: ",
	    db->spec.tables[mqs_segment_at(l->tx, l->place) - 1]);
	va_start(ap, fmt);
	(void)vsnprintf(text + n, sizeof(text) - (size_t)n, fmt, ap);
	va_end(ap);
	l->finding(l->arg, text);
}

/* The key of the entry to which a cursor moves; where there is none it is left as it was. */
static int
key_at(MDB_cursor *cursor, MDB_cursor_op move, uint64_t *key)
{
	MDB_val k, v;
	int rc = mdb_cursor_get(cursor, &k, &v, move);

	if (rc == 0)
		*key = mqs_segment_key(k.mv_data, k.mv_size);
	return rc == MDB_NOTFOUND ? 0 : rc;
}

/* The last hidden entry, and the first that is not. */
static int
check_hidden(struct look *l, MDB_cursor *cursor)
{
	const struct mqs_segments *s = &l->tx->segments;
	unsigned long long last = 0, first = UINT64_MAX;
	uint64_t key = 0, i;
	int rc = 0;

	if (l->entries <= s->hidden) {
		tell(l, "%llu entries at its front are hidden, but it has %llu",
		    (unsigned long long)s->hidden, (unsigned long long)l->entries);
		return 0;
	}
	for (i = 0; i <= s->hidden && rc == 0; i++) {
		last = key;
		rc = key_at(cursor, i == 0 ? MDB_FIRST : MDB_NEXT, &key);
		first = key;
	}
	if (rc != 0)
		return rc;
	if (s->last != 0 && last != s->last)
		tell(l, "the last of %llu hidden entries is %llu, but %llu is there",
		    (unsigned long long)s->hidden, (unsigned long long)s->last, last);
	else if (s->last != 0 && last >= s->from)
		tell(l, "hidden entries are below %llu, but the last is %llu",
		    (unsigned long long)s->from, last);
	if (first < s->from)
		tell(l, "what is below %llu is hidden, but %llu is not",
		    (unsigned long long)s->from, first);
	return 0;
}

/* The keys of a table in use, and those of the tables around it. */
static void
check_keys(struct look *l)
{
	const struct mqs_segments *s = &l->tx->segments;
	const unsigned long long start = s->start[l->place];
	const int has_next = l->place + 1 < s->n;

	if (has_next && s->start[l->place + 1] <= start)
		tell(l, "it begins at %llu, but the next one at %llu", start,
		    (unsigned long long)s->start[l->place + 1]);
	if (l->entries == 0)
		return;
	if (l->first < start)
		tell(l, "it begins at %llu, but %llu is there", start, (unsigned long long)l->first);
	if (has_next && l->last >= s->start[l->place + 1])
		tell(l, "the next one begins at %llu, but %llu is there",
		    (unsigned long long)s->start[l->place + 1], (unsigned long long)l->last);
}

static int
check_used(struct look *l)
{
	const struct mqs_segments *s = &l->tx->segments;
	MDB_cursor *cursor;
	int rc;

	if ((rc = mdb_cursor_open(l->tx->txn, l->tx->db->dbi[mqs_segment_at(l->tx, l->place)],
	    &cursor)) != 0)
		return rc;
	if ((rc = key_at(cursor, MDB_FIRST, &l->first)) == 0 &&
	    (rc = key_at(cursor, MDB_LAST, &l->last)) == 0) {
		check_keys(l);
		if (l->entries == 0 && s->n > 1 && (l->place == 0 || l->place + 1 == s->n))
			tell(l, "it is the %s one, but empty", l->place == 0 ? "oldest" : "newest");
		else if (l->place == 0 && s->hidden > 0)
			rc = check_hidden(l, cursor);
	}
	mdb_cursor_close(cursor);
	return rc;
}

int
mqs_segments_check(struct mqs_tx *tx, mqs_segments_finding_fn *finding, void *arg,
    struct mqs_error *err)
{
	struct look l = { .tx = tx, .finding = finding, .arg = arg };
	MDB_stat st;
	int rc;

	if ((rc = mqs_segments_know(tx, err)) != MQS_OK)
		return rc;
	for (; l.place < tx->db->spec.segments; l.place++) {
		if ((rc = mdb_stat(tx->txn, tx->db->dbi[mqs_segment_at(tx, l.place)], &st)) != 0)
			return mqs_lmdb_fail_entry(tx, rc, err);
		l.entries = st.ms_entries;
		if (l.place < tx->segments.n && (rc = check_used(&l)) != 0)
			return mqs_lmdb_fail_entry(tx, rc, err);
		if (l.place >= tx->segments.n && l.entries > 0)
			tell(&l, "it is not in use, but has %llu entries",
			    (unsigned long long)l.entries);
	}
	return MQS_OK;
}
