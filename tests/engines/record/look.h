/* record/look.h - the engine that records: statistics and what is outstanding */
#ifndef RECORD_LOOK_H
#define RECORD_LOOK_H

#include "engine/engine.h"

int	record_stat_all(struct mqs_spool *spool, const char *queue, const char *group,
    mqs_queue_stat_fn *queue_fn, mqs_group_stat_fn *group_fn, void *arg,
    struct mqs_error *err);
int	record_outstanding(struct mqs_spool *spool, const char *queue, const char *group,
    mqs_consumer_stat_fn *consumer_fn, mqs_delivery_stat_fn *delivery_fn, void *arg,
    struct mqs_error *err);
int	record_trace(struct mqs_spool *, const char *queue, const char *id, mqs_trace_message_fn *,
	    mqs_group_trace_fn *, void *arg, struct mqs_error *err);
int	record_next_due(struct mqs_spool *spool, const char *queue, const char *group, int64_t *due,
    struct mqs_error *err);
int	record_queue_uuid(struct mqs_spool *spool, const char *queue, char uuid[MQS_UUID_SIZE],
    struct mqs_error *err);

#endif
