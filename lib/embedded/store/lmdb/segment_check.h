/* segment_check.h - comparing the list of segments with the tables */
#ifndef MQS_EMBEDDED_STORE_LMDB_SEGMENT_CHECK_H
#define MQS_EMBEDDED_STORE_LMDB_SEGMENT_CHECK_H

#include "embedded/store/lmdb/transaction.h"
#include "mqspool.h"

/* Is told, in words, what is not as the list says. */
typedef void mqs_segments_finding_fn(void *arg, const char *text);

/*
 * Compares what the list says of the tables with them (segments.h, invariants), in a reading
 * transaction; counts the hidden entries one by one.  All findings are told.
 */
int	mqs_segments_check(struct mqs_tx *, mqs_segments_finding_fn *, void *arg,
	    struct mqs_error *err);

#endif
