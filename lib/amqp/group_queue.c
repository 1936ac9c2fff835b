/* group_queue.c - see group_queue.h */
#include "amqp/answer.h"
#include "amqp/group_queue.h"
#include "amqp/table.h"
#include "amqp/topology.h"

/* The broker holds numbers against each other by value, whatever their types. */
#define NO_LIMIT	INT64_C(2147483647)

int
mqs_amqp_group_queue_declare(const struct mqs_amqp_link *link, const char *name,
    const struct mqs_amqp_group_kind *kind, struct mqs_error *err)
{
	amqp_table_entry_t e[8];
	size_t n = 0;

	e[n++] = mqs_amqp_entry("x-queue-type", "quorum");
	e[n++] = mqs_amqp_entry_number("x-delivery-limit", NO_LIMIT);
	e[n++] = mqs_amqp_entry_number("x-consumer-timeout", NO_LIMIT);
	if (kind->single)
		e[n++] = (amqp_table_entry_t){ .key = mqs_amqp_text("x-single-active-consumer"),
		    .value = { .kind = AMQP_FIELD_KIND_BOOLEAN, .value.boolean = 1 } };
	if (kind->expires > 0)
		e[n++] = mqs_amqp_entry_number("x-expires", (int64_t)kind->expires);
	if (kind->max_messages > 0)
		e[n++] = mqs_amqp_entry_number("x-max-length", (int64_t)kind->max_messages);
	if (kind->max_bytes > 0)
		e[n++] = mqs_amqp_entry_number("x-max-length-bytes", (int64_t)kind->max_bytes);
	if (kind->max_messages > 0 || kind->max_bytes > 0)
		e[n++] = mqs_amqp_entry("x-overflow", "drop-head");
	return mqs_amqp_queue_declare(link, name, mqs_amqp_table(e, n), err);
}

int
mqs_amqp_group_marked(const struct mqs_amqp_link *link, const char *name, struct mqs_error *err)
{
	int rc = mqs_amqp_exchange_exists(link, name, err);

	return rc != MQS_OK ? rc : mqs_amqp_queue_exists(link, name, NULL, NULL, err);
}

int
mqs_amqp_group_mark(const struct mqs_amqp_link *link, const char *name,
    const struct mqs_amqp_group_kind *kind, struct mqs_error *err)
{
	int rc;

	if (kind->expires == 0)
		return mqs_amqp_exchange_declare(link, name, "fanout", err);
	(void)amqp_exchange_declare(link->state, link->number, mqs_amqp_text(name),
	    mqs_amqp_text("fanout"), 0, 1, 1, 0, amqp_empty_table);
	if ((rc = mqs_amqp_answer(link, name, err)) != MQS_OK)
		return rc;
	return mqs_amqp_queue_bind(link, name, name, "", amqp_empty_table, err);
}
