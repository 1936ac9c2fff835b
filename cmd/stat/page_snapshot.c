/*
 * stat/page_snapshot.c - the counters of one load of the page, in the address of the next
 *
 * The server keeps nothing between two requests.  The page reloads itself to an address that
 * carries the counters that it has just shown, and the next load computes rates from them:
 *
 *	t=MILLISECONDS&s=aNAMES.COUNTER.COUNTER...
 *	t=MILLISECONDS&s=b.PUBLISHED.ACKED
 *
 * The form `a' has a counter for each queue (published), each followed by one for each of its
 * groups (acked), in the order of names.  NAMES is a hash of all names: when a queue or group
 * came or went, the counters would be those of others, so there are no rates once.  The form
 * `b' has the sums only; it is used when `a' would have more than PAGE_SNAPSHOT_MAX bytes.
 * Numbers are base 32 (0 to 9, a to v); an empty one is not known.
 *
 * The query comes from the network.  The reader takes nothing but that form, with just as many
 * counters as it expects.  The worst that a made-up query does is to show wrong rates to whoever
 * made it up.
 */
#include <string.h>

#include "base/name.h"
#include "common/output.h"
#include "stat/page_snapshot.h"

#define MS_LEAST	500		/* rates over less say nothing */
#define MS_MOST		(24 * 3600 * 1000)
#define DIGITS_MAX	13		/* of 64 bits */

static const char digits[] = "0123456789abcdefghijklmnopqrstuv";

/* ------------------------------------------------------------- writing -- */

static void
write_number(struct mqs_buf *to, uint64_t n)
{
	char text[DIGITS_MAX];
	size_t at = sizeof(text);

	if (n == MQS_UNKNOWN)
		return;
	do
		text[--at] = digits[n % 32];
	while ((n /= 32) != 0);
	must(mqs_buf_add(to, text + at, sizeof(text) - at));
}

static void
write_counter(struct mqs_buf *to, uint64_t n)
{
	must(mqs_buf_addc(to, '.'));
	write_number(to, n);
}

/* FNV-1a, with the NUL behind each name. */
static uint32_t
add_name(uint32_t hash, const char *name)
{
	do
		hash = (hash ^ (unsigned char)*name) * 16777619u;
	while (*name++ != '\0');
	return hash;
}

static uint32_t
hash_of_names(const struct page_numbers *p)
{
	uint32_t hash = 2166136261u;
	size_t i, n;

	for (i = 0; i < p->n_queues; i++) {
		hash = add_name(hash, p->queues[i].st.name);
		for (n = 0; n < p->queues[i].n_groups; n++)
			hash = add_name(hash, p->queues[i].groups[n].st->group);
		hash = add_name(hash, "");
	}
	return hash;
}

static uint64_t
published(const struct page_numbers *p)
{
	uint64_t sum = 0;
	size_t i;

	for (i = 0; i < p->n_queues; i++)
		if (p->queues[i].st.in_messages != MQS_UNKNOWN)
			sum += p->queues[i].st.in_messages;
	return sum;
}

static uint64_t
acked(const struct page_numbers *p)
{
	uint64_t sum = 0;
	size_t i;

	for (i = 0; i < p->gathered.n_groups; i++)
		if (p->groups[i].st->acked != MQS_UNKNOWN)
			sum += p->groups[i].st->acked;
	return sum;
}

/* Writes the form `a': 1, or 0 if it would be too long. */
static int
write_all(struct mqs_buf *to, const struct page_numbers *p)
{
	const size_t begun = to->n;
	size_t i, n;

	must(mqs_buf_addc(to, 'a'));
	write_number(to, hash_of_names(p));
	for (i = 0; i < p->n_queues && to->n - begun <= PAGE_SNAPSHOT_MAX - 64; i++) {
		write_counter(to, p->queues[i].st.in_messages);
		for (n = 0; n < p->queues[i].n_groups &&
		    to->n - begun <= PAGE_SNAPSHOT_MAX - 64; n++)
			write_counter(to, p->queues[i].groups[n].st->acked);
	}
	if (to->n - begun <= PAGE_SNAPSHOT_MAX - 64)
		return 1;
	to->n = begun;
	return 0;
}

