/*
 * retry.h - when a message that failed is tried again
 *
 * The delay doubles with each attempt, from min up to max.  A random tenth more or less
 * keeps messages that failed together from coming back together.  An attempt is a delivery
 * that was really handed out; the first one is attempt 1.
 */
#ifndef MQS_ENGINE_RETRY_H
#define MQS_ENGINE_RETRY_H

#include <stdint.h>

/*
 * Returns the delay, in ns, before the next attempt after `attempts' failed ones (1 or
 * more).  min and max are in ns, 0 <= min <= max.  random is an evenly distributed number.
 */
int64_t	mqs_retry_delay(int64_t min, int64_t max, uint64_t attempts, uint32_t random);

#endif
