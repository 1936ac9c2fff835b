/* latency.c - see latency.h */
#include "engine/latency.h"

#define MS	INT64_C(1000000)
#define S	(1000 * MS)

static const int64_t bounds[MQS_LATENCY_CLASSES - 1] = {
	MS, 5 * MS, 25 * MS, 100 * MS, 500 * MS, S, 5 * S, 30 * S, 120 * S, 600 * S,
	3600 * S, 86400 * S
};

int64_t
mqs_latency_bound(unsigned class)
{
	return class < MQS_LATENCY_CLASSES - 1 ? bounds[class] : INT64_MAX;
}

unsigned
mqs_latency_class(int64_t ns)
{
	unsigned class = 0;

	while (ns > mqs_latency_bound(class))
		class++;
	return class;
}
