/*
 * check_repair.c - see check_repair.h
 *
 * What is to be repaired in an index is found in a snapshot first, since a healthy queue has
 * nothing of it, and publishers need not wait for that.  Then one transaction that writes looks
 * at each finding again, and repairs it if it still is as it was: the indexes follow from the
 * records, so nothing is lost by removing an entry or adding it.
 *
 * Where the list of segments does not fit the tables nothing is repaired: messages may only seem
 * to be gone, and their entries, bytes and large bodies not to be theirs.
 *
 * A crash before the commit leaves the indexes as they were.  At most REPAIR_MAX entries are
 * repaired at once; the check that follows tells of the others.
 */
#include <stdlib.h>

#include "base/error.h"
#include "base/units.h"
#include "embedded/admin_remove_orphans.h"
#include "embedded/check_repair.h"
#include "embedded/check_repair_counters.h"
#include "embedded/check_segments.h"
#include "embedded/queue/log_key_index.h"
#include "embedded/queue/log_reader.h"
#include "embedded/queue/log_tx.h"

#define REPAIR_MAX	4096

/* An entry of an index that is to be added (id) or removed (key). */
struct repair {
	unsigned	 table;
	uint64_t	 id;		/* of the message that lacks its entry; 0: remove the key */
	unsigned char	 key[256];
	size_t		 key_len;
};

struct repairs {
	struct mqs_checking	*k;
	uint64_t		 v[MQS_LOG_VALUES];	/* of the snapshot */
	size_t			 n;
	struct repair		 list[REPAIR_MAX];
};

static const char *
index_name(unsigned table)
{
	return table == MQS_LOG_IDS ? "message ids" :
	    table == MQS_LOG_KEYS ? "keys" : "priorities";
}

static struct repair *
add(struct repairs *r, unsigned table, uint64_t id, struct mqs_slice key)
{
	struct repair *one;

	if (r->n == REPAIR_MAX || key.n > sizeof(one->key))
		return NULL;
	one = &r->list[r->n++];
	one->table = table;
	one->id = id;
	one->key_len = key.n;
	memcpy(one->key, key.p, key.n);
	return one;
}

/* The entry by which an index finds a record: its key, in room; 0 if it has none. */
static size_t
entry_of(unsigned table, const struct mqs_record *r, unsigned char room[256])
{
	const struct mqs_message *m = &r->message;

	if (table == MQS_LOG_KEYS) {
		mqs_key_index_entry(room, mqs_key_index_hash(m->key, m->key_len), m->seq);
		return MQS_KEY_ENTRY;
	}
	if (table == MQS_LOG_IDS ? m->message_id == NULL : m->priority == 0)
		return 0;
	if (table == MQS_LOG_IDS) {
		memcpy(room, m->message_id, m->message_id_len);
		return m->message_id_len;
	}
	room[0] = (unsigned char)(9 - m->priority);
	mqs_put_be64(room + 1, m->seq);
	return 9;
}

/* Does an intact record with that id have this entry: 1, 0, or an error. */
static int
names_record(struct mqs_tx *tx, unsigned table, struct mqs_slice key, struct mqs_slice value,
    struct mqs_error *err)
{
	/* Where the id stands in the entry: at its end. */
	const struct mqs_slice at = table == MQS_LOG_IDS ? value : key;
	const size_t size = table == MQS_LOG_IDS ? 8 : table == MQS_LOG_KEYS ? MQS_KEY_ENTRY : 9;
	unsigned char room[256], id[8];
	struct mqs_slice found;
	struct mqs_record r;
	int rc;

	if (at.n != size)
		return 0;
	memcpy(id, (const unsigned char *)at.p + size - 8, 8);
	if ((rc = mqs_tx_get(tx, MQS_LOG_MESSAGES, id, sizeof(id), &found, err)) != MQS_OK)
		return rc < 0 ? rc : 0;
	/* Of a damaged record nothing is known: its entry stays. */
	if (mqs_record_decode(&r, mqs_get_be64(id), found, 1, NULL) != MQS_OK)
		return 1;
	r.message.seq = mqs_get_be64(id);
	return entry_of(table, &r, room) == key.n && memcmp(room, key.p, key.n) == 0;
}

