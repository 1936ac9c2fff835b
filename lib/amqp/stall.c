/* stall.c - see stall.h */
#include <sys/ioctl.h>

#include <linux/sockios.h>

#include "amqp/connection_state.h"
#include "amqp/stall.h"
#include "base/clock.h"

#define MOST	(60 * MQS_SECOND)

/*
 * 1 while the channel is not open or an alarm keeps it, and where something has yet to leave for the
 * broker, which has taken some of it since the last look.  (Heartbeats that wait, too, are no bytes of
 * bursts, so what was taken can seem to become less.)
 */
static int
is_sending(struct mqs_amqp_stall *s, struct mqs_amqp_channel *ch)
{
	struct mqs_amqp_connection *c = ch->connection;
	const int64_t before = s->taken;
	int left = 0, kept, waits;

	mqs_amqp_lock(c);
	kept = ch->phase != MQS_AMQP_OPEN || c->blocked || c->fd == -1;
	if (!kept && ioctl(c->fd, SIOCOUTQ, &left) != 0)
		left = 0;
	waits = ch->send || ch->in_send || ch->rest_n > 0 || left > 0;
	if (c->written - left > before)
		s->taken = c->written - left;
	mqs_amqp_unlock(c);
	return kept || (waits && s->taken > before);
}

static int64_t
at_first(const struct mqs_amqp_connection *c)
{
	int64_t ns = 2 * c->configuration->heartbeat * MQS_SECOND;

	return ns < MOST ? ns : MOST;
}

static void
break_connection(struct mqs_amqp_connection *c, const char *object, int64_t patience)
{
	mqs_amqp_lock(c);
	mqs_amqp_note(c, "%s: RabbitMQ has confirmed nothing for %d s; trying another connection",
	    object, (int)(patience / MQS_SECOND));
	mqs_amqp_unlock(c);
	mqs_amqp_break(c);
}

int64_t
mqs_amqp_stall_look(struct mqs_amqp_stall *s, struct mqs_amqp_connection *c,
    struct mqs_amqp_channel *ch, const char *object, int waiting, uint64_t progress)
{
	const int64_t now = mqs_boottime();

	if (!waiting || progress != s->progress || s->patience == 0)
		s->patience = at_first(c);
	if (!waiting || progress != s->progress || s->since == 0 || is_sending(s, ch))
		s->since = waiting ? now : 0;
	s->progress = progress;
	if (waiting && now - s->since >= s->patience) {
		break_connection(c, object, s->patience);
		s->patience = 2 * s->patience < MOST ? 2 * s->patience : MOST;
		s->since = now;
	}
	return waiting ? s->since + s->patience : 0;
}
