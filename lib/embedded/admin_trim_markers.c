/* admin_trim_markers.c - see admin_trim_markers.h */
#include <stdlib.h>

#include "base/error.h"
#include "base/hash.h"
#include "embedded/admin_trim_markers.h"
#include "embedded/queue/log_tx.h"
#include "embedded/queue/marker.h"

#define REMOVE_MOST	1000

/* A queue and one of its groups; each queue is there once without a group, too. */
struct known {
	unsigned char	uuid[16];
	int		is_group;
	uint64_t	group;
};

struct census {
	struct mqs_spool	*spool;
	struct known		*known;
	size_t			 n, cap;
	unsigned char		 uuid[16];	/* of the queue that is looked at */
	int			 unsure;	/* some queue that was listed can't be opened */
	struct mqs_error	*err;
};

static int
compare(const void *a, const void *b)
{
	const struct known *x = a, *y = b;
	int order = memcmp(x->uuid, y->uuid, sizeof(x->uuid));

	if (order != 0 || x->is_group != y->is_group)
		return order != 0 ? order : x->is_group - y->is_group;
	return x->group < y->group ? -1 : x->group > y->group;
}

static int
add(struct census *s, int is_group, uint64_t group)
{
	size_t cap = s->cap == 0 ? 64 : 2 * s->cap;
	struct known *k;

	if (s->n == s->cap) {
		if ((k = reallocarray(s->known, cap, sizeof(*k))) == NULL)
			return mqs_fail_errno(s->err, "markers");
		s->known = k;
		s->cap = cap;
	}
	k = &s->known[s->n++];
	memset(k, 0, sizeof(*k));
	memcpy(k->uuid, s->uuid, sizeof(k->uuid));
	k->is_group = is_group;
	k->group = group;
	return MQS_OK;
}

static int
add_group(void *arg, const char *name)
{
	return add(arg, 1, XXH3_64bits(name, strlen(name)));
}

static int
add_queue(void *arg, const char *name)
{
	struct census *s = arg;
	int rc, was_open = mqs_spool_is_open(s->spool, name);
	struct mqs_log *log;

	s->spool->no_wait = 1;		/* who publishes waits for our transaction */
	rc = mqs_spool_log_readonly(s->spool, name, &log, NULL);
	s->spool->no_wait = 0;
	if (rc != MQS_OK) {
		s->unsure = 1;		/* also if it is gone (renamed, perhaps), or under maintenance */
		return MQS_OK;
	}
	memcpy(s->uuid, log->uuid, sizeof(s->uuid));
	if ((rc = add(s, 0, 0)) == MQS_OK)
		rc = mqs_dir_each_group(&log->dir, add_group, s, s->err);
	if (!was_open)
		mqs_spool_forget(s->spool, name);
	return rc;
}

static int
is_gone(void *arg, const struct mqs_marker *m)
{
	const struct census *s = arg;
	struct known k = { .is_group = 1, .group = m->group };

	memcpy(k.uuid, m->uuid, sizeof(k.uuid));
	if (s->n > 0 && bsearch(&k, s->known, s->n, sizeof(k), compare) != NULL)
		return 0;
	if (!s->unsure)
		return 1;
	k.is_group = 0;
	k.group = 0;
	return s->n > 0 && bsearch(&k, s->known, s->n, sizeof(k), compare) != NULL;
}

static int
count_markers(struct mqs_log *log, uint64_t *n, struct mqs_error *err)
{
	struct mqs_tx *tx;
	int rc;

	if ((rc = mqs_tx_read(log->db, &tx, err)) != MQS_OK)
		return rc;
	rc = mqs_tx_count(tx, MQS_LOG_MARKERS, n, err);
	mqs_tx_abort(tx);
	return rc;
}

/* One transaction. */
static int
remove_some(struct mqs_spool *spool, struct mqs_log *log, size_t *n, struct mqs_error *err)
{
	struct census s = { .spool = spool, .err = err };
	struct mqs_log_tx ltx;
	int rc;

	*n = 0;
	if ((rc = mqs_log_begin(&ltx, log, 0, err)) != MQS_OK)
		return rc;
	rc = mqs_dir_each_queue(spool->path, add_queue, &s, err);
	if (rc == MQS_OK && s.n > 0) {
		qsort(s.known, s.n, sizeof(*s.known), compare);
		rc = mqs_marker_remove_gone(ltx.tx, MQS_LOG_MARKERS, is_gone, &s,
		    REMOVE_MOST, n, err);
	}
	free(s.known);
	if (rc == MQS_OK && *n > 0)
		return mqs_log_commit(&ltx, err);
	mqs_log_abort(&ltx);
	return rc;
}

int
mqs_admin_trim_markers(struct mqs_spool *spool, struct mqs_log *log, struct mqs_error *err)
{
	uint64_t markers;
	size_t n;
	int rc;

	if ((rc = count_markers(log, &markers, err)) != MQS_OK || markers == 0)
		return rc;
	do
		rc = remove_some(spool, log, &n, err);
	while (rc == MQS_OK && n == REMOVE_MOST);
	return rc;
}
