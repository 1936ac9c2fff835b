/*
 * management.h - the broker's management API: numbers that AMQP does not tell
 *
 * Requests are GETs by HTTP, with the user and password of the spool, and answers are JSON.  They
 * are sent by the caller's own thread, to the servers in turn, beginning with the one that
 * answered last:
 *
 *	management of amqp.conf		servers
 *	(nothing)			each host of the address: http, port 15672; with amqps
 *					https, port 15671
 *	15999				each host of the address, that port
 *	https://a:15671,https://b	those; not the address's
 *	no				none: MQS_ENOTSUP
 *
 * TIME  A server has MQS_AMQP_MANAGEMENT_TIME to answer, and connect-timeout of it, if that is less, to
 * take the connection.  A server that can't be reached, or fails (500: its database is not whole
 * for minutes after all nodes were killed), is followed by the next one.  When all have failed, the
 * error stands for MQS_AMQP_MANAGEMENT_REST without asking again: who looks again and again does not
 * wait each time.
 *
 * REFUSALS  401, 403 and 404 are the answer of the whole cluster: the next server is not asked.
 *
 * The environment's proxies are not used, and redirections are not followed: the password goes to
 * the servers that were named.
 */
#ifndef MQS_AMQP_MANAGEMENT_H
#define MQS_AMQP_MANAGEMENT_H

#include <jansson.h>

#include "amqp/configuration.h"

#define MQS_AMQP_MANAGEMENT_TIME	(5 * MQS_SECOND)
#define MQS_AMQP_MANAGEMENT_REST	(30 * MQS_SECOND)
#define MQS_AMQP_MANAGEMENT_ANSWER	(64u << 20)	/* bytes; a longer answer is a failure */

struct mqs_amqp_management;

/* Does not connect.  The structures must outlive it; options is for interrupted. */
int	mqs_amqp_management_new(struct mqs_amqp_management **out, const struct mqs_amqp_address *,
	    const struct mqs_amqp_configuration *, const struct mqs_options *,
	    struct mqs_error *err);
/*
 * Asks for a collection of the vhost, such as "queues": of each member those columns, names
 * divided by commas.  *out is a JSON array, for json_decref.  MQS_EPERM: the user may not;
 * MQS_EBUSY: no server answers; MQS_ENOTSUP: not wanted; MQS_EINTR; MQS_ESYSTEM.
 */
int	mqs_amqp_management_list(struct mqs_amqp_management *, const char *collection,
	    const char *columns, json_t **out, struct mqs_error *err);
void	mqs_amqp_management_free(struct mqs_amqp_management *);

#endif
