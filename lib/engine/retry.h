/*
 * retry.h - when a message that failed is tried again
 *
 * A retry waits min, 2 min, 4 min ... up to max, and up to a tenth more or less, so that
 * messages that failed together do not come back together.  All engines count alike: an
 * attempt is a delivery that was really handed out, and the first one is attempt 1.
 */
#ifndef MQS_ENGINE_RETRY_H
#define MQS_ENGINE_RETRY_H

#include <stdint.h>

/*
 * How long the retry after `attempts' failed ones (1 or more) waits, in ns: at least 9/10
 * of the doubled min, at most 11/10 of max.  min and max are in ns, 0 <= min <= max;
 * random is any number, evenly distributed.
 */
int64_t	mqs_retry_delay(int64_t min, int64_t max, uint64_t attempts, uint32_t random);

#endif
