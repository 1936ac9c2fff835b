/* check_segments.c - see check_segments.h */
#include "embedded/check_segments.h"
#include "embedded/store/lmdb/segment_check.h"

static void
tell(void *arg, const char *text)
{
	mqs_check_found(arg, "segments: %s", text);
}

int
mqs_check_segments(struct mqs_checking *k, struct mqs_tx *tx, struct mqs_error *err)
{
	return mqs_segments_check(tx, tell, k, err);
}

static void
note(void *arg, const char *text)
{
	(void)text;
	*(int *)arg = 0;
}

int
mqs_check_segments_sound(struct mqs_checking *k, int *sound, struct mqs_error *err)
{
	struct mqs_tx *tx;
	int rc;

	*sound = 1;
	if ((rc = mqs_tx_read(k->log->db, &tx, err)) != MQS_OK)
		return rc;
	rc = mqs_segments_check(tx, note, sound, err);
	mqs_tx_abort(tx);
	return rc;
}
