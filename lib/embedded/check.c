/*
 * check.c - verifying a queue
 *
 * First the log: every page of its file; then, in one snapshot, the list of its segments, every
 * record, index, counter and large body.  Then each group: every page of its file; then its tables are compared with
 * each other and with its counters.  Where reading damaged pages through LMDB might crash, the
 * entries of that file are not read.  Checking changes nothing, and others may work meanwhile.
 * Each finding is reported at once; the check ends early only if it can't go on.
 */
#include <stdlib.h>
#include <unistd.h>

#include "base/error.h"
#include "embedded/check_group_file.h"
#include "embedded/check_keys.h"
#include "embedded/check_left_over.h"
#include "embedded/check_repair.h"
#include "embedded/check_segments.h"
#include "embedded/queue/group_missing.h"
#include "embedded/queue/log_large_body.h"
#include "embedded/queue/log_reader.h"
#include "embedded/store/lmdb/db_page_check.h"

#define PROGRESS_EVERY	4096	/* messages */

/* ---------------------------------------------------------------- log -- */

struct sums {
	uint64_t	messages, bytes, last_id, last_ordinal;
	uint64_t	priorities, message_ids;
	int64_t		first_time;
};

static void
check_order(struct mqs_checking *k, const struct mqs_record *r, struct sums *s)
{
	const struct mqs_message *m = &r->message;

	if (m->seq > k->lv[MQS_LOG_LAST_ID])
		mqs_check_found(k, "message %llu: above the last id",
		    (unsigned long long)m->seq);
	if (r->ordinal <= s->last_ordinal || r->ordinal > k->lv[MQS_LOG_ORDINAL])
		mqs_check_found(k, "message %llu: ordinal %llu out of order",
		    (unsigned long long)m->seq, (unsigned long long)r->ordinal);
	if (s->messages == 0)
		s->first_time = m->time;
	s->last_id = m->seq;
	s->last_ordinal = r->ordinal;
	s->messages++;
	s->bytes += m->body_len;
}

/* 1 if a record is still there; who trims unlinks its body after removing it. */
static int
still_there(struct mqs_checking *k, uint64_t id)
{
	struct mqs_log_reader reader;
	struct mqs_record r;
	int rc;

	if (mqs_log_reader_init(&reader, k->log, NULL) != MQS_OK)
		return 1;
	rc = mqs_log_reader_at(&reader, id, 0, &r, NULL);
	mqs_log_reader_done(&reader);
	return rc != MQS_NOTHING;
}

static int
check_body(struct mqs_checking *k, const struct mqs_record *r, struct mqs_error *err)
{
	struct mqs_error why;
	int rc, fd;

	rc = mqs_log_body(k->log, r, 1, &fd, &why);
	if (rc == MQS_OK)
		close(fd);
	else if (rc == MQS_NOTHING && !still_there(k, r->message.seq))
		return MQS_OK;
	else if (rc == MQS_NOTHING)
		mqs_check_found(k, "message %llu: its body %016llx is gone",
		    (unsigned long long)r->message.seq,
		    (unsigned long long)r->blob_name);
	else if (rc == MQS_EDAMAGED)
		mqs_check_found(k, "message %llu: %s",
		    (unsigned long long)r->message.seq, why.text);
	else {
		if (err != NULL)
			*err = why;
		return rc;
	}
	return MQS_OK;
}

/* Each record must be found by what indexes it. */
static int
check_indexed(struct mqs_checking *k, struct mqs_tx *tx,
    const struct mqs_record *r, struct sums *s, struct mqs_error *err)
{
	const struct mqs_message *m = &r->message;
	struct mqs_slice value;
	unsigned char key[9];
	int rc;

	if (m->message_id != NULL) {
		rc = mqs_tx_get(tx, MQS_LOG_IDS, m->message_id,
		    m->message_id_len, &value, err);
		if (rc < 0)
			return rc;
		if (rc == MQS_NOTHING || value.n != 8 ||
		    mqs_get_be64(value.p) != m->seq)
			mqs_check_found(k, "message %llu: not found by its message id",
			    (unsigned long long)m->seq);
		s->message_ids++;
	}
	if (m->priority != 0) {
		key[0] = (unsigned char)(9 - m->priority);
		mqs_put_be64(key + 1, m->seq);
		rc = mqs_tx_get(tx, MQS_LOG_PRIORITY, key, sizeof(key), &value, err);
		if (rc < 0)
			return rc;
		if (rc == MQS_NOTHING)
			mqs_check_found(k, "message %llu: not found by its priority",
			    (unsigned long long)m->seq);
		s->priorities++;
	}
	return mqs_check_key_of(k, tx, r, err);
}

static void
check_count(struct mqs_checking *k, const char *what, uint64_t is, uint64_t should)
{
	if (is != should)
		mqs_check_found(k, "%s: %llu, but the state says %llu", what,
		    (unsigned long long)is, (unsigned long long)should);
}