/* Finds the entries that name no message. */
static int
find_stray(struct repairs *r, struct mqs_tx *tx, unsigned table, struct mqs_error *err)
{
	struct mqs_slice key, value;
	struct mqs_cur *cur;
	int rc;

	if ((rc = mqs_cur_new(&cur, tx, table, err)) != MQS_OK)
		return rc;
	while ((rc = mqs_cur_move(cur, MQS_NEXT, &key, &value, err)) == MQS_OK) {
		if ((rc = names_record(tx, table, key, value, err)) < 0)
			break;
		if (rc == 0 && add(r, table, 0, key) == NULL)
			break;
	}
	mqs_cur_free(cur);
	return rc < 0 ? rc : MQS_OK;
}

/* Is a record found by its entry: 1, 0, or an error. */
static int
is_indexed(struct mqs_tx *tx, unsigned table, uint64_t id, struct mqs_slice key,
    struct mqs_error *err)
{
	struct mqs_slice value;
	int rc;

	if ((rc = mqs_tx_get(tx, table, key.p, key.n, &value, err)) != MQS_OK)
		return rc < 0 ? rc : 0;
	return table != MQS_LOG_IDS || (value.n == 8 && mqs_get_be64(value.p) == id);
}

/* 1 if the index has to have such a message; that of keys may be off, or unfinished. */
static int
must_have(const uint64_t v[MQS_LOG_VALUES], unsigned table, uint64_t id)
{
	return table != MQS_LOG_KEYS || mqs_key_index_must_have(v, id);
}

/* Finds the intact records that an index lacks. */
static int
find_missing(struct repairs *r, struct mqs_log_reader *reader, struct mqs_error *err)
{
	static const unsigned tables[] = { MQS_LOG_IDS, MQS_LOG_PRIORITY, MQS_LOG_KEYS };
	unsigned char room[256];
	struct mqs_record record;
	struct mqs_slice key = { room, 0 };
	unsigned i;
	int rc;

	while ((rc = mqs_log_reader_next(reader, 1, &record, NULL)) != MQS_NOTHING) {
		if (rc == MQS_EDAMAGED && mqs_log_reader_goes_on(reader))
			continue;
		if (rc != MQS_OK)
			return MQS_OK;	/* the check that follows tells */
		for (i = 0; i < 3; i++) {
			if ((key.n = entry_of(tables[i], &record, room)) == 0 ||
			    !must_have(r->v, tables[i], record.message.seq))
				continue;
			if ((rc = is_indexed(reader->tx, tables[i], record.message.seq, key, err)) < 0)
				return rc;
			if (rc == 0)
				(void)add(r, tables[i], record.message.seq, key);
		}
	}
	return MQS_OK;
}

/* Repairs one entry, if it is still wrong. */
static int
repair_one(struct repairs *r, struct mqs_log_tx *ltx, const struct repair *one,
    struct mqs_error *err)
{
	struct mqs_tx *tx = ltx->tx;
	const struct mqs_slice key = { one->key, one->key_len };
	struct mqs_slice value;
	unsigned char id[8];
	int rc;

