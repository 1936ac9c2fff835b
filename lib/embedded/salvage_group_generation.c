/* salvage_group_generation.c - see salvage_group_generation.h */
#include <string.h>

#include "base/clock.h"
#include "base/error.h"
#include "base/hash.h"
#include "embedded/queue/marker.h"
#include "embedded/salvage_group_generation.h"

struct search {
	struct mqs_spool	*spool;
	const struct mqs_log	*log;
	uint64_t		 group, generation;
	struct mqs_error	*err;
};

/* Looks for markers of the group in a queue; one that can't be opened has none. */
static int
look_for_markers(void *arg, const char *queue)
{
	struct search *f = arg;
	struct mqs_spool *spool = f->spool;
	int rc, was_open = mqs_spool_is_open(spool, queue);
	struct mqs_log *log;
	struct mqs_tx *tx;
	uint64_t generation;

	spool->no_wait = 1;	/* who publishes waits for the transaction that we are in */
	rc = mqs_spool_log_readonly(spool, queue, &log, f->err);
	spool->no_wait = 0;
	if (rc != MQS_OK)
		return rc == MQS_EBUSY ? rc : MQS_OK;
	if (mqs_tx_read(log->db, &tx, NULL) == MQS_OK) {
		if (mqs_marker_last_generation(tx, f->log->uuid, f->group, &generation,
		    NULL) == MQS_OK && generation > f->generation)
			f->generation = generation;
		mqs_tx_abort(tx);
	}
	if (!was_open)
		mqs_spool_forget(spool, queue);
	return MQS_OK;
}

int
mqs_group_find_generation(struct mqs_spool *spool, const struct mqs_log *log, const char *group,
    const struct mqs_group_remains *remains, uint64_t *generation, struct mqs_error *err)
{
	struct search f = { spool, log, XXH3_64bits(group, strlen(group)), 0, err };
	int rc;

	*generation = remains->v[MQS_GROUP_GENERATION];
	if (*generation != 0)
		return MQS_OK;
	if ((rc = mqs_dir_each_queue(spool->path, look_for_markers, &f, err)) != MQS_OK)
		return rc;
	if (f.generation == 0 && !remains->has_file && !remains->has_page)
		return mqs_fail(err, MQS_ENOENT, "%s/%s: no such group, and nothing is left of one",
		    log->dir.name, group);
	*generation = f.generation != 0 ? f.generation : (uint64_t)mqs_now();
	return MQS_OK;
}
