/*
 * broker_stats.c - see broker_stats.h
 *
 * The API leaves out what it does not know: all numbers of a queue that is younger than its
 * statistics, and message_stats where nothing was counted, or counting is off (rates_mode=none).
 * Within message_stats, what is left out did not happen.
 */
#include <string.h>

#include "amqp/broker_stats.h"

#define LEVEL	"mq.delay."	/* and a number: the queue of a level of the delays */

#define QUEUE_COLUMNS	"name,messages,messages_unacknowledged,message_bytes,message_stats"
#define EXCHANGE_COLUMNS "name,message_stats"

/* The number in a member, or MQS_UNKNOWN. */
static uint64_t
number(const json_t *o, const char *name)
{
	const json_t *v = json_object_get(o, name);

	return json_is_integer(v) && json_integer_value(v) >= 0 ?
	    (uint64_t)json_integer_value(v) : MQS_UNKNOWN;
}

/* How often something happened, or MQS_UNKNOWN. */
static uint64_t
counter(const json_t *o, const char *name)
{
	const json_t *stats = json_object_get(o, "message_stats");

	if (json_object_size(stats) == 0)
		return MQS_UNKNOWN;
	return json_object_get(stats, name) == NULL ? 0 : number(stats, name);
}

static const json_t *
named(const json_t *list, const char *name)
{
	const char *has;
	size_t i;

	for (i = 0; i < json_array_size(list); i++) {
		has = json_string_value(json_object_get(json_array_get(list, i), "name"));
		if (has != NULL && strcmp(has, name) == 0)
			return json_array_get(list, i);
	}
	return NULL;
}

static int
is_level(const char *name)
{
	const size_t n = sizeof(LEVEL) - 1;

	return name != NULL && strncmp(name, LEVEL, n) == 0 && name[n] != '\0' &&
	    strspn(name + n, "0123456789") == strlen(name + n);
}

static uint64_t
count_waiting(const json_t *queues)
{
	uint64_t sum = 0, n;
	size_t i;

	for (i = 0; i < json_array_size(queues); i++) {
		const json_t *q = json_array_get(queues, i);

		if (!is_level(json_string_value(json_object_get(q, "name"))))
			continue;
		if ((n = number(q, "messages")) == MQS_UNKNOWN)
			return MQS_UNKNOWN;
		sum += n;
	}
	return sum;
}

void
mqs_amqp_broker_stats_init(struct mqs_amqp_broker_stats *b, json_t *queues, json_t *exchanges)
{
	b->queues = queues;
	b->exchanges = exchanges;
	b->waiting = count_waiting(queues);
}

int
mqs_amqp_broker_stats_read(struct mqs_amqp_broker_stats *b, struct mqs_amqp_management *m,
    struct mqs_error *err)
{
	json_t *queues, *exchanges;
	int rc;

	if ((rc = mqs_amqp_management_list(m, "queues", QUEUE_COLUMNS, &queues, err)) != MQS_OK)
		return rc;
	rc = mqs_amqp_management_list(m, "exchanges", EXCHANGE_COLUMNS, &exchanges, err);
	if (rc != MQS_OK) {
		json_decref(queues);
		return rc;
	}
	mqs_amqp_broker_stats_init(b, queues, exchanges);
	return MQS_OK;
}

void
mqs_amqp_broker_stats_free(struct mqs_amqp_broker_stats *b)
{
	json_decref(b->queues);
	json_decref(b->exchanges);
	memset(b, 0, sizeof(*b));
}

void
mqs_amqp_broker_stats_queue(const struct mqs_amqp_broker_stats *b, const char *name,
    struct mqs_amqp_queue_numbers *n)
{
	const json_t *q = named(b->queues, name);

	n->messages = number(q, "messages");
	n->unacked = number(q, "messages_unacknowledged");
	n->bytes = number(q, "message_bytes");
	n->delivered = counter(q, "deliver_get");
	n->acked = counter(q, "ack");
}

uint64_t
mqs_amqp_broker_stats_published(const struct mqs_amqp_broker_stats *b, const char *exchange)
{
	return counter(named(b->exchanges, exchange), "publish_in");
}
