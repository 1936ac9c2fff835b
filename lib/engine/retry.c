/* retry.c - see retry.h */
#include "base/clock.h"
#include "engine/retry.h"

int64_t
mqs_retry_delay(int64_t min, int64_t max, uint64_t attempts, uint32_t random)
{
	int64_t delay = min;
	uint64_t i;

	for (i = 1; i < attempts && delay < max && delay > 0; i++)
		delay = delay > max / 2 ? max : 2 * delay;
	/* A fifth of the delay, times a number from 0 to 1. */
	return mqs_later(delay - delay / 10,
	    (int64_t)((double)delay / 5 * ((double)random / UINT32_MAX)));
}
