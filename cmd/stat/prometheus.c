/*
 * stat/prometheus.c - numbers of queues and groups in Prometheus' text exposition format
 *
 * The format is version 0.0.4: for each metric family a HELP and a TYPE line, and then all
 * of its samples, none of which may come twice.  One table has the families, in the order in
 * which they are printed.  Each says which member of mqs_queue_stat or mqs_group_stat it
 * shows, and how.
 *
 * A number that the engine does not have, a limit that is not set, and the age of a queue's
 * oldest message where it has none leave their sample out.  A family without samples is left
 * out with its HELP and TYPE.
 *
 * Memory: beside what was gathered, the text of one family at a time, about 150 bytes for each
 * queue or group, or 1.5 KB for a histogram.
 */
#include <inttypes.h>
#include <stddef.h>
#include <stdio.h>
#include <string.h>

#include "base/clock.h"
#include "common/output.h"
#include "stat/prometheus.h"
#include "stat/replace_file.h"

enum shown {
	NUMBER,		/* uint64_t */
	LIMIT,		/* uint64_t; 0: not set, no sample */
	COUNT,		/* unsigned */
	FLAG,		/* int */
	AGE,		/* int64_t, a time; shown in seconds since then; 0: 0 seconds */
	AGE_IF_ANY,	/* the same; 0: no sample */
	LATENCY		/* the histogram of a group */
};

struct family {
	const char	*name, *type, *help;	/* help has no backslash and no newline */
	enum shown	 shown;
	size_t		 at;			/* offset of the member */
};

#define Q(member)	offsetof(struct mqs_queue_stat, member)
#define G(member)	offsetof(struct mqs_group_stat, member)

static const struct family of_queue[] = {
	{ "mq_queue_published_messages_total", "counter",
	    "Messages published to the queue.", NUMBER, Q(in_messages) },
	{ "mq_queue_published_bytes_total", "counter",
	    "Bytes of the bodies published to the queue.", NUMBER, Q(in_bytes) },
	{ "mq_queue_deduplicated_messages_total", "counter",
	    "Messages not stored because their message id was there already.",
	    NUMBER, Q(deduplicated) },
	{ "mq_queue_trimmed_messages_total", "counter",
	    "Messages removed from the queue.", NUMBER, Q(trimmed) },
	{ "mq_queue_dropped_messages_total", "counter",
	    "Messages removed, because the queue was full, that a group had yet to settle.",
	    NUMBER, Q(dropped) },
	{ "mq_queue_messages", "gauge",
	    "Messages that the queue retains.", NUMBER, Q(messages) },
	{ "mq_queue_bytes", "gauge",
	    "Bytes of the bodies that the queue retains.", NUMBER, Q(bytes) },
	{ "mq_queue_log_bytes", "gauge",
	    "Size of the file of the queue's log.", NUMBER, Q(log_bytes) },
	{ "mq_queue_disk_bytes", "gauge",
	    "Disk space that all files of the queue occupy.", NUMBER, Q(disk_bytes) },
	{ "mq_queue_disk_free_bytes", "gauge",
	    "Disk space that is left to the queue's owner.", NUMBER, Q(disk_free) },
	{ "mq_queue_min_free_bytes", "gauge",
	    "Disk space left below which publishers are refused.", NUMBER, Q(min_free) },
	{ "mq_queue_max_messages", "gauge",
	    "Limit of the messages that a group has yet to settle.", LIMIT, Q(max_messages) },
	{ "mq_queue_max_bytes", "gauge",
	    "Limit of the bytes of the bodies that a group has yet to settle.",
	    LIMIT, Q(max_bytes) },
	{ "mq_queue_oldest_message_age_seconds", "gauge",
	    "Age of the oldest message that the queue retains.", AGE_IF_ANY, Q(oldest) },
	{ "mq_queue_groups", "gauge",
	    "Groups of the queue.", COUNT, Q(groups) },
	{ "mq_queue_paused", "gauge",
	    "1 if no group of the queue is given messages because the queue is paused.",
	    FLAG, Q(paused) }
};

