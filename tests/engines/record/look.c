/* record/look.c - see record/look.h */
#include <string.h>

#include "record/look.h"
#include "record/record.h"

int
record_stat_all(struct mqs_spool *spool, const char *queue, const char *group,
    mqs_queue_stat_fn *queue_fn, mqs_group_stat_fn *group_fn, void *arg,
    struct mqs_error *err)
{
	struct mqs_queue_stat q = { .name = "q", .messages = 2, .bytes = MQS_UNKNOWN,
	    .in_messages = MQS_UNKNOWN, .in_bytes = MQS_UNKNOWN, .trimmed = MQS_UNKNOWN,
	    .dropped = MQS_UNKNOWN, .oldest = MQS_UNKNOWN_TIME, .disk_bytes = MQS_UNKNOWN,
	    .groups = 1 };
	struct mqs_group_stat g = { .queue = "q", .group = "g", .depth = 2, .ready = 2,
	    .leased = MQS_UNKNOWN, .delayed = MQS_UNKNOWN, .delivered = MQS_UNKNOWN,
	    .acked = MQS_UNKNOWN, .retried = MQS_UNKNOWN, .released = MQS_UNKNOWN,
	    .rejected = MQS_UNKNOWN, .dead = MQS_UNKNOWN, .expired = MQS_UNKNOWN,
	    .dropped = MQS_UNKNOWN, .oldest = MQS_UNKNOWN_TIME,
	    .consumers = MQS_UNKNOWN_COUNT };
	int rc = 0;

	(void)spool;
	(void)err;
	record("stat %s/%s", record_dash(queue), record_dash(group));
	if (group == NULL && queue_fn != NULL)
		rc = queue_fn(arg, &q);
	return rc == 0 && group_fn != NULL ? group_fn(arg, &g) : rc;
}

int
record_outstanding(struct mqs_spool *spool, const char *queue, const char *group,
    mqs_consumer_stat_fn *consumer_fn, mqs_delivery_stat_fn *delivery_fn, void *arg,
    struct mqs_error *err)
{
	struct mqs_consumer_stat c = { .queue = "q", .group = "g", .held = MQS_UNKNOWN,
	    .running = MQS_UNKNOWN, .since = MQS_UNKNOWN_TIME, .where = "client-7@example" };
	struct mqs_delivery_stat d = { .queue = "q", .group = "g", .id = "3:70",
	    .receipt = "q/g/3:70.token-9", .attempt = 1, .bytes = MQS_UNKNOWN,
	    .state = MQS_PREFETCHED, .since = MQS_UNKNOWN_TIME, .where = "client-7@example" };
	int rc = 0;

	(void)spool;
	(void)err;
	record("outstanding %s/%s", record_dash(queue), record_dash(group));
	if (consumer_fn != NULL)
		rc = consumer_fn(arg, &c);
	return rc == 0 && delivery_fn != NULL ? delivery_fn(arg, &d) : rc;
}

int
record_next_due(struct mqs_spool *spool, const char *queue, const char *group, int64_t *due,
    struct mqs_error *err)
{
	(void)spool;
	(void)due;
	(void)err;
	record("next_due %s/%s", record_dash(queue), record_dash(group));
	return MQS_NOTHING;
}

int
record_trace(struct mqs_spool *spool, const char *queue, const char *id,
    mqs_trace_message_fn *message_fn, mqs_group_trace_fn *group_fn, void *arg,
    struct mqs_error *err)
{
	const struct mqs_group_trace g = { .queue = "q", .group = "g", .state = MQS_TRACE_SETTLED,
	    .matches = -1 };
	int rc;

	(void)spool;
	(void)err;
	record("trace %s %s", queue, id);
	rc = message_fn(arg, NULL);
	return rc == 0 ? group_fn(arg, &g) : rc;
}

int
record_queue_uuid(struct mqs_spool *spool, const char *queue, char uuid[MQS_UUID_SIZE],
    struct mqs_error *err)
{
	(void)spool;
	(void)err;
	record("queue_uuid %s", queue);
	memcpy(uuid, "00000000-0000-4000-8000-000000000071", MQS_UUID_SIZE);
	return MQS_OK;
}
