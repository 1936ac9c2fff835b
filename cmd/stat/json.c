/* stat/json.c - the numbers of a queue and of a group as JSON, one object a line */
#include <inttypes.h>

#include "base/clock.h"
#include "common/output.h"
#include "stat/fields.h"
#include "stat/json.h"

#define MICRO	UINT64_C(1000000)

/* Names, UUIDs and ids need no escaping: the library lets no quote or control into them. */
void
json_queue(struct mqs_buf *t, const struct mqs_queue_stat *q, int64_t now)
{
	must(mqs_buf_addf(t, "{\"queue\":\"%s\",\"uuid\":\"%s\"", q->name, q->uuid));
	json_number(t, "messages", q->messages);
	json_number(t, "bytes", q->bytes);
	json_number(t, "in_messages", q->in_messages);
	json_number(t, "in_bytes", q->in_bytes);
	json_number(t, "trimmed", q->trimmed);
	json_number(t, "dropped", q->dropped);
	json_number(t, "deduplicated", q->deduplicated);
	json_number(t, "max_messages", q->max_messages);
	json_number(t, "max_bytes", q->max_bytes);
	json_number(t, "log_bytes", q->log_bytes);
	json_number(t, "disk_bytes", q->disk_bytes);
	json_number(t, "disk_free", q->disk_free);
	json_number(t, "min_free", q->min_free);
	must(mqs_buf_addf(t, ",\"last_id\":\"%s\"", q->last_id));
	json_count(t, "groups", q->groups);
	must(mqs_buf_addf(t, ",\"paused\":%s", q->paused ? "true" : "false"));
	json_time(t, "oldest", q->oldest);
	json_age(t, "oldest_age", q->oldest, now);
	must(mqs_buf_add(t, "}\n", 2));
}

/* By the bounds of the classes in seconds, each message in one class; null if unknown. */
static void
json_latency(struct mqs_buf *t, const struct mqs_group_stat *g)
{
	unsigned i;

	if (g->latency[0] == MQS_UNKNOWN) {
		must(mqs_buf_addf(t, ",\"ack_latency\":null,\"ack_latency_sum\":null"));
		return;
	}
	must(mqs_buf_addf(t, ",\"ack_latency\":{"));
	for (i = 0; i + 1 < MQS_LATENCY_CLASSES; i++)
		must(mqs_buf_addf(t, "\"%g\":%" PRIu64 ",",
		    (double)mqs_latency_bound(i) / (double)MQS_SECOND, g->latency[i]));
	must(mqs_buf_addf(t, "\"more\":%" PRIu64 "},\"ack_latency_sum\":%" PRIu64 ".%06" PRIu64,
	    g->latency[i], g->latency_sum / MICRO, g->latency_sum % MICRO));
}

void
json_group(struct mqs_buf *t, const struct mqs_group_stat *g, int64_t now)
{
	must(mqs_buf_addf(t, "{\"queue\":\"%s\",\"group\":\"%s\"", g->queue, g->group));
	json_number(t, "depth", g->depth);
	json_number(t, "depth_bytes", g->depth_bytes);
	json_number(t, "ready", g->ready);
	json_number(t, "lag", g->lag);
	json_number(t, "leased", g->leased);
	json_number(t, "delayed", g->delayed);
	json_number(t, "delivered", g->delivered);
	json_number(t, "delivered_bytes", g->delivered_bytes);
	json_number(t, "acked", g->acked);
	json_number(t, "acked_bytes", g->acked_bytes);
	json_number(t, "retried", g->retried);
	json_number(t, "released", g->released);
	json_number(t, "rejected", g->rejected);
	json_number(t, "dead", g->dead);
	json_number(t, "expired", g->expired);
	json_number(t, "dropped", g->dropped);
	json_latency(t, g);
	json_count(t, "consumers", g->consumers);
	must(mqs_buf_addf(t, ",\"paused\":%s", g->paused ? "true" : "false"));
	json_time(t, "oldest", g->oldest);
	json_age(t, "oldest_age", g->oldest, now);
	must(mqs_buf_add(t, "}\n", 2));
}
