/* topology.c - see topology.h: the requests, and what a queue is made of */
#include <stdio.h>
#include <string.h>

#include "amqp/answer.h"
#include "amqp/reply_error.h"
#include "amqp/table.h"
#include "amqp/topology.h"
#include "base/clock.h"
#include "base/error.h"

/* Segments of a stream; retention removes whole ones. */
#define SEGMENT_BYTES	(INT64_C(16) << 20)
/* An answer that took so long may be that of a leader that gave none. */
#define SLOW		(200 * MQS_MSEC)
#define COUNT_PATIENCE	(2 * MQS_SECOND)

char *
mqs_amqp_headers_exchange(char buf[MQS_AMQP_NAME_SIZE], const char *queue)
{
	(void)snprintf(buf, MQS_AMQP_NAME_SIZE, "%s.headers", queue);
	return buf;
}

char *
mqs_amqp_stream(char buf[MQS_AMQP_NAME_SIZE], const char *queue)
{
	(void)snprintf(buf, MQS_AMQP_NAME_SIZE, "%s.log", queue);
	return buf;
}

char *
mqs_amqp_group_queue(char buf[MQS_AMQP_NAME_SIZE], const char *queue, const char *group)
{
	(void)snprintf(buf, MQS_AMQP_NAME_SIZE, "%s/%s", queue, group);
	return buf;
}

/* --------------------------------------------------------- requests -- */

int
mqs_amqp_exchange_exists(const struct mqs_amqp_link *link, const char *exchange,
    struct mqs_error *err)
{
	(void)amqp_exchange_declare(link->state, link->number, mqs_amqp_text(exchange),
	    amqp_empty_bytes, 1, 1, 0, 0, amqp_empty_table);
	return mqs_amqp_answer(link, exchange, err);
}

int
mqs_amqp_exchange_declare(const struct mqs_amqp_link *link, const char *exchange,
    const char *type, struct mqs_error *err)
{
	(void)amqp_exchange_declare(link->state, link->number, mqs_amqp_text(exchange),
	    mqs_amqp_text(type), 0, 1, 0, 0, amqp_empty_table);
	return mqs_amqp_answer(link, exchange, err);
}

int
mqs_amqp_exchange_bind(const struct mqs_amqp_link *link, const char *to, const char *from,
    const char *key, amqp_table_t arguments, struct mqs_error *err)
{
	(void)amqp_exchange_bind(link->state, link->number, mqs_amqp_text(to),
	    mqs_amqp_text(from), mqs_amqp_text(key), arguments);
	return mqs_amqp_answer(link, to, err);
}

int
mqs_amqp_queue_exists(const struct mqs_amqp_link *link, const char *queue, uint32_t *messages,
    uint32_t *consumers, struct mqs_error *err)
{
	const amqp_queue_declare_ok_t *ok = amqp_queue_declare(link->state, link->number,
	    mqs_amqp_text(queue), 1, 1, 0, 0, amqp_empty_table);

	if (ok != NULL && messages != NULL)
		*messages = ok->message_count;
	if (ok != NULL && consumers != NULL)
		*consumers = ok->consumer_count;
	return mqs_amqp_answer(link, queue, err);
}

int
mqs_amqp_queue_count(const struct mqs_amqp_link *link, const char *queue, uint32_t *messages,
    uint32_t *consumers, struct mqs_error *err)
{
	const int64_t end = mqs_boottime() + COUNT_PATIENCE;
	int64_t began;
	int rc;

	do {
		began = mqs_boottime();
		if ((rc = mqs_amqp_queue_exists(link, queue, messages, consumers, err)) != MQS_OK)
			return rc;
		if (*messages > 0 || *consumers > 0 || mqs_boottime() - began < SLOW)
			return MQS_OK;
	} while (mqs_boottime() < end);
	return mqs_fail(err, MQS_EBUSY, "%s: RabbitMQ does not tell how many messages it has", queue);
}

int
mqs_amqp_queue_declare(const struct mqs_amqp_link *link, const char *queue,
    amqp_table_t arguments, struct mqs_error *err)
{
	(void)amqp_queue_declare(link->state, link->number, mqs_amqp_text(queue), 0, 1, 0, 0,
	    arguments);
	return mqs_amqp_answer(link, queue, err);
}

int
mqs_amqp_queue_bind(const struct mqs_amqp_link *link, const char *queue, const char *exchange,
    const char *key, amqp_table_t arguments, struct mqs_error *err)
{
	(void)amqp_queue_bind(link->state, link->number, mqs_amqp_text(queue),
	    mqs_amqp_text(exchange), mqs_amqp_text(key), arguments);
	return mqs_amqp_answer(link, queue, err);
}

/* ------------------------------------------------------------ queues -- */

static int
declare_stream(const struct mqs_amqp_link *link, const char *stream,
    const struct mqs_amqp_queue_settings *s, struct mqs_error *err)
{
	amqp_table_entry_t entries[4];
	char age[32];
	size_t n = 0;

	entries[n++] = mqs_amqp_entry("x-queue-type", "stream");
	entries[n++] = mqs_amqp_entry_number("x-stream-max-segment-size-bytes", SEGMENT_BYTES);
	if (s->retain > 0) {
		(void)snprintf(age, sizeof(age), "%llds",
		    (long long)((s->retain + MQS_SECOND - 1) / MQS_SECOND));
		entries[n++] = mqs_amqp_entry("x-max-age", age);
	}
	if (s->retain_bytes > 0)
		entries[n++] = mqs_amqp_entry_number("x-max-length-bytes",
		    (int64_t)s->retain_bytes);
	return mqs_amqp_queue_declare(link, stream, mqs_amqp_table(entries, n), err);
}

