/* check_left_over.h - what was being made or removed when its process was killed */
#ifndef MQS_EMBEDDED_CHECK_LEFT_OVER_H
#define MQS_EMBEDDED_CHECK_LEFT_OVER_H

#include "embedded/check_finding.h"

/*
 * Tells what is left over in the queue, and, once for each handle of a spool, in the spool.
 * Nothing is wrong with the queue because of it, so it does not count as a finding.
 */
int	mqs_check_left_over(struct mqs_checking *, struct mqs_error *err);

#endif
