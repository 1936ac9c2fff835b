/* consume_nothing.c - see consume_nothing.h */
#include "amqp/answer.h"
#include "amqp/consume_nothing.h"
#include "amqp/table.h"

int
mqs_amqp_consume_nothing(const struct mqs_amqp_link *link, const char *queue, const char *tag,
    struct mqs_error *err)
{
	amqp_table_entry_t credit[] = { mqs_amqp_entry_number("credit", 0),
	    { .key = mqs_amqp_text("drain"), .value = { .kind = AMQP_FIELD_KIND_BOOLEAN } } };
	amqp_table_entry_t argument = { .key = mqs_amqp_text("x-credit"),
	    .value = { .kind = AMQP_FIELD_KIND_TABLE, .value.table = mqs_amqp_table(credit, 2) } };

	(void)amqp_basic_qos(link->state, link->number, 0, 1, 0);
	(void)amqp_basic_consume(link->state, link->number, mqs_amqp_text(queue),
	    mqs_amqp_text(tag), 0, 0, 0, mqs_amqp_table(&argument, 1));
	return mqs_amqp_answer(link, queue, err);
}