static int
check_sums(struct mqs_checking *k, struct mqs_tx *tx, const struct sums *s,
    struct mqs_error *err)
{
	uint64_t n;
	int rc;

	check_count(k, "messages", s->messages,
	    k->lv[MQS_LOG_ORDINAL] - k->lv[MQS_LOG_REMOVED]);
	check_count(k, "bytes", s->bytes,
	    k->lv[MQS_LOG_IN_BYTES] - k->lv[MQS_LOG_REMOVED_BYTES]);
	check_count(k, "time of the oldest message", (uint64_t)s->first_time,
	    k->lv[MQS_LOG_OLDEST_TIME]);
	if ((rc = mqs_tx_count(tx, MQS_LOG_IDS, &n, err)) != MQS_OK)
		return rc;
	check_count(k, "message ids of messages", s->message_ids, n);
	if ((rc = mqs_tx_count(tx, MQS_LOG_PRIORITY, &n, err)) != MQS_OK)
		return rc;
	check_count(k, "priorities of messages", s->priorities, n);
	return mqs_check_key_index(k, tx, err);
}

static void
tell(const struct mqs_checking *k, uint64_t done)
{
	mqs_progress(k->spool, done, k->lv[MQS_LOG_ORDINAL] - k->lv[MQS_LOG_REMOVED],
	    "%s: checking messages", k->log->dir.name);
}

static int
check_log(struct mqs_checking *k, struct mqs_error *err)
{
	struct mqs_log_reader reader;
	struct mqs_error why;
	struct mqs_record r;
	struct sums s = { 0 };
	int rc;

	if ((rc = mqs_log_reader_init(&reader, k->log, err)) != MQS_OK)
		return rc;
	if ((rc = mqs_log_reader_state(&reader, k->lv, err)) != MQS_OK ||
	    (rc = mqs_check_segments(k, reader.tx, err)) != MQS_OK)
		goto out;
	while ((rc = mqs_log_reader_next(&reader, 1, &r, &why)) != MQS_NOTHING) {
		if (rc != MQS_OK) {
			/* A record that doesn't verify: the tree goes on after it. */
			mqs_check_found(k, "%s", why.text);
			if (rc != MQS_EDAMAGED && err != NULL)
				*err = why;
			if (rc != MQS_EDAMAGED || !mqs_log_reader_goes_on(&reader))
				goto out;
			s.messages += !reader.told;
			continue;
		}
		check_order(k, &r, &s);
		if (s.messages % PROGRESS_EVERY == 0)
			tell(k, s.messages);
		if ((rc = check_indexed(k, reader.tx, &r, &s, err)) != MQS_OK ||
		    (r.flags & MQS_RECORD_LARGE &&
		    (rc = check_body(k, &r, err)) != MQS_OK))
			goto out;
	}
	*k->messages = s.messages;
	tell(k, k->lv[MQS_LOG_ORDINAL] - k->lv[MQS_LOG_REMOVED]);
	rc = check_sums(k, reader.tx, &s, err);
out:
	mqs_log_reader_done(&reader);
	return rc == MQS_EDAMAGED ? MQS_OK : rc;
}

/* ------------------------------------------------------------- groups -- */

static int
check_each_group(void *arg, const char *name)
{
	struct mqs_checking *k = arg;
	struct mqs_error why;

	if (!mqs_group_is_lost(&k->log->dir, name))
		return mqs_check_group_file(k, name);
	if (mqs_group_fail_missing(k->log, name, &why) == MQS_EDAMAGED)
		mqs_check_found(k, "%s", why.text);
	return MQS_OK;
}

int
mqs_embedded_check(struct mqs_spool *spool, const char *queue, unsigned flags,
    mqs_finding_fn *finding, void *arg, uint64_t *findings, uint64_t *messages, struct mqs_error *err)
{
	struct mqs_checking k = {
		.spool = spool, .finding = finding, .arg = arg,
		.findings = findings, .messages = messages, .err = err
	};
	int rc;

	*findings = *messages = 0;
	if ((rc = mqs_spool_log(spool, queue, 0, &k.log, err)) == MQS_EPERM && err != NULL)
		return mqs_fail(err, rc, "%s (checking needs permission to write, as publishing and "
		    "consuming do: mq(7), FILES)", err->text);
	if (rc != MQS_OK ||
	    (rc = mqs_check_pages(&k, k.log->db, NULL, &k.log_unsafe, err)) != MQS_OK ||
	    (!k.log_unsafe && flags & MQS_REPAIR && (rc = mqs_check_repair(&k, err)) != MQS_OK) ||
	    (!(flags & MQS_REPAIR) && (rc = mqs_check_left_over(&k, err)) != MQS_OK) ||
	    (!k.log_unsafe && (rc = check_log(&k, err)) != MQS_OK))
		return rc;
	return mqs_dir_each_group_left(&k.log->dir, check_each_group, &k, err);
}