static const struct family of_group[] = {
	{ "mq_group_delivered_messages_total", "counter",
	    "Messages given to consumers, each time that they were.", NUMBER, G(delivered) },
	{ "mq_group_delivered_bytes_total", "counter",
	    "Bytes of the bodies given to consumers.", NUMBER, G(delivered_bytes) },
	{ "mq_group_acked_messages_total", "counter",
	    "Messages that consumers acknowledged.", NUMBER, G(acked) },
	{ "mq_group_acked_bytes_total", "counter",
	    "Bytes of the bodies that consumers acknowledged.", NUMBER, G(acked_bytes) },
	{ "mq_group_retried_messages_total", "counter",
	    "Deliveries that failed and were to be tried again.", NUMBER, G(retried) },
	{ "mq_group_released_messages_total", "counter",
	    "Deliveries that consumers gave back, without counting an attempt.",
	    NUMBER, G(released) },
	{ "mq_group_rejected_messages_total", "counter",
	    "Messages that consumers rejected.", NUMBER, G(rejected) },
	{ "mq_group_dead_lettered_messages_total", "counter",
	    "Messages that became dead letters.", NUMBER, G(dead) },
	{ "mq_group_expired_messages_total", "counter",
	    "Messages that expired before they were delivered.", NUMBER, G(expired) },
	{ "mq_group_dropped_messages_total", "counter",
	    "Messages removed from the queue before the group had settled them.",
	    NUMBER, G(dropped) },
	{ "mq_group_depth_messages", "gauge",
	    "Messages that the group has yet to settle.", NUMBER, G(depth) },
	{ "mq_group_depth_bytes", "gauge",
	    "Bytes of the bodies that the group has yet to settle.", NUMBER, G(depth_bytes) },
	{ "mq_group_ready_messages", "gauge",
	    "Messages that can be delivered now, or that no consumer has looked at.",
	    NUMBER, G(ready) },
	{ "mq_group_leased_messages", "gauge",
	    "Messages that a consumer has.", NUMBER, G(leased) },
	{ "mq_group_delayed_messages", "gauge",
	    "Messages that wait for their time.", NUMBER, G(delayed) },
	{ "mq_group_oldest_unsettled_age_seconds", "gauge",
	    "Age of the oldest message that the group has yet to settle; 0 if there is none.",
	    AGE, G(oldest) },
	{ "mq_group_consumers", "gauge",
	    "Living consumers of the group.", COUNT, G(consumers) },
	{ "mq_group_paused", "gauge",
	    "1 if the group is given no messages because it or its queue is paused.",
	    FLAG, G(paused) },
	{ "mq_group_ack_latency_seconds", "histogram",
	    "Time from publishing a message until the group's consumer acknowledged it.",
	    LATENCY, G(latency) }
};

#define N(table)	(sizeof(table) / sizeof((table)[0]))

/* After those of queues and groups: what was scraped, and how that went. */
enum { BUILD_INFO = N(of_queue) + N(of_group), SCRAPE_TIME, SCRAPE_ERRORS, FAMILIES };

void
prometheus_label(struct mqs_buf *text, const char *value)
{
	must(mqs_buf_addc(text, '"'));
	for (; *value != '\0'; value++) {
		if (*value == '\n') {
			must(mqs_buf_add(text, "\\n", 2));
			continue;
		}
		if (*value == '"' || *value == '\\')
			must(mqs_buf_addc(text, '\\'));
		must(mqs_buf_addc(text, *value));
	}
	must(mqs_buf_addc(text, '"'));
}

/* Begins a sample: the name, and the labels without their closing brace. */
static void
begin(struct mqs_buf *text, const char *name, const char *suffix, const char *queue,
    const char *group)
{
	must(mqs_buf_addf(text, "%s%s{queue=", name, suffix));
	prometheus_label(text, queue);
	if (group == NULL)
		return;
	must(mqs_buf_addf(text, ",group="));
	prometheus_label(text, group);
}

/* A member as a number: 1, or 0 if it leaves its sample out. */
static int
number_of(const struct family *f, const void *member, uint64_t *v)
{
	unsigned count;
	int flag;

	switch (f->shown) {
	case COUNT:
		memcpy(&count, member, sizeof(count));
		*v = count;
		return count != MQS_UNKNOWN_COUNT;
	case FLAG:
		memcpy(&flag, member, sizeof(flag));
		*v = flag != 0;
		return 1;
	default:
		memcpy(v, member, sizeof(*v));
		return *v != MQS_UNKNOWN && (f->shown != LIMIT || *v != 0);
	}
}

static void
sample(struct mqs_buf *text, const struct family *f, const char *queue, const char *group,
    const void *member, int64_t now)
{
	int64_t time, age;
	uint64_t v;

	if (f->shown != AGE && f->shown != AGE_IF_ANY) {
		if (!number_of(f, member, &v))
			return;
		begin(text, f->name, "", queue, group);
		must(mqs_buf_addf(text, "} %" PRIu64 "\n", v));
		return;
	}
	memcpy(&time, member, sizeof(time));
	if (time == MQS_UNKNOWN_TIME || (time == 0 && f->shown == AGE_IF_ANY))
		return;
	age = time != 0 && time < now ? now - time : 0;
	begin(text, f->name, "", queue, group);
	must(mqs_buf_addf(text, "} %" PRId64 ".%03" PRId64 "\n", age / MQS_SECOND,
	    age % MQS_SECOND / MQS_MSEC));
}

