/* test_prometheus.c - the exposition of numbers that the embedded engine never has */
#include <stdlib.h>

#include "base/clock.h"
#include "check.h"
#include "stat/prometheus.h"

/* All families, as a string. */
static char *
exposition(const struct mqs_queue_stat *q, const struct mqs_group_stat *group)
{
	struct gathered g = { .queues = q, .n_queues = q != NULL, .groups = group,
	    .n_groups = group != NULL, .now = 1000 * MQS_SECOND, .errors = 3 };
	struct mqs_buf text = { 0 };
	size_t i;

	for (i = 0; prometheus_family(&g, i, &text); i++)
		;
	check(mqs_buf_addc(&text, '\0') == 0);
	return text.p;
}

static int
has(const char *text, const char *line)
{
	const char *at = strstr(text, line);
	size_t n = strlen(line);

	return at != NULL && (at == text || at[-1] == '\n') && at[n] == '\n';
}

static void
test_label(void)
{
	struct mqs_buf text = { 0 };

	prometheus_label(&text, "a\"b\\c\nd\xc3\xa9,}");
	check(mqs_buf_addc(&text, '\0') == 0);
	check_str(text.p, "\"a\\\"b\\\\c\\nd\xc3\xa9,}\"");
	mqs_buf_free(&text);
}

static void
test_names(void)
{
	struct mqs_group_stat g = { .queue = "q\"1", .group = "back\\slash\n", .depth = 7 };
	char *text = exposition(NULL, &g);

	check(has(text, "mq_group_depth_messages{queue=\"q\\\"1\",group=\"back\\\\slash\\n\"} 7"));
	free(text);
}

static void
test_unknown_queue(void)
{
	struct mqs_queue_stat q = {
		.name = "q", .messages = 5, .bytes = MQS_UNKNOWN, .in_messages = MQS_UNKNOWN,
		.oldest = MQS_UNKNOWN_TIME, .groups = MQS_UNKNOWN_COUNT
	};
	char *text = exposition(&q, NULL);

	check(has(text, "mq_queue_messages{queue=\"q\"} 5"));
	check(has(text, "mq_queue_trimmed_messages_total{queue=\"q\"} 0"));
	check(strstr(text, "mq_queue_bytes") == NULL);
	check(strstr(text, "mq_queue_published_messages_total") == NULL);
	check(strstr(text, "mq_queue_oldest") == NULL);
	check(strstr(text, "mq_queue_groups") == NULL);
	check(strstr(text, "mq_queue_max_messages") == NULL);
	check(strstr(text, "mq_group_") == NULL);
	check(has(text, "mq_scrape_errors 3"));
	free(text);
}

static void
test_unknown_group(void)
{
	struct mqs_group_stat g = {
		.queue = "q", .group = "g", .oldest = MQS_UNKNOWN_TIME,
		.consumers = MQS_UNKNOWN_COUNT, .latency = { MQS_UNKNOWN }
	};
	char *text = exposition(NULL, &g);

	check(has(text, "mq_group_acked_messages_total{queue=\"q\",group=\"g\"} 0"));
	check(strstr(text, "mq_group_oldest") == NULL);
	check(strstr(text, "mq_group_consumers") == NULL);
	check(strstr(text, "mq_group_ack_latency") == NULL);
	check(strstr(text, "mq_queue_") == NULL);
	free(text);
}

static void
test_ages(void)
{
	struct mqs_queue_stat q = { .name = "q", .oldest = 998 * MQS_SECOND - 4 * MQS_MSEC };
	struct mqs_group_stat g = { .queue = "q", .group = "g" };
	char *text = exposition(&q, &g);

	check(has(text, "mq_queue_oldest_message_age_seconds{queue=\"q\"} 2.004"));
	check(has(text, "mq_group_oldest_unsettled_age_seconds{queue=\"q\",group=\"g\"} 0.000"));
	free(text);
	q.oldest = 1001 * MQS_SECOND;	/* the clock was set back */
	text = exposition(&q, NULL);
	check(has(text, "mq_queue_oldest_message_age_seconds{queue=\"q\"} 0.000"));
	free(text);
}

static void
test_histogram(void)
{
	struct mqs_group_stat g = { .queue = "q", .group = "g", .latency_sum = 12000345 };
	char *text;

	g.latency[0] = 1;
	g.latency[3] = 2;
	g.latency[MQS_LATENCY_CLASSES - 1] = 4;
	text = exposition(NULL, &g);
#define BUCKET(le)	"mq_group_ack_latency_seconds_bucket{queue=\"q\",group=\"g\",le=\"" le "\"} "
	check(has(text, BUCKET("0.001") "1"));
	check(has(text, BUCKET("0.025") "1"));
	check(has(text, BUCKET("0.1") "3"));
	check(has(text, BUCKET("86400") "3"));
	check(has(text, BUCKET("+Inf") "7"));
	check(has(text, "mq_group_ack_latency_seconds_sum{queue=\"q\",group=\"g\"} 12.000345"));
	check(has(text, "mq_group_ack_latency_seconds_count{queue=\"q\",group=\"g\"} 7"));
	free(text);
}

int
main(void)
{
	run_test("a label's value is escaped", test_label);
	run_test("names are escaped", test_names);
	run_test("what is not known of a queue is left out", test_unknown_queue);
	run_test("what is not known of a group is left out", test_unknown_group);
	run_test("ages in seconds, never negative", test_ages);
	run_test("a histogram: cumulative buckets, sum, count", test_histogram);
	return finish_tests();
}
