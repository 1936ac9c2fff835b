/* check_repair_counters.h - correcting what a log's state says of the messages that are there */
#ifndef MQS_EMBEDDED_CHECK_REPAIR_COUNTERS_H
#define MQS_EMBEDDED_CHECK_REPAIR_COUNTERS_H

#include "embedded/check_finding.h"

/* Corrects retained bytes and the time of the oldest message, if every record is intact. */
int	mqs_check_repair_counters(struct mqs_checking *, struct mqs_error *err);

#endif
