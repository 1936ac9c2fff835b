/* publisher.c - see publisher.h: opened, freed; its numbers */
#include <stdio.h>
#include <stdlib.h>

#include "amqp/call.h"
#include "amqp/publisher.h"
#include "amqp/publisher_events.h"
#include "amqp/publisher_limit.h"
#include "amqp/settings_store.h"
#include "base/error.h"

/* Whether the queue's record says so: 0 if it can't be read. */
static int
retains_nothing(const struct mqs_publisher *p)
{
	struct mqs_log_settings s = { .retain = -1 };
	struct mqs_amqp_record r;
	int nothing;

	if (mqs_amqp_record_init(&r, p->queue, NULL, NULL) != MQS_OK)
		return 0;
	nothing = mqs_amqp_settings_read(p->connection, &r, 0, NULL) == MQS_OK &&
	    mqs_amqp_record_queue(&r, &s, NULL) == MQS_OK && s.retain == 0;
	mqs_amqp_record_free(&r);
	return nothing;
}

static int
connect_publisher(struct mqs_publisher *p, struct mqs_error *err)
{
	char version[32];
	int rc;

	if ((rc = mqs_amqp_spool_connection(&p->connection, p->spool, err)) != MQS_OK ||
	    (rc = mqs_amqp_channel_open(&p->channel, p->connection, &mqs_amqp_publisher_events, p,
	    mqs_amqp_publisher_deadline(p), err)) != MQS_OK)
		return rc;
	if (p->made) {
		mqs_amqp_note_name(p->spool, p->queue);
		mqs_amqp_settings_made(p->connection, p->queue);
	}
	if (!p->stream)
		p->may_drop = retains_nothing(p);
	mqs_amqp_server_version(p->connection, version, sizeof(version));
	p->max_message = mqs_amqp_limit_of_version(version);
	return MQS_OK;
}

int
mqs_amqp_publisher_open(struct mqs_publisher **out, struct mqs_spool *spool, const char *queue,
    const struct mqs_publisher_options *options, struct mqs_error *err)
{
	struct mqs_publisher *p;
	int rc;

	if (options != NULL && (options->flags & MQS_MIRROR) != 0)
		return mqs_fail(err, MQS_ENOTSUP, "%s: the amqp engine knows no message again by "
		    "its message id (--mirror)", queue);
	if ((p = calloc(1, sizeof(*p))) == NULL)
		return mqs_fail_errno(err, "%s", queue);
	p->spool = spool;
	(void)snprintf(p->queue, sizeof(p->queue), "%s", queue);
	if (options != NULL)
		p->options = *options;
	else
		p->options.wait = -1;
	mqs_amqp_ids_init(&p->ids);
	mqs_amqp_confirms_reset(&p->confirms);
	if ((rc = connect_publisher(p, err)) != MQS_OK) {
		mqs_amqp_publisher_free(p);
		return rc;
	}
	*out = p;
	return MQS_OK;
}

void
mqs_amqp_publisher_free(struct mqs_publisher *p)
{
	size_t i;

	if (p == NULL)
		return;
	mqs_amqp_channel_close(p->channel);
	mqs_amqp_call_leave(p);
	for (i = 0; i < p->nshapes; i++)
		mqs_amqp_large_free(p->shapes[i].message.large);
	mqs_amqp_properties_free(&p->properties);
	mqs_amqp_properties_free(&p->checked);
	free(p->shapes);
	free(p->batch);
	free(p);
}

size_t
mqs_amqp_publisher_stored(const struct mqs_publisher *p)
{
	return p->stored;
}

uint64_t
mqs_amqp_publisher_max_message(const struct mqs_publisher *p)
{
	return p->max_message;
}
