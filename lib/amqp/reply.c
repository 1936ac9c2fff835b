/* reply.c - see call.h: the handler's side */
#include <sys/mman.h>
#include <sys/stat.h>

#include <stdio.h>
#include <stdlib.h>
#include <string.h>

#include "amqp/answer.h"
#include "amqp/call.h"
#include "amqp/content_type.h"
#include "amqp/publish_confirmed.h"
#include "amqp/publisher_limit.h"
#include "amqp/reply_error.h"
#include "amqp/table.h"
#include "amqp/topology.h"
#include "base/error.h"
#include "base/hash.h"
#include "message/headers.h"

#define ADDRESS_MAX	255	/* a short text of AMQP */

/* 1 if it is an address that the broker has made; it may have slashes. */
static int
is_direct(const char *to)
{
	static const char prefix[] = MQS_AMQP_DIRECT_REPLY ".";

	return strncmp(to, prefix, sizeof(prefix) - 1) == 0;
}

/* 1 if nothing is to be sent there: a stream of messages is nobody's mailbox. */
static int
is_nobodys(const char *to)
{
	static const char stream[] = ".log";
	const size_t n = to == NULL ? 0 : strlen(to), tail = sizeof(stream) - 1;

	if (n == 0 || n > ADDRESS_MAX)
		return 1;
	if (is_direct(to))
		return 0;
	return (n > tail && strcmp(to + n - tail, stream) == 0) || strncmp(to, "mq.", 3) == 0 ||
	    strchr(to, '/') != NULL || strcmp(to, MQS_AMQP_DIRECT_REPLY) == 0;
}

struct look {
	struct mqs_spool	*spool;
	const char		*to;
};

static uint64_t
hash_of(const char *to)
{
	return XXH3_64bits(to, strlen(to));
}

/*
 * 1 if the broker twice ended a connection of ours when it was asked about that address.  Once it may
 * have been for something else.
 */
static int
known_as_nobodys(const struct mqs_spool *spool, const char *to)
{
	const size_t n = spool->nnobodys < MQS_AMQP_NOBODYS ? spool->nnobodys : MQS_AMQP_NOBODYS;
	const uint64_t hash = hash_of(to);
	size_t i, times = 0;

	for (i = 0; i < n; i++)
		times += spool->nobodys[i] == hash;
	return times > 1;
}

/*
 * RabbitMQ 3.10 ends the connection (541) of who asks about an address that a node made which does not
 * run now: it fails to read the address, and so its channel dies (case_clause in
 * rabbit_channel:declare_fast_reply_to).  The message would come again and do the same, as long as the
 * node is away.  So such an address is kept as nobody's; the caller's connection was to that node, and
 * is gone.  A part of a job, which begins anew after such an end.
 */
static int
look_job(void *arg, const struct mqs_amqp_link *link, struct mqs_error *err)
{
	const struct look *look = arg;
	/* A caller's queue on a node that is away does not end our connection. */
	const struct mqs_amqp_link looking = mqs_amqp_looking(link);
	struct mqs_spool *spool = look->spool;
	int rc;

	if (known_as_nobodys(spool, look->to))
		return mqs_fail(err, MQS_ENOENT, "%s: nobody", look->to);
	rc = mqs_amqp_queue_exists(&looking, look->to, NULL, NULL, err);
	if (rc == MQS_AMQP_LOST && is_direct(look->to) &&
	    mqs_amqp_reply_number(amqp_get_rpc_reply(link->state)) == AMQP_INTERNAL_ERROR)
		spool->nobodys[spool->nnobodys++ % MQS_AMQP_NOBODYS] = hash_of(look->to);
	return rc;
}

/* Whether somebody has that address.  MQS_ENOENT: nobody. */
static int
look_for(struct mqs_spool *spool, struct mqs_amqp_connection *connection, const char *to,
    struct mqs_error *err)
{
	struct look look = { .spool = spool, .to = to };

	return mqs_amqp_run(connection, look_job, &look, -1, err);
}

/*
 * The address that is told is LENGTH:TOCORRELATION-ID, so that the reply has what the request
 * had.  A queue of another connection alone (405), one that is out of sight, one that may not be looked
 * at (403), and one about which nothing is known in time may be waiting.
 */
