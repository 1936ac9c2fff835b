/*
 * filter.h - a filter: a publisher into "out" whose messages are outputs of deliveries
 *
 *	start();
 *	open_publisher();
 *	c = take("q", &m);
 *	filter(c, &m);
 *	ok(mqs_publisher_flush(publisher, &err));
 *	finish_all(c);
 */
#ifndef MQ_TESTS_FILTER_H
#define MQ_TESTS_FILTER_H

#include "engine.h"

static struct mqs_publisher *publisher;

static inline void
open_publisher(void)
{
	ok(mqs_publisher_open(&publisher, spool, "out", NULL, &err));
	check(mqs_publisher_atomic(publisher, 1, NULL) == MQS_OK);
}

/* Begins over, as after a kill: nothing is released. */
static inline void
reopen(void)
{
	mqs_publisher_free(publisher);
	mqs_spool_free(spool);
	spool = open_spool();
	open_publisher();
}

static inline void
send(const char *body)
{
	struct mqs_message m = MQS_MESSAGE_INIT;

	m.body = body;
	m.body_len = strlen(body);
	ok(mqs_publisher_send(publisher, &m, 0, &err));
}

/* Makes two outputs of a delivery. */
static inline void
filter(struct mqs_consumer *c, const struct mqs_message *m)
{
	ok(mqs_publisher_input(publisher, c, m, &err));
	send("a");
	send("b");
}

static inline uint64_t
markers(void)
{
	struct mqs_log *log;
	struct mqs_tx *tx;
	uint64_t n = 0;

	ok(mqs_spool_log(spool, "out", 0, &log, &err));
	ok(mqs_tx_read(log->db, &tx, &err));
	ok(mqs_tx_count(tx, MQS_LOG_MARKERS, &n, &err));
	mqs_tx_abort(tx);
	return n;
}

static inline void
finish_all(struct mqs_consumer *c)
{
	mqs_consumer_free(c);
	mqs_publisher_free(publisher);
	finish();
}

#endif
