/* group_fill_exchanges.c - see group_fill.h: the exchanges of a fill */
#include <stdio.h>

#include "amqp/answer.h"
#include "amqp/group_fill.h"
#include "amqp/table.h"
#include "amqp/topology.h"

void
mqs_amqp_fill_name(char buf[MQS_AMQP_FILL_NAME_SIZE], const char *name, const char *what)
{
	(void)snprintf(buf, MQS_AMQP_FILL_NAME_SIZE, "%s/%s", name, what);
}

int
mqs_amqp_fill_declare(const struct mqs_amqp_link *link, const char *queue, const char *name,
    struct mqs_error *err)
{
	char exchange[MQS_AMQP_FILL_NAME_SIZE], stream[MQS_AMQP_NAME_SIZE];
	int rc;

	mqs_amqp_fill_name(exchange, name, "fill");
	if ((rc = mqs_amqp_exchange_declare(link, exchange, "fanout", err)) != MQS_OK ||
	    (rc = mqs_amqp_queue_bind(link, name, exchange, "", amqp_empty_table, err)) != MQS_OK)
		return rc;
	mqs_amqp_fill_name(exchange, name, "end");
	if ((rc = mqs_amqp_exchange_declare(link, exchange, "fanout", err)) != MQS_OK)
		return rc;
	return mqs_amqp_queue_bind(link, mqs_amqp_stream(stream, queue), exchange, "",
	    amqp_empty_table, err);
}

int
mqs_amqp_fill_remove(const struct mqs_amqp_link *link, const char *name, struct mqs_error *err)
{
	static const char *const what[] = { "fill", "end" };
	char exchange[MQS_AMQP_FILL_NAME_SIZE];
	size_t i;
	int rc = MQS_OK;

	for (i = 0; i < 2 && rc == MQS_OK; i++) {
		mqs_amqp_fill_name(exchange, name, what[i]);
		(void)amqp_exchange_delete(link->state, link->number, mqs_amqp_text(exchange), 0);
		rc = mqs_amqp_answer(link, exchange, err);
	}
	return rc;
}
