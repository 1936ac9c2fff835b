/* check_segments.h - verifying what a log's list of segments says of its tables */
#ifndef MQS_EMBEDDED_CHECK_SEGMENTS_H
#define MQS_EMBEDDED_CHECK_SEGMENTS_H

#include "embedded/check_finding.h"

/* Tells what is not as the list says (store/lmdb/segments.h).  tx is of the log. */
int	mqs_check_segments(struct mqs_checking *, struct mqs_tx *tx, struct mqs_error *err);
/* 1 in *sound if all is as the list says; tells nothing. */
int	mqs_check_segments_sound(struct mqs_checking *, int *sound, struct mqs_error *err);

#endif
