/*
 * stream_window.c - see stream_read.h: how many messages the broker may send ahead
 *
 * A prefetch counts messages, whatever their size, and belongs to a basic.consume.  So reading
 * begins with few.  When they turn out to be small, or larger than expected, consuming is begun
 * anew behind the last message that was kept, with another prefetch (stream_events.c).  What
 * exceeds MQS_AMQP_STREAM_AHEAD is dropped when it comes, and everything after it, until the
 * caller has taken what is kept.  So memory has a bound, whatever the sizes.
 */
#include "amqp/stream_state.h"

#define AT_FIRST	16	/* before it is known how large messages are */
#define LEAST		2
#define MOST		MQS_AMQP_STREAM_PREFETCH
#define OVERHEAD	1024	/* of a message, besides its body */
#define FILE_COST	(MQS_AMQP_STREAM_AHEAD / 8)	/* of a body that is in a file */
#define MEASURED	4	/* times the prefetch: so many messages tell their size */

static size_t
cost_of(int body_fd, uint64_t body_len)
{
	return body_fd != -1 ? FILE_COST : OVERHEAD + (size_t)body_len;
}

/* How many messages of that cost may be on their way: half of what there is room for. */
static size_t
fitting(size_t cost)
{
	size_t n = MQS_AMQP_STREAM_AHEAD / 2 / cost;

	return n < LEAST ? LEAST : n > MOST ? MOST : n;
}

static void
begin_anew(struct mqs_amqp_stream *s, size_t prefetch)
{
	s->prefetch = prefetch;
	s->seen = s->seen_cost = 0;
	s->again = 1;
}

void
mqs_amqp_stream_window_init(struct mqs_amqp_stream *s)
{
	/* Its end is looked for by its deliveries, so it must not be begun anew behind the last. */
	s->prefetch = s->to_end ? MOST : AT_FIRST;
}

int
mqs_amqp_stream_window_admit(struct mqs_amqp_stream *s, const struct mqs_amqp_delivery *d)
{
	size_t cost = cost_of(d->body_fd, d->body_len), mean;

	if (s->overflow || s->again)
		return 0;
	if (s->first == NULL || s->held + cost <= MQS_AMQP_STREAM_AHEAD)
		return 1;
	mean = (s->seen_cost + cost) / (s->seen + 1);
	s->prefetch = fitting(cost > mean ? cost : mean);
	s->overflow = 1;
	return 0;
}

void
mqs_amqp_stream_window_kept(struct mqs_amqp_stream *s, const struct mqs_amqp_kept *k)
{
	size_t cost = cost_of(k->body_fd, k->body_len), most;

	s->held += cost;
	s->seen++;
	s->seen_cost += cost;
	if (s->to_end || s->seen < MEASURED * s->prefetch)
		return;
	most = fitting(s->seen_cost / s->seen);
	if (most < MEASURED * s->prefetch)
		return;
	begin_anew(s, most);
	if (s->channel != NULL)
		mqs_amqp_channel_send_more(s->channel);
}

void
mqs_amqp_stream_window_taken(struct mqs_amqp_stream *s, const struct mqs_amqp_kept *k)
{
	s->held -= cost_of(k->body_fd, k->body_len);
}

int
mqs_amqp_stream_window_drained(struct mqs_amqp_stream *s)
{
	if (!s->overflow)
		return 0;
	s->overflow = 0;
	begin_anew(s, s->prefetch);
	return 1;
}
