/* test_page.c - the page for people: rates, what needs attention, and its size */
#include <stdio.h>
#include <stdlib.h>

#include "base/clock.h"
#include "check.h"
#include "common/common_options.h"
#include "stat/page.h"
#include "stat/page_attention.h"
#include "stat/page_letters.h"
#include "stat/page_snapshot.h"

#define NOW	(INT64_C(1800000000) * MQS_SECOND)
#define MS	(NOW / MQS_MSEC)
#define HOUR	(3600 * MQS_SECOND)

/* A spool of at most QUEUES queues with one group each. */
#define QUEUES	3000
static struct {
	struct mqs_queue_stat	queues[QUEUES];
	struct mqs_group_stat	groups[QUEUES];
	struct page_queue	of_queues[QUEUES];
	struct page_group	of_groups[QUEUES];
} *s;

static struct page_numbers
numbers(size_t n)
{
	struct page_numbers p = { .n_queues = n, .now = NOW, .in_rate = -1, .acked_rate = -1 };
	size_t i;

	memset(s, 0, sizeof(*s));
	for (i = 0; i < n; i++) {
		snprintf(s->groups[i].queue, sizeof(s->groups[i].queue), "q%04zu", i);
		snprintf(s->groups[i].group, sizeof(s->groups[i].group), "g");
		s->groups[i].consumers = 1;
		s->of_groups[i] = (struct page_group){ &s->groups[i], -1 };
		memcpy(s->of_queues[i].st.name, s->groups[i].queue, MQS_NAME_MAX);
		s->of_queues[i].groups = &s->of_groups[i];
		s->of_queues[i].n_groups = 1;
		s->of_queues[i].in_rate = -1;
		s->of_queues[i].st.disk_free = 1 << 30;
		s->of_queues[i].state = "";
	}
	p.queues = s->of_queues;
	p.groups = s->of_groups;
	p.gathered.n_groups = n;
	return p;
}

static void
forget(size_t n)
{
	size_t i;

	for (i = 0; i < n; i++)
		mqs_buf_free(&s->of_queues[i].reasons_html);
}

/* The query that a browser sends: the link has &amp; for its &. */
static char *
snapshot(const struct page_numbers *p, int64_t ms)
{
	struct mqs_buf b = { 0 };
	char *amp;

	page_snapshot_write(&b, p, ms);
	check(b.n <= PAGE_SNAPSHOT_MAX + 32);
	check(mqs_buf_addc(&b, '\0') == 0);
	if ((amp = strstr(b.p, "&amp;")) != NULL)
		memmove(amp + 1, amp + 5, strlen(amp + 5) + 1);
	return b.p;
}

/* ---------------------------------------------------------------- rates -- */

static void
test_rates(void)
{
	struct page_numbers p = numbers(2);
	char *query;

	s->of_queues[0].st.in_messages = 1000;
	s->groups[0].acked = 10;
	s->of_queues[1].st.in_messages = MQS_UNKNOWN;
	s->groups[1].acked = 500;
	query = snapshot(&p, MS - 10000);
	s->of_queues[0].st.in_messages = 1050;
	s->groups[0].acked = 10;
	s->groups[1].acked = 499;	/* made anew */
	page_snapshot_read(&p, query, MS);
	check(p.seconds == 10);
	check(s->of_queues[0].in_rate == 5);
	check(s->of_groups[0].acked_rate == 0);
	check(s->of_queues[1].in_rate < 0);
	check(s->of_groups[1].acked_rate < 0);
	check(p.in_rate == 5 && p.acked_rate == 0);
	free(query);
}

static void
test_other_names(void)
{
	struct page_numbers p = numbers(2);
	char *query = snapshot(&p, MS - 10000);

	s->of_queues[1].st.name[0] = 'r';
	page_snapshot_read(&p, query, MS);
	check(p.seconds == 0 && s->of_queues[0].in_rate < 0 && p.in_rate < 0);
	free(query);
}

static void
test_sums(void)
{
	struct page_numbers p = numbers(QUEUES);
	char *query;
	size_t i;

	for (i = 0; i < QUEUES; i++)
		s->of_queues[i].st.in_messages = 1000000000;
	query = snapshot(&p, MS - 2000);
	check(strlen(query) < 64 && strstr(query, "&s=b.") != NULL);
	for (i = 0; i < QUEUES; i++)
		s->of_queues[i].st.in_messages++;
	page_snapshot_read(&p, query, MS);
	check(p.in_rate == QUEUES / 2 && p.acked_rate == 0);
	check(s->of_queues[0].in_rate < 0);
	free(query);
}