/* Classes are counted each by itself; buckets are cumulative. */
static void
histogram(struct mqs_buf *text, const char *name, const struct mqs_group_stat *g)
{
	uint64_t sum = 0;
	unsigned i;

	if (g->latency[0] == MQS_UNKNOWN)
		return;
	for (i = 0; i < MQS_LATENCY_CLASSES; i++) {
		begin(text, name, "_bucket", g->queue, g->group);
		sum += g->latency[i];
		if (mqs_latency_bound(i) == INT64_MAX)
			must(mqs_buf_addf(text, ",le=\"+Inf\"} %" PRIu64 "\n", sum));
		else
			must(mqs_buf_addf(text, ",le=\"%g\"} %" PRIu64 "\n",
			    (double)mqs_latency_bound(i) / (double)MQS_SECOND, sum));
	}
	begin(text, name, "_sum", g->queue, g->group);
	must(mqs_buf_addf(text, "} %" PRIu64 ".%06" PRIu64 "\n", g->latency_sum / 1000000,
	    g->latency_sum % 1000000));
	begin(text, name, "_count", g->queue, g->group);
	must(mqs_buf_addf(text, "} %" PRIu64 "\n", sum));
}

static void
head(struct mqs_buf *text, const char *name, const char *help, const char *type)
{
	must(mqs_buf_addf(text, "# HELP %s %s\n# TYPE %s %s\n", name, help, name, type));
}

static void
samples(const struct gathered *g, size_t i, struct mqs_buf *text)
{
	const struct family *f;
	size_t n;

	if (i < N(of_queue)) {
		f = &of_queue[i];
		for (n = 0; n < g->n_queues; n++)
			sample(text, f, g->queues[n].name, NULL,
			    (const char *)&g->queues[n] + f->at, g->now);
		return;
	}
	f = &of_group[i - N(of_queue)];
	for (n = 0; n < g->n_groups; n++)
		if (f->shown == LATENCY)
			histogram(text, f->name, &g->groups[n]);
		else
			sample(text, f, g->groups[n].queue, g->groups[n].group,
			    (const char *)&g->groups[n] + f->at, g->now);
}

int
prometheus_family(const struct gathered *g, size_t i, struct mqs_buf *text)
{
	const size_t start = text->n;
	const struct family *f;
	size_t begun;

	if (i >= FAMILIES)
		return 0;
	if (i == BUILD_INFO) {
		head(text, "mq_build_info", "1, with the version of mq.", "gauge");
		must(mqs_buf_addf(text, "mq_build_info{version="));
		prometheus_label(text, mqs_version());
		must(mqs_buf_addf(text, "} 1\n"));
		return 1;
	}
	if (i == SCRAPE_TIME) {
		head(text, "mq_scrape_time_seconds",
		    "When the numbers were read, in seconds since 1970: ages are those of that time.",
		    "gauge");
		must(mqs_buf_addf(text, "mq_scrape_time_seconds %" PRId64 ".%03" PRId64 "\n",
		    g->now / MQS_SECOND, g->now % MQS_SECOND / MQS_MSEC));
		return 1;
	}
	if (i == SCRAPE_ERRORS) {
		head(text, "mq_scrape_errors",
		    "Queues and groups that could not be read this time.", "gauge");
		must(mqs_buf_addf(text, "mq_scrape_errors %u\n", g->errors));
		return 1;
	}
	f = i < N(of_queue) ? &of_queue[i] : &of_group[i - N(of_queue)];
	head(text, f->name, f->help, f->type);
	begun = text->n;
	samples(g, i, text);
	if (text->n == begun)
		text->n = start;
	return 1;
}

static void
put_stdout(const void *p, size_t n)
{
	(void)fwrite(p, 1, n, stdout);		/* finish_stdout looks for errors */
}

static void
print(const struct gathered *g, void (*put)(const void *, size_t))
{
	struct mqs_buf text = { 0 };
	size_t i;

	for (i = 0; prometheus_family(g, i, &text); i++) {
		if (text.n != 0)
			put(text.p, text.n);
		text.n = 0;
	}
	mqs_buf_free(&text);
}

int
stat_prometheus(struct mqs_spool *spool, char **operands, int n, const char *to)
{
	struct gathered g = { 0 };
	int status;

	status = gather(&g, spool, operands, n);
	if (to != NULL) {
		replace_file_begin(to);
		print(&g, replace_file_write);
		replace_file_finish();
	} else {
		print(&g, put_stdout);
		finish_stdout();
	}
	gather_free(&g);
	return status;
}
