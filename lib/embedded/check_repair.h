/* check_repair.h - repairing what a check can repair without a doubt */
#ifndef MQS_EMBEDDED_CHECK_REPAIR_H
#define MQS_EMBEDDED_CHECK_REPAIR_H

#include "embedded/check_finding.h"

/*
 * Repairs the indexes of message ids, priorities and keys, corrects the queue's counters, and
 * removes files that belong to nothing.
 * Where messages may only seem to be gone (store/lmdb/segment_check.h) it changes nothing.
 * The pages of the log must be intact.  What was repaired is told, and does not count.
 */
int	mqs_check_repair(struct mqs_checking *, struct mqs_error *err);

#endif
