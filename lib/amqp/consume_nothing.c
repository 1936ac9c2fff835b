/* consume_nothing.c - see consume_nothing.h */
#include "amqp/answer.h"
#include "amqp/consume_nothing.h"
#include "amqp/table.h"

struct arguments {
	amqp_table_entry_t	 credit[2], argument;
};

/* The credit of 0; the table points into *a. */
static amqp_table_t
no_credit(struct arguments *a)
{
	a->credit[0] = mqs_amqp_entry_number("credit", 0);
	a->credit[1] = (amqp_table_entry_t){ .key = mqs_amqp_text("drain"),
	    .value = { .kind = AMQP_FIELD_KIND_BOOLEAN } };
	a->argument = (amqp_table_entry_t){ .key = mqs_amqp_text("x-credit"),
	    .value = { .kind = AMQP_FIELD_KIND_TABLE,
	    .value.table = mqs_amqp_table(a->credit, 2) } };
	return mqs_amqp_table(&a->argument, 1);
}

int
mqs_amqp_send_consume_nothing(const struct mqs_amqp_link *link, const char *queue, const char *tag)
{
	struct arguments a;
	amqp_basic_qos_t qos = { .prefetch_count = 1 };
	amqp_basic_consume_t consume = { .queue = mqs_amqp_text(queue),
	    .consumer_tag = mqs_amqp_text(tag), .arguments = no_credit(&a) };
	int status = amqp_send_method(link->state, link->number, AMQP_BASIC_QOS_METHOD, &qos);

	return status != AMQP_STATUS_OK ? status :
	    mqs_amqp_ask(link, AMQP_BASIC_CONSUME_METHOD, &consume);
}

int
mqs_amqp_consume_nothing(const struct mqs_amqp_link *link, const char *queue, const char *tag,
    struct mqs_error *err)
{
	struct arguments a;

	(void)amqp_basic_qos(link->state, link->number, 0, 1, 0);
	(void)amqp_basic_consume(link->state, link->number, mqs_amqp_text(queue),
	    mqs_amqp_text(tag), 0, 0, 0, no_credit(&a));
	return mqs_amqp_answer(link, queue, err);
}
