/*
 * broker_stats.h - what the management API tells of a vhost, at one moment
 *
 * The broker refreshes these numbers every 5 seconds (collect_statistics_interval; those of quorum
 * queues by quorum_tick_interval), and counts since its nodes were started, in memory.
 */
#ifndef MQS_AMQP_BROKER_STATS_H
#define MQS_AMQP_BROKER_STATS_H

#include "amqp/management.h"
#include "mqspool.h"

/* What is not known is MQS_UNKNOWN. */
struct mqs_amqp_queue_numbers {
	uint64_t	messages;
	uint64_t	unacked;	/* of these: consumers have them */
	uint64_t	bytes;		/* of the bodies */
	uint64_t	delivered, acked;	/* since the nodes started */
};

struct mqs_amqp_broker_stats {
	json_t		*queues;	/* an array of objects */
	json_t		*exchanges;
	uint64_t	 waiting;	/* messages in all levels of the delays of the vhost */
};

/* Asks for them; the errors are those of mqs_amqp_management_list. */
int	mqs_amqp_broker_stats_read(struct mqs_amqp_broker_stats *, struct mqs_amqp_management *,
	    struct mqs_error *err);
/* The same from answers, which it takes over. */
void	mqs_amqp_broker_stats_init(struct mqs_amqp_broker_stats *, json_t *queues,
	    json_t *exchanges);
void	mqs_amqp_broker_stats_free(struct mqs_amqp_broker_stats *);

/* The numbers of a queue or stream of the broker's; all unknown if it is not among them. */
void	mqs_amqp_broker_stats_queue(const struct mqs_amqp_broker_stats *, const char *name,
	    struct mqs_amqp_queue_numbers *);
/* How many messages were published to an exchange, or MQS_UNKNOWN. */
uint64_t mqs_amqp_broker_stats_published(const struct mqs_amqp_broker_stats *,
	    const char *exchange);

#endif