void
page_snapshot_write(struct mqs_buf *to, const struct page_numbers *p, int64_t ms)
{
	must(mqs_buf_addf(to, "t=%lld&amp;s=", (long long)ms));
	if (write_all(to, p))
		return;
	must(mqs_buf_addc(to, 'b'));
	write_counter(to, published(p));
	write_counter(to, acked(p));
}

/* ------------------------------------------------------------- reading -- */

size_t
page_query(const char *query, const char *name, const char **value)
{
	size_t n = strlen(name), length;

	for (; *query != '\0'; query += length + (query[length] == '&')) {
		length = strcspn(query, "&");
		if (length > n && strncmp(query, name, n) == 0 && query[n] == '=') {
			*value = query + n + 1;
			return length - n - 1;
		}
	}
	return 0;
}

/* What is left to read; `broken' once it was not of the form. */
struct reading {
	const char	*at, *end;
	int		 broken;
};

static uint64_t
read_number(struct reading *r)
{
	const char *begun = r->at, *digit;
	uint64_t n = 0;

	for (; r->at < r->end && *r->at != '.'; r->at++) {
		if (*r->at == '\0' || (digit = strchr(digits, *r->at)) == NULL ||
		    n > UINT64_MAX / 32) {
			r->broken = 1;
			return MQS_UNKNOWN;
		}
		n = n * 32 + (uint64_t)(digit - digits);
	}
	return r->at == begun ? MQS_UNKNOWN : n;
}

static uint64_t
read_counter(struct reading *r)
{
	if (r->broken || r->at == r->end || *r->at++ != '.') {
		r->broken = 1;
		return MQS_UNKNOWN;
	}
	return read_number(r);
}

/* A counter that went down is of a queue or group that was made anew. */
static double
rate(uint64_t before, uint64_t now, double seconds)
{
	if (before == MQS_UNKNOWN || now == MQS_UNKNOWN || before > now)
		return -1;
	return (double)(now - before) / seconds;
}

static void
add_rate(double *sum, double more)
{
	if (more >= 0)
		*sum = *sum < 0 ? more : *sum + more;
}

static void
read_all(struct page_numbers *p, struct reading *r, double seconds)
{
	size_t i, n;

	if (read_number(r) != hash_of_names(p)) {
		r->broken = 1;
		return;
	}
	for (i = 0; i < p->n_queues; i++) {
		struct page_queue *q = &p->queues[i];

		q->in_rate = rate(read_counter(r), q->st.in_messages, seconds);
		add_rate(&p->in_rate, q->in_rate);
		for (n = 0; n < q->n_groups; n++) {
			q->groups[n].acked_rate = rate(read_counter(r),
			    q->groups[n].st->acked, seconds);
			add_rate(&p->acked_rate, q->groups[n].acked_rate);
		}
	}
}

static void
read_sums(struct page_numbers *p, struct reading *r, double seconds)
{
	p->in_rate = rate(read_counter(r), published(p), seconds);
	p->acked_rate = rate(read_counter(r), acked(p), seconds);
}

static void
forget_rates(struct page_numbers *p)
{
	size_t i;

	p->in_rate = p->acked_rate = -1;
	p->seconds = 0;
	for (i = 0; i < p->n_queues; i++)
		p->queues[i].in_rate = -1;
	for (i = 0; i < p->gathered.n_groups; i++)
		p->groups[i].acked_rate = -1;
}

void
page_snapshot_read(struct page_numbers *p, const char *query, int64_t ms)
{
	const char *text;
	struct reading r = { 0 };
	uint64_t then;
	size_t n;

	if ((n = page_query(query, "t", &text)) == 0 || mqs_parse_u64(text, n, &then) == -1 ||
	    then > (uint64_t)ms || (uint64_t)ms - then < MS_LEAST ||
	    (uint64_t)ms - then > MS_MOST || (n = page_query(query, "s", &text)) == 0 ||
	    n > PAGE_SNAPSHOT_MAX)
		return;
	p->seconds = (double)((uint64_t)ms - then) / 1000;
	r.at = text + 1;
	r.end = text + n;
	if (*text == 'a')
		read_all(p, &r, p->seconds);
	else if (*text == 'b')
		read_sums(p, &r, p->seconds);
	else
		r.broken = 1;
	if (r.broken || r.at != r.end)
		forget_rates(p);
}
