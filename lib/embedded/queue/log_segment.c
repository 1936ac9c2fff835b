/* log_segment.c - see log_segment.h */
#include "embedded/queue/log_segment.h"
#include "embedded/queue/log_segment_min.h"
#include "embedded/store/lmdb/segments.h"

#define OF_RECORD	40	/* bytes that a message takes beside its body, at least */

/* Bytes that a segment should have. */
static uint64_t
segment_size(const struct mqs_log *log, const uint64_t v[MQS_LOG_VALUES])
{
	uint64_t retained = v[MQS_LOG_IN_BYTES] - v[MQS_LOG_REMOVED_BYTES] +
	    OF_RECORD * (v[MQS_LOG_ORDINAL] - v[MQS_LOG_REMOVED]), size;

	if (log->settings.retain_bytes > retained)
		retained = log->settings.retain_bytes;
	size = retained / 8 < MQS_LOG_SEGMENT_MAX ? retained / 8 : MQS_LOG_SEGMENT_MAX;
	return size > mqs_log_segment_min ? size : mqs_log_segment_min;
}

int
mqs_log_segment_begin(struct mqs_log_tx *ltx, struct mqs_error *err)
{
	struct mqs_segments_stat st;
	int rc;

	if (ltx->log->settings.compact)
		return MQS_OK;
	if ((rc = mqs_segments_stat(ltx->tx, &st, err)) != MQS_OK ||
	    st.newest < segment_size(ltx->log, ltx->v))
		return rc;
	return mqs_segments_begin(ltx->tx, err);
}

int
mqs_log_segment_hides(struct mqs_log_tx *ltx, int *hides, struct mqs_error *err)
{
	struct mqs_segments_stat st;
	int rc;

	if ((rc = mqs_segments_stat(ltx->tx, &st, err)) == MQS_OK)
		*hides = st.tables > 1 && st.oldest <= 2 * segment_size(ltx->log, ltx->v);
	return rc;
}
