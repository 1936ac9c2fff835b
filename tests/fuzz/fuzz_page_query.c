/*
 * fuzz_page_query.c - any text as the query of the page's address
 *
 * What is not a snapshot of these queues, to the last counter, gives no rates at all; rates are
 * numbers and not negative.  Every other input goes behind the time and the hash of names that
 * the page itself would write, since no guess finds that hash.
 */
#include <math.h>
#include <stdint.h>
#include <stdlib.h>
#include <string.h>

#include "stat/page_snapshot.h"

#define NOW	INT64_C(1795000000000)	/* ms */
#define QUEUES	2

int	LLVMFuzzerTestOneInput(const uint8_t *data, size_t size);

/* Two queues, the first with two groups. */
static struct mqs_group_stat stats[2] = { { .queue = "a", .group = "g", .acked = 5 },
    { .queue = "a", .group = "h", .acked = MQS_UNKNOWN } };
static struct page_group groups[2] = { { .st = &stats[0] }, { .st = &stats[1] } };
static struct page_queue queues[QUEUES] = {
	{ .st = { .name = "a", .in_messages = 1000 }, .groups = groups, .n_groups = 2 },
	{ .st = { .name = "b", .in_messages = UINT64_MAX - 1 } }
};

static void
reset(struct page_numbers *p)
{
	size_t i;

	memset(p, 0, sizeof(*p));
	p->queues = queues;
	p->n_queues = QUEUES;
	p->groups = groups;
	p->gathered.n_groups = 2;
	p->in_rate = p->acked_rate = -1;
	for (i = 0; i < QUEUES; i++)
		queues[i].in_rate = -1;
	groups[0].acked_rate = groups[1].acked_rate = -1;
}

static int
is_rate(double rate)
{
	return isfinite(rate) && (rate >= 0 || rate == -1);
}

static void
check(const struct page_numbers *p)
{
	const double rates[] = { p->in_rate, p->acked_rate, queues[0].in_rate,
	    queues[1].in_rate, groups[0].acked_rate, groups[1].acked_rate };
	size_t i;

	for (i = 0; i < sizeof(rates) / sizeof(rates[0]); i++)
		if (!is_rate(rates[i]) || (p->seconds == 0 && rates[i] != -1))
			abort();
}

/* The beginning of a snapshot of these queues, up to its first counter. */
static void
add_beginning(struct mqs_buf *to, const struct page_numbers *p)
{
	struct mqs_buf whole = { 0 };
	const char *s;

	page_snapshot_write(&whole, p, NOW - 5000);
	s = memchr(whole.p, ';', whole.n);		/* of "&amp;" */
	if (s == NULL || mqs_buf_addf(to, "t=%lld&%.*s", (long long)(NOW - 5000),
	    (int)strcspn(s + 1, "."), s + 1) == -1)
		abort();
	mqs_buf_free(&whole);
}

int
LLVMFuzzerTestOneInput(const uint8_t *data, size_t size)
{
	struct mqs_buf buf = { 0 };
	struct page_numbers p;
	const char *value, *query;
	size_t n;

	reset(&p);
	if (size > 0 && data[0] % 2 == 1)
		add_beginning(&buf, &p);
	if ((size > 1 && mqs_buf_add(&buf, data + 1, size - 1) == -1) ||
	    mqs_buf_addc(&buf, '\0') == -1)
		abort();
	query = buf.p;
	page_snapshot_read(&p, query, NOW);
	check(&p);
	n = page_query(query, "s", &value);
	if (n > 0 && (value < query || value + n > query + strlen(query)))
		abort();
	mqs_buf_free(&buf);
	return 0;
}