static void
test_nonsense(void)
{
	static const char *const queries[] = {
		"", "t=", "s=b.1.1", "t=1799999990000", "t=1799999990000&s=", "t=1799999990000&s=b",
		"t=1799999990000&s=b.1", "t=1799999990000&s=b.1.1.1", "t=1799999990000&s=b.1.1.",
		"t=1799999990000&s=b.1.W", "t=1799999990000&s=b.1.-1", "t=1799999990000&s=c.1.1",
		"t=1799999990000&s=b1.1", "t=1799999990000&s=b.1.zzzzzzzzzzzzz",
		"t=1799999990000&s=b.1.vvvvvvvvvvvvvvvv", "t=1799999990000&s=a.1.1",
		"t=1799999990000&s=a0.1.1", "t=+1799999990000&s=b.1.1", "t=0x1&s=b.1.1",
		"t=99999999999999999999&s=b.1.1", "t=1800000000001&s=b.1.1", "t=1799999999900&s=b.1.1",
		"t=1&s=b.1.1", "&&&=&t&s", "t=%31&s=b.1.1", "t=1799999990000&s=<script>"
	};
	struct page_numbers p = numbers(1);
	size_t i;

	for (i = 0; i < sizeof(queries) / sizeof(queries[0]); i++) {
		s->of_queues[0].st.in_messages = 32;
		s->groups[0].acked = 32;
		page_snapshot_read(&p, queries[i], MS);
		if (!check(p.seconds == 0 && p.in_rate < 0 && p.acked_rate < 0))
			printf("# %s\n", queries[i]);
	}
	page_snapshot_read(&p, "x=y&t=1799999990000&s=b.0.0", MS);
	check(p.in_rate == 3.2);
}

/* ------------------------------------------------------------ attention -- */

static int
says(size_t i, const char *text)
{
	const struct mqs_buf *b = &s->of_queues[i].reasons_html;

	return b->n != 0 && memmem(b->p, b->n, text, strlen(text)) != NULL;
}

static void
test_attention(void)
{
	struct page_numbers p = numbers(10);
	struct page_queue **order;
	size_t i;

	for (i = 0; i < 10; i++)
		s->groups[i].depth = s->groups[i].ready = 5;
	s->groups[0].consumers = 0;			/* abandoned */
	s->groups[0].oldest = NOW - 2 * HOUR;
	s->groups[1].oldest = NOW - HOUR;		/* behind */
	s->groups[2].consumers = 0;			/* emptied by cron */
	s->groups[2].oldest = NOW - 500 * MQS_SECOND;
	s->groups[3].consumers = 0;			/* all delayed */
	s->groups[3].oldest = NOW - 2 * HOUR;
	s->groups[3].ready = 0;
	s->groups[3].delayed = 5;
	s->of_queues[4].st.max_messages = 5;		/* full */
	s->of_queues[5].st.max_messages = 6;		/* nearly */
	s->of_queues[6].st.paused = s->groups[6].paused = 1;
	s->groups[7].paused = 1;
	s->of_queues[8].has_letters = 1;
	s->of_queues[8].letters = 3;
	s->of_queues[9].st.max_bytes = 100;
	s->groups[9].depth_bytes = 79;			/* not nearly */
	page_attention(&p);
	check_str(s->of_queues[0].state, "no consumer");
	check(says(0, "nothing consumes <b>g</b>: 5 messages, the oldest 2h old"));
	check_str(s->of_queues[1].state, "late");
	check_int(s->of_queues[1].level, PAGE_NOTICE);
	check_int(s->of_queues[2].level, PAGE_FINE);
	check_int(s->of_queues[3].level, PAGE_FINE);
	check_str(s->of_queues[4].state, "full");
	check(says(4, "full: 5 of 5 messages; publishers wait"));
	check_str(s->of_queues[5].state, "nearly full");
	check(says(6, "no group is given anything"));
	check(!says(6, "<b>g</b>"));
	check(says(7, "<b>g</b> is given nothing"));
	check(says(8, "3 dead letters"));
	check_int(s->of_queues[9].level, PAGE_FINE);
	check_int(p.bad, 3);
	check_int(p.notices, 4);
	order = page_order(&p);
	check_str(order[0]->st.name, "q0000");
	check_str(order[1]->st.name, "q0004");
	check_str(order[2]->st.name, "q0008");
	check_str(order[3]->st.name, "q0001");
	check_str(order[7]->st.name, "q0002");
	check_str(order[9]->st.name, "q0009");
	free(order);
	forget(10);
}

