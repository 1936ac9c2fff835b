/* group_hold.c - see group_queue.h: a consumer that takes nothing keeps a queue from expiring */
#include <stdio.h>
#include <stdlib.h>

#include "amqp/consume_nothing.h"
#include "amqp/group_queue.h"
#include "amqp/topology.h"
#include "base/error.h"

struct mqs_amqp_group_hold {
	struct mqs_amqp_channel	*channel;
	char			 name[MQS_AMQP_NAME_SIZE];
};

static int
set_up(void *arg, const struct mqs_amqp_link *link, struct mqs_error *err)
{
	const struct mqs_amqp_group_hold *h = arg;

	return mqs_amqp_consume_nothing(link, h->name, "hold", err);
}

static const struct mqs_amqp_events events = { .set_up = set_up };

int
mqs_amqp_group_hold(struct mqs_amqp_group_hold **out, struct mqs_amqp_connection *c,
    const char *name, const struct mqs_amqp_group_kind *kind, struct mqs_error *err)
{
	struct mqs_amqp_group_hold *h;
	int rc;

	*out = NULL;
	if (kind->expires == 0)
		return MQS_OK;
	if ((h = calloc(1, sizeof(*h))) == NULL)
		return mqs_fail_errno(err, "%s", name);
	(void)snprintf(h->name, sizeof(h->name), "%s", name);
	if ((rc = mqs_amqp_channel_open(&h->channel, c, &events, h, -1, err)) != MQS_OK) {
		free(h);
		return rc;
	}
	*out = h;
	return MQS_OK;
}

void
mqs_amqp_group_let_go(struct mqs_amqp_group_hold *h)
{
	if (h == NULL)
		return;
	mqs_amqp_channel_close(h->channel);
	free(h);
}
