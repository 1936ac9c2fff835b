/* queue_settings.c - see queue_settings.h */
#include "amqp/answer.h"
#include "amqp/delay.h"
#include "amqp/delay_topology.h"
#include "amqp/queue_settings.h"
#include "amqp/table.h"
#include "amqp/topology.h"
#include "base/error.h"

int
mqs_amqp_queue_settings_check(const struct mqs_log_settings *s, struct mqs_error *err)
{
	if (s->overflow == MQS_OVERFLOW_REJECT)
		return mqs_fail(err, MQS_ENOTSUP, "overflow=reject: the amqp engine can't tell "
		    "that no group has a message; use overflow=drop-oldest");
	if (s->overflow == MQS_OVERFLOW_BLOCK && (s->max_messages > 0 || s->max_bytes > 0))
		return mqs_fail(err, MQS_ENOTSUP, "overflow=block: the amqp engine can't keep "
		    "publishers waiting; set overflow=drop-oldest as well");
	return MQS_OK;
}

static int
remove_stream(const struct mqs_amqp_link *link, const char *queue, const char *stream,
    struct mqs_error *err)
{
	int rc = mqs_amqp_exchange_exists(link, "mq.delay", err);

	if (rc == MQS_OK)
		rc = mqs_amqp_delays_for_queue(link, queue, 0, MQS_AMQP_DELAY_SHORT, err);
	if (rc != MQS_OK && rc != MQS_ENOENT)
		return rc;
	(void)amqp_queue_delete(link->state, link->number, mqs_amqp_text(stream), 0, 0);
	return mqs_amqp_answer(link, stream, err);
}

int
mqs_amqp_queue_retain(const struct mqs_amqp_link *link, const char *queue,
    const struct mqs_log_settings *was, const struct mqs_log_settings *now, struct mqs_error *err)
{
	struct mqs_amqp_queue_settings s = { .retain = now->retain == INT64_MAX ? -1 : now->retain,
	    .retain_bytes = now->retain_bytes };
	char stream[MQS_AMQP_NAME_SIZE];
	int rc;

	rc = mqs_amqp_stream_exists(link, mqs_amqp_stream(stream, queue), NULL, err);
	if (rc == MQS_ENOENT && now->retain == 0)
		return MQS_OK;
	if (rc != MQS_ENOENT && now->retain == was->retain && now->retain_bytes == was->retain_bytes)
		return rc == MQS_ECONFIG ? MQS_OK : rc;	/* it is somebody else's, and left */
	/* One that is there was made by somebody who died, or was cut off, before the record. */
	if (rc == MQS_ENOENT || (rc == MQS_OK && was->retain == 0 && now->retain != 0))
		return mqs_amqp_stream_make(link, queue, &s, err);
	if (rc == MQS_OK && now->retain != 0)
		return mqs_fail(err, MQS_ENOTSUP, "the amqp engine can't change how long messages "
		    "are retained that are there; an administrator can: rabbitmqctl set_policy, for "
		    "%s (max-age, max-length-bytes); or set retain=0 first, which removes them",
		    stream);
	return rc == MQS_OK ? remove_stream(link, queue, stream, err) : rc;
}
