/* delay_topology.c - see delay_topology.h */
#include "amqp/answer.h"
#include "amqp/delay.h"
#include "amqp/delay_topology.h"
#include "amqp/table.h"
#include "amqp/topology.h"

#define MARK	"mq.delay"		/* the short levels are whole */
#define LONG	"mq.delay.long"		/* all are */
#define LOST	"mq.delay.lost"
#define NONE	"mq.delay.none"

#define LOST_MESSAGES	1000
#define LOST_BYTES	(INT64_C(64) << 20)

/* A headers exchange; what it can't route goes to `alternate', unless that is NULL. */
static int
declare_exchange(const struct mqs_amqp_link *link, const char *exchange, const char *alternate,
    struct mqs_error *err)
{
	amqp_table_entry_t e;

	if (alternate == NULL)
		return mqs_amqp_exchange_declare(link, exchange, "headers", err);
	e = mqs_amqp_entry("alternate-exchange", alternate);
	(void)amqp_exchange_declare(link->state, link->number, mqs_amqp_text(exchange),
	    mqs_amqp_text("headers"), 0, 1, 0, 0, mqs_amqp_table(&e, 1));
	return mqs_amqp_answer(link, exchange, err);
}

static int
declare_lost(const struct mqs_amqp_link *link, struct mqs_error *err)
{
	amqp_table_entry_t e[] = {
		mqs_amqp_entry("x-queue-type", "quorum"),
		mqs_amqp_entry_number("x-max-length", LOST_MESSAGES),
		mqs_amqp_entry_number("x-max-length-bytes", LOST_BYTES)
	};
	int rc;

	if ((rc = mqs_amqp_queue_declare(link, LOST, mqs_amqp_table(e, 3), err)) == MQS_OK &&
	    (rc = mqs_amqp_exchange_declare(link, LOST, "fanout", err)) == MQS_OK)
		rc = mqs_amqp_queue_bind(link, LOST, LOST, "", amqp_empty_table, err);
	return rc;
}

static int
declare_none(const struct mqs_amqp_link *link, struct mqs_error *err)
{
	amqp_table_entry_t e[] = {
		mqs_amqp_entry("x-queue-type", "quorum"),
		mqs_amqp_entry_number("x-max-length", 0)
	};

	return mqs_amqp_queue_declare(link, NONE, mqs_amqp_table(e, 2), err);
}

static int
declare_level(const struct mqs_amqp_link *link, int level, struct mqs_error *err)
{
	const char *name = mqs_amqp_delay_level(level), *next = mqs_amqp_delay_level(level - 1);
	amqp_table_entry_t e[MQS_AMQP_DELAY_ARGUMENTS];
	size_t n;
	int rc;

	n = mqs_amqp_delay_queue_arguments(level, e);
	if ((rc = declare_exchange(link, name, NULL, err)) != MQS_OK ||
	    (rc = mqs_amqp_queue_declare(link, name, mqs_amqp_table(e, n), err)) != MQS_OK)
		return rc;
	n = mqs_amqp_delay_binding_arguments(level, 1, e);
	if ((rc = mqs_amqp_queue_bind(link, name, name, "", mqs_amqp_table(e, n), err)) != MQS_OK)
		return rc;
	n = mqs_amqp_delay_binding_arguments(level, 0, e);
	return mqs_amqp_exchange_bind(link, next, name, "", mqs_amqp_table(e, n), err);
}

int
mqs_amqp_delays_make(const struct mqs_amqp_link *link, int levels, struct mqs_error *err)
{
	int level, rc;

	if ((rc = declare_lost(link, err)) != MQS_OK || (rc = declare_none(link, err)) != MQS_OK ||
	    (rc = declare_exchange(link, MQS_AMQP_DELAY_OUT, LOST, err)) != MQS_OK)
		return rc;
	for (level = 0; level < levels; level++)
		if ((rc = declare_level(link, level, err)) != MQS_OK)
			return rc;
	rc = declare_exchange(link, MARK, NULL, err);
	return rc == MQS_OK && levels > MQS_AMQP_DELAY_SHORT ?
	    declare_exchange(link, LONG, NULL, err) : rc;
}

static int
make_once(const struct mqs_amqp_link *link, int levels, struct mqs_error *err)
{
	int rc = mqs_amqp_exchange_exists(link, levels > MQS_AMQP_DELAY_SHORT ? LONG : MARK, err);

	return rc == MQS_ENOENT ? mqs_amqp_delays_make(link, levels, err) : rc;
}

const char *
mqs_amqp_delays_mark(amqp_bytes_t exchange)
{
	int level;

	for (level = MQS_AMQP_DELAY_SHORT; level < MQS_AMQP_DELAY_LEVELS; level++)
		if (mqs_amqp_bytes_are(exchange, mqs_amqp_delay_level(level)))
			return LONG;
	return MARK;
}

int
mqs_amqp_delays_for_queue(const struct mqs_amqp_link *link, const char *queue, int stream,
    int levels, struct mqs_error *err)
{
	amqp_table_entry_t e[MQS_AMQP_DELAY_ARGUMENTS];
	const size_t n = mqs_amqp_delay_target_arguments(queue, e);
	int rc;

	/* First the one that must be there when the other is. */
	if ((rc = make_once(link, levels, err)) == MQS_OK && !stream)
		rc = mqs_amqp_queue_bind(link, NONE, MQS_AMQP_DELAY_OUT, "",
		    mqs_amqp_table(e, n), err);
	if (rc != MQS_OK)
		return rc;
	return mqs_amqp_exchange_bind(link, queue, MQS_AMQP_DELAY_OUT, "", mqs_amqp_table(e, n),
	    err);
}

int
mqs_amqp_delays_for_group(const struct mqs_amqp_link *link, const char *queue,
    const char *group, int levels, struct mqs_error *err)
{
	amqp_table_entry_t e[MQS_AMQP_DELAY_ARGUMENTS];
	char name[MQS_AMQP_NAME_SIZE];
	int rc;

	if ((rc = make_once(link, levels, err)) != MQS_OK)
		return rc;
	mqs_amqp_group_queue(name, queue, group);
	return mqs_amqp_queue_bind(link, name, MQS_AMQP_DELAY_OUT, "", mqs_amqp_table(e,
	    mqs_amqp_delay_target_arguments(name, e)), err);
}