int
mqs_amqp_reply_wanted(struct mqs_spool *spool, const struct mqs_message *m, const char **address,
    struct mqs_error *err)
{
	const char *to = mqs_headers_get(m->headers, m->headers_len, MQS_REPLY_TO);
	const char *correlation = mqs_headers_get(m->headers, m->headers_len, "mq-correlation-id");
	struct mqs_amqp_connection *connection;
	int rc;

	if (is_nobodys(to))
		return MQS_NOTHING;
	if ((rc = mqs_amqp_spool_connection(&connection, spool, err)) != MQS_OK)
		return rc;
	rc = look_for(spool, connection, to, err);
	if (rc == MQS_ENOENT)
		return MQS_NOTHING;
	if (rc != MQS_OK && rc != MQS_EBUSY && rc != MQS_EPERM && rc != MQS_EINTR)
		return rc;
	(void)snprintf(spool->reply_to, sizeof(spool->reply_to), "%zu:%s%s", strlen(to), to,
	    correlation == NULL || strlen(correlation) > ADDRESS_MAX ? "" : correlation);
	*address = spool->reply_to;
	return MQS_OK;
}

/* Takes an address apart: 1, or 0 if it is none. */
static int
split(const char *address, char to[ADDRESS_MAX + 1], const char **correlation)
{
	char *end;
	unsigned long n = strtoul(address, &end, 10);

	if (*end != ':' || n == 0 || n > ADDRESS_MAX || strlen(end + 1) < n)
		return 0;
	memcpy(to, end + 1, n);
	to[n] = '\0';
	*correlation = end + 1 + n;
	return !is_nobodys(to);
}

static int
send_reply(struct mqs_spool *spool, struct mqs_amqp_connection *connection, const char *address,
    const char *reason, const struct mqs_message *body, struct mqs_error *err)
{
	amqp_table_entry_t header;
	amqp_basic_properties_t properties = { ._flags = AMQP_BASIC_DELIVERY_MODE_FLAG |
	    AMQP_BASIC_CONTENT_TYPE_FLAG, .delivery_mode = AMQP_DELIVERY_PERSISTENT,
	    .content_type = mqs_amqp_text(mqs_amqp_content_type(body)) };
	char to[ADDRESS_MAX + 1];
	const char *correlation;

	if (!split(address, to, &correlation))
		return MQS_NOTHING;
	/* The broker does not say whether somebody took it. */
	if (is_direct(to) && look_for(spool, connection, to, NULL) == MQS_ENOENT)
		return MQS_NOTHING;
	if (*correlation != '\0') {
		properties._flags |= AMQP_BASIC_CORRELATION_ID_FLAG;
		properties.correlation_id = mqs_amqp_text(correlation);
	}
	if (reason != NULL) {
		properties._flags |= AMQP_BASIC_HEADERS_FLAG;
		header = mqs_amqp_entry(MQS_AMQP_REPLY_REASON, reason);
		properties.headers = mqs_amqp_table(&header, 1);
	}
	return mqs_amqp_publish_reply(connection, to, !is_direct(to), &properties,
	    mqs_amqp_bytes(body->body, (size_t)body->body_len), err);
}

int
mqs_amqp_reply(struct mqs_spool *spool, const char *address, const char *reason, int fd,
    struct mqs_error *err)
{
	struct mqs_message m = MQS_MESSAGE_INIT;
	struct mqs_amqp_connection *connection;
	char version[32];
	struct stat st;
	void *map = NULL;
	uint64_t most;
	int rc;

	if ((rc = mqs_amqp_spool_connection(&connection, spool, err)) != MQS_OK)
		return rc;
	if (fstat(fd, &st) == -1)
		return mqs_fail_errno(err, "reply");
	m.body_len = (uint64_t)st.st_size;
	mqs_amqp_server_version(connection, version, sizeof(version));
	most = mqs_amqp_limit_of_version(version);
	if (m.body_len > most)
		return mqs_amqp_too_large("reply", most, err);
	if (m.body_len > 0 && (map = mmap(NULL, (size_t)m.body_len, PROT_READ, MAP_PRIVATE, fd,
	    0)) == MAP_FAILED)
		return mqs_fail_errno(err, "reply");
	m.body = map == NULL ? "" : map;
	rc = send_reply(spool, connection, address, reason, &m, err);
	if (map != NULL)
		(void)munmap(map, (size_t)m.body_len);
	return rc;
}