	mqs_put_be64(id, one->id);
	if (one->id == 0) {
		if ((rc = mqs_tx_get(tx, one->table, key.p, key.n, &value, err)) != MQS_OK)
			return rc < 0 ? rc : MQS_OK;
		if ((rc = names_record(tx, one->table, key, value, err)) != 0)
			return rc < 0 ? rc : MQS_OK;
		mqs_check_repaired(r->k, "index of %s: an entry that names no message",
		    index_name(one->table));
		rc = mqs_tx_del(tx, one->table, key.p, key.n, err);
		return rc < 0 ? rc : MQS_OK;
	}
	if ((rc = mqs_tx_get(tx, MQS_LOG_MESSAGES, id, sizeof(id), &value, err)) != MQS_OK)
		return rc < 0 ? rc : MQS_OK;
	if (!must_have(ltx->v, one->table, one->id))	/* turned off meanwhile */
		return MQS_OK;
	/* Of two with one message id the first is the one that is found. */
	if (one->table == MQS_LOG_IDS &&
	    (rc = mqs_tx_get(tx, one->table, key.p, key.n, &value, err)) != MQS_NOTHING)
		return rc < 0 ? rc : MQS_OK;
	mqs_check_repaired(r->k, "message %llu: not in the index of %s",
	    (unsigned long long)one->id, index_name(one->table));
	return mqs_tx_put(tx, one->table, key.p, key.n, id, one->table == MQS_LOG_IDS ? 8 : 0, err);
}

static int
repair_all(struct repairs *r, struct mqs_error *err)
{
	struct mqs_log_tx ltx;
	size_t i;
	int rc;

	if (r->n == 0)
		return MQS_OK;
	if ((rc = mqs_log_begin(&ltx, r->k->log, 0, err)) != MQS_OK)
		return rc;
	for (i = 0; i < r->n; i++)
		if ((rc = repair_one(r, &ltx, &r->list[i], err)) != MQS_OK) {
			mqs_log_abort(&ltx);
			return rc;
		}
	return mqs_log_commit(&ltx, err);
}

static int
repair_indexes(struct mqs_checking *k, struct mqs_error *err)
{
	struct repairs *r;
	struct mqs_log_reader reader;
	int rc;

	if ((r = calloc(1, sizeof(*r))) == NULL)
		return mqs_fail_errno(err, "%s", k->log->dir.name);
	r->k = k;
	if ((rc = mqs_log_reader_init(&reader, k->log, err)) == MQS_OK) {
		/* Strays first: an entry that names another message is in the way of its own. */
		if ((rc = mqs_log_reader_state(&reader, r->v, err)) == MQS_OK &&
		    (rc = find_stray(r, reader.tx, MQS_LOG_IDS, err)) == MQS_OK &&
		    (rc = find_stray(r, reader.tx, MQS_LOG_PRIORITY, err)) == MQS_OK &&
		    (rc = find_stray(r, reader.tx, MQS_LOG_KEYS, err)) == MQS_OK)
			rc = find_missing(r, &reader, err);
		mqs_log_reader_done(&reader);
	}
	if (rc == MQS_OK)
		rc = repair_all(r, err);
	free(r);
	return rc;
}

static void
tell_made(void *arg, const char *name)
{
	mqs_check_repaired(arg, "%s: it was being made or removed", name);
}

int
mqs_check_repair(struct mqs_checking *k, struct mqs_error *err)
{
	struct mqs_orphans removed = { .made = tell_made, .arg = k };
	int rc, sound;

	if ((rc = mqs_check_segments_sound(k, &sound, err)) != MQS_OK)
		return rc;
	if (!sound) {
		mqs_check_noted(k, "nothing is repaired, since its tables are not as they are listed");
		return MQS_OK;
	}
	if ((rc = repair_indexes(k, err)) != MQS_OK ||
	    (rc = mqs_check_repair_counters(k, err)) != MQS_OK ||
	    (rc = mqs_admin_count_orphans(k->log, &removed, err)) != MQS_OK)
		return rc;
	if (removed.bodies > 0)
		mqs_check_repaired(k, "%llu large %s that no message has",
		    (unsigned long long)removed.bodies, removed.bodies == 1 ? "body" : "bodies");
	if (removed.owners > 0)
		mqs_check_repaired(k, "%llu file%s of consumers that are gone, and so is their group",
		    (unsigned long long)removed.owners, mqs_plural(removed.owners));
	if (removed.mailboxes > 0)
		mqs_check_repaired(k, "%llu mailbox%s of callers that are gone",
		    (unsigned long long)removed.mailboxes, removed.mailboxes == 1 ? "" : "es");
	return MQS_OK;
}