/*
 * A declaration that names the type alone tells: the broker compares the type before what else a
 * stream of ours may have, but for its size in bytes.
 */
int
mqs_amqp_stream_exists(const struct mqs_amqp_link *link, const char *stream, uint32_t *messages,
    struct mqs_error *err)
{
	amqp_table_entry_t type = mqs_amqp_entry("x-queue-type", "stream");
	struct mqs_error why = { 0 };
	int rc = mqs_amqp_queue_exists(link, stream, messages, NULL, err);

	if (rc != MQS_OK)
		return rc;
	rc = mqs_amqp_queue_declare(link, stream, mqs_amqp_table(&type, 1), &why);
	if (rc == MQS_EPERM || (rc == MQS_ECONFIG && strstr(why.text, "'x-max-") != NULL) ||
	    (rc == MQS_ECONFIG && strstr(why.text, "'x-stream-") != NULL))
		return MQS_OK;
	if (rc != MQS_OK && err != NULL)
		*err = why;
	return rc;
}

int
mqs_amqp_stream_make(const struct mqs_amqp_link *link, const char *queue,
    const struct mqs_amqp_queue_settings *settings, struct mqs_error *err)
{
	char stream[MQS_AMQP_NAME_SIZE];
	int rc = declare_stream(link, mqs_amqp_stream(stream, queue), settings, err);

	return rc != MQS_OK ? rc : mqs_amqp_queue_bind(link, stream, queue, "#",
	    amqp_empty_table, err);
}

/* Stream and headers exchange come before the exchange by which the queue is known. */
static int
make_queue(const struct mqs_amqp_link *link, const char *queue,
    const struct mqs_amqp_queue_settings *settings, struct mqs_error *err)
{
	char name[MQS_AMQP_NAME_SIZE];
	int rc;

	if (settings->retain != 0) {
		rc = mqs_amqp_stream_exists(link, mqs_amqp_stream(name, queue), NULL, err);
		if (rc == MQS_ENOENT)
			rc = declare_stream(link, name, settings, err);
		if (rc != MQS_OK)
			return rc;
	}
	rc = mqs_amqp_exchange_declare(link, mqs_amqp_headers_exchange(name, queue), "headers", err);
	return rc != MQS_OK ? rc : mqs_amqp_exchange_declare(link, queue, "topic", err);
}

/* Binds what there is, which changes nothing if it is bound.  Who may not is told so by others. */
static int
bind_parts(const struct mqs_amqp_link *link, const char *queue, int *stream,
    struct mqs_error *err)
{
	char name[MQS_AMQP_NAME_SIZE];
	int rc;

	*stream = 0;
	rc = mqs_amqp_queue_exists(link, mqs_amqp_stream(name, queue), NULL, NULL, err);
	if (rc == MQS_OK) {
		*stream = 1;
		rc = mqs_amqp_queue_bind(link, name, queue, "#", amqp_empty_table, err);
	}
	if (rc != MQS_OK && rc != MQS_ENOENT && rc != MQS_EPERM)
		return rc;
	rc = mqs_amqp_exchange_exists(link, mqs_amqp_headers_exchange(name, queue), err);
	if (rc == MQS_OK)
		rc = mqs_amqp_exchange_bind(link, name, queue, "#", amqp_empty_table, err);
	return rc == MQS_ENOENT || rc == MQS_EPERM ? MQS_OK : rc;
}

int
mqs_amqp_queue_name(const char *queue, struct mqs_error *err)
{
	if (strncmp(queue, "mq.", 3) != 0 && strncmp(queue, "amq.", 4) != 0)
		return MQS_OK;
	return mqs_fail(err, MQS_EINVAL, "%s: names that begin with mq. are this engine's own, and with "
	    "amq. RabbitMQ's", queue);
}

int
mqs_amqp_queue_open(const struct mqs_amqp_link *link, const char *queue, int create,
    const struct mqs_amqp_queue_settings *settings, int *stream, int *made,
    struct mqs_error *err)
{
	int rc, has;

	if ((rc = mqs_amqp_queue_name(queue, err)) != MQS_OK)
		return rc;
	rc = mqs_amqp_exchange_exists(link, queue, err);
	if (rc == MQS_ENOENT && create && made != NULL)
		*made = 1;

	if (rc == MQS_ENOENT && create)
		rc = make_queue(link, queue, settings, err);
	else if (rc == MQS_ENOENT)
		return mqs_fail(err, MQS_ENOENT, "%s: no such queue", queue);
	else if (rc == MQS_OK && (rc = mqs_amqp_exchange_declare(link, queue, "topic", err)) ==
	    MQS_EPERM)
		rc = MQS_OK;	/* who may not configure can use what exists */
	if (rc != MQS_OK)
		return rc;
	rc = bind_parts(link, queue, &has, err);
	if (rc == MQS_OK && stream != NULL)
		*stream = has;
	return rc;
}
