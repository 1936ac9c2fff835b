/*
 * topology.h - what a queue is on the cluster: names, arguments, declarations
 *
 * A queue QUEUE is
 *
 *	QUEUE		a durable topic exchange, to which everything is published
 *	QUEUE.headers	a durable headers exchange, bound to it by "#": for bindings by headers
 *	QUEUE.log	a stream, bound to it by "#": what replay reads, and new groups are filled
 *			from.  Not if retain is 0.
 *
 * and a group QUEUE/GROUP is a quorum queue of that name (group_create.h), bound to the exchange.
 *
 * ORDER  The stream and QUEUE.headers are declared first, then QUEUE, then they are bound to it.
 * What a kill leaves:
 *	before QUEUE was declared	no queue; the next creation finds the two, and goes on
 *	before a binding		a queue whose log misses what is published; so whoever
 *					opens a queue for publishing binds again what there is
 *					of the two, which changes nothing if it is bound
 *
 * OTHERS' EXCHANGES AND QUEUES  What exists with other arguments is left as it is: MQS_ECONFIG,
 * with the broker's text, which has both values.  Type and durability of QUEUE are held against
 * ours; the arguments of a stream that exists are not, since retention is changed by a policy.
 * A user without permission to configure can use what exists.
 *
 * The functions here call the library: they are jobs (connection.h), or parts of jobs.
 */
#ifndef MQS_AMQP_TOPOLOGY_H
#define MQS_AMQP_TOPOLOGY_H

#include "amqp/connection.h"

#define MQS_AMQP_NAME_SIZE	256	/* room for the longest name on the cluster, with NUL */

/* The names. */
char	*mqs_amqp_headers_exchange(char buf[MQS_AMQP_NAME_SIZE], const char *queue);
char	*mqs_amqp_stream(char buf[MQS_AMQP_NAME_SIZE], const char *queue);
char	*mqs_amqp_group_queue(char buf[MQS_AMQP_NAME_SIZE], const char *queue, const char *group);

/* What a new queue is made with. */
struct mqs_amqp_queue_settings {
	int64_t		retain;		/* ns; 0: no stream; -1: for ever */
	uint64_t	retain_bytes;	/* 0: no limit */
};

/* 7 days. */
#define MQS_AMQP_QUEUE_SETTINGS_INIT { .retain = INT64_C(604800000000000) }

/* MQS_EINVAL: no queue may have that name, since the engine or RabbitMQ has. */
int	mqs_amqp_queue_name(const char *queue, struct mqs_error *err);

/*
 * Opens a queue for publishing: makes it if `create' is set and it does not exist.
 * MQS_ENOENT: it does not exist.  MQS_ECONFIG: an exchange of that name is another kind.  MQS_EINVAL: see
 * mqs_amqp_queue_name.  *stream
 * (unless NULL) becomes 1 if it has a stream, *made (unless NULL) if it was made here.
 */
int	mqs_amqp_queue_open(const struct mqs_amqp_link *, const char *queue, int create,
	    const struct mqs_amqp_queue_settings *, int *stream, int *made, struct mqs_error *err);

/*
 * Whether a stream is there: MQS_OK, with how many messages it has (unless NULL); MQS_ENOENT; or
 * MQS_ECONFIG if that name is somebody else's queue, which is not a stream.  (A user who may not
 * configure it can't tell.)
 */
int	mqs_amqp_stream_exists(const struct mqs_amqp_link *, const char *stream, uint32_t *messages,
	    struct mqs_error *err);
/* Makes the stream of a queue that has none, and binds it. */
int	mqs_amqp_stream_make(const struct mqs_amqp_link *, const char *queue,
	    const struct mqs_amqp_queue_settings *, struct mqs_error *err);

/*
 * Building blocks.  Each is one request, and returns as mqs_amqp_fail_reply does.  After an
 * error of the broker's the channel is closed, and has been opened anew for the next request.
 */
int	mqs_amqp_exchange_exists(const struct mqs_amqp_link *, const char *exchange,
	    struct mqs_error *err);	/* 0 or MQS_ENOENT */
int	mqs_amqp_exchange_declare(const struct mqs_amqp_link *, const char *exchange,
	    const char *type, struct mqs_error *err);
int	mqs_amqp_exchange_bind(const struct mqs_amqp_link *, const char *to, const char *from,
	    const char *key, amqp_table_t arguments, struct mqs_error *err);
int	mqs_amqp_queue_exists(const struct mqs_amqp_link *, const char *queue, uint32_t *messages,
	    uint32_t *consumers, struct mqs_error *err);	/* 0 or MQS_ENOENT */
/*
 * The same, with counts to rely on.  Where the leader of a quorum queue does not answer within 250 ms,
 * RabbitMQ says 0 messages and 0 consumers, and nothing of that (rabbit_quorum_queue:stat); so when
 * that came late, it is asked again, for two seconds.  MQS_EBUSY: then it was still so.
 */
int	mqs_amqp_queue_count(const struct mqs_amqp_link *, const char *queue, uint32_t *messages,
	    uint32_t *consumers, struct mqs_error *err);
int	mqs_amqp_queue_declare(const struct mqs_amqp_link *, const char *queue, amqp_table_t arguments,
	    struct mqs_error *err);
int	mqs_amqp_queue_bind(const struct mqs_amqp_link *, const char *queue, const char *exchange,
	    const char *key, amqp_table_t arguments, struct mqs_error *err);

#endif