static void
test_refused(void)
{
	struct page_numbers p = numbers(3);

	s->of_queues[0].st.max_bytes = s->groups[0].depth_bytes = 2048;
	memcpy(s->of_queues[0].overflow, "drop-oldest", 12);
	s->of_queues[1].st.max_bytes = s->groups[1].depth_bytes = 2048;
	memcpy(s->of_queues[1].overflow, "reject", 7);
	s->of_queues[2].st.disk_free = 1024;
	s->of_queues[2].st.min_free = 4096;
	page_attention(&p);
	check(says(0, "full: 2.0K of 2.0K; the oldest are dropped"));
	check(says(1, "publishers are refused"));
	check(says(2, "disk full: 1.0K left, below min-free (4.0K); publishers are refused"));
	forget(3);
}

/* What an engine does not know is nobody's fault. */
static void
test_unknown(void)
{
	struct page_numbers p = numbers(1);
	struct mqs_buf page = { 0 };
	struct mqs_queue_stat *q = &s->of_queues[0].st;
	struct mqs_group_stat *g = &s->groups[0];

	q->messages = q->bytes = q->in_messages = q->in_bytes = q->disk_free = q->min_free =
	    q->disk_bytes = q->dropped = q->deduplicated = MQS_UNKNOWN;
	g->depth = g->ready = g->leased = g->delayed = g->acked = g->dead = MQS_UNKNOWN;
	g->oldest = MQS_UNKNOWN_TIME;
	g->consumers = MQS_UNKNOWN_COUNT;
	page_html(&page, &p, "");
	check_int(s->of_queues[0].level, PAGE_FINE);
	check(memmem(page.p, page.n, "18446744073709551615", 20) == NULL);
	check(memmem(page.p, page.n, "<td>?", 5) != NULL);
	mqs_buf_free(&page);
	forget(1);
}

/* ------------------------------------------------------------- contents -- */

static void
test_size(void)
{
	struct page_numbers p = numbers(QUEUES);
	struct mqs_buf page = { 0 };
	size_t i;

	for (i = 0; i < QUEUES; i++) {
		s->of_queues[i].st.paused = 1;
		memset(s->of_queues[i].st.name + 5, 'x', 80);
	}
	page_html(&page, &p, "");
	check(page.n > 900000 && page.n < 1150000);
	check(memmem(page.p, page.n, "which <code>mq-stat</code> shows", 32) != NULL);
	check(memmem(page.p, page.n, "</body></html>", 14) != NULL);
	mqs_buf_free(&page);
	forget(QUEUES);
}

static void
test_letter(void)
{
	static const char headers[] =
	    "x\0<b>not shown</b>\0"
	    "mq-dead-reason\0an older death\0"
	    "mq-dead-queue\0orders\0mq-dead-group\0mail\0mq-dead-id\0" "123\0"
	    "mq-dead-reason\0exit 1 <img src=x onerror=alert(1)>\0"
	    "mq-dead-attempts\0005\0mq-dead-time\0" "2026-11-26T10:20:30.123456789Z\0"
	    "mq-dead-stderr\0</pre><script>alert(2)</script>\xe2\x80\xae";
	struct mqs_message m = MQS_MESSAGE_INIT;
	struct mqs_buf b = { 0 };

	m.headers = headers;
	m.headers_len = sizeof(headers);
	m.key = "\"><i>k";
	m.key_len = 6;
	m.body_len = 2048;
	page_letter(&b, &m);
	check(mqs_buf_addc(&b, '\0') == 0);
	check_str(b.p, "<li><b>exit 1 &lt;img src=x onerror=alert(1)&gt;</b> <span class=m>"
	    "2026-11-26 10:20:30 &middot; in orders/mail &middot; attempts 5"
	    " &middot; key &quot;&gt;&lt;i&gt;k &middot; id 123 &middot; 2.0K</span>"
	    "<pre>&lt;/pre&gt;&lt;script&gt;alert(2)&lt;/script&gt;\xef\xbf\xbd</pre></li>\n");
	mqs_buf_free(&b);
}

int
main(void)
{
	common.spool = "/spool";
	if ((s = calloc(1, sizeof(*s))) == NULL)
		return 1;
	run_test("rates of queues and groups, of counters that are known", test_rates);
	run_test("no rates when queues came or went", test_other_names);
	run_test("sums when there are too many counters", test_sums);
	run_test("a query that makes no sense gives no rates", test_nonsense);
	run_test("what needs attention, and in which order", test_attention);
	run_test("what becomes of messages in a full queue", test_refused);
	run_test("an engine that knows little", test_unknown);
	run_test("the page of very many queues stays about 1 MiB", test_size);
	run_test("a dead letter: the last death counts, and all is text", test_letter);
	free(s);
	return finish_tests();
}
