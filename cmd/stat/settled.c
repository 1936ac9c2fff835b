/* stat/settled.c - see settled.h */
#include "stat/settled.h"

uint64_t
group_settled(const struct mqs_group_stat *g)
{
	return g->acked == MQS_UNKNOWN || g->dead == MQS_UNKNOWN ? g->acked : g->acked + g->dead;
}
