/*
 * properties_copy.h - copies of a message that was delivered: a retry, a dead letter, a redrive
 *
 * Copies are made from the properties that were received, not from the message that was made
 * of them.  So what another client sent stays as it was: types of values, correlation-id, type,
 * app-id and so on.  What changes on a copy:
 *
 *	the broker's headers	go: its x-death would make it see a cycle
 *	user-id			goes: the broker refuses that of another user
 *	CC			becomes mq-h-CC: the message was routed by it already
 *	expiration		becomes mq-expires; of another client's message, which does not have
 *				that, counted from now, since nobody knows when it was sent
 *	mq-dead-...		becomes mq-h-mq-dead-... in a dead letter: the last death counts
 *	the engine's others	are made anew
 *
 * Where there is no room for all headers, a copy leaves out the last ones of the message, and
 * says how many in mq-headers-dropped, because a message that is there must be delivered.
 * The same becomes of a header that is nested deeper than MQS_AMQP_VALUE_DEPTH, which would
 * take much stack to write.
 */
#ifndef MQS_AMQP_PROPERTIES_COPY_H
#define MQS_AMQP_PROPERTIES_COPY_H

#include <stdint.h>

#include "amqp/properties_table.h"
#include "mqspool.h"

/*
 * Makes the properties of a retry: to be published to `exchange', for this group alone,
 * `delay' ns from now.  attempt is that of the next delivery.  MQS_ESYSTEM: no memory.
 * MQS_ECONFIG: the broker's frames are so small that not even our headers fit.  The same
 * errors come from all functions here.
 */
struct mqs_amqp_retry {
	const char	*queue, *group;
	unsigned	 attempt;
	int64_t		 delay;
	int64_t		 now;
	uint32_t	 frame_max;
};
int	mqs_amqp_properties_retry(struct mqs_amqp_properties *, const amqp_basic_properties_t *,
	    const struct mqs_amqp_retry *, struct mqs_error *err);

/*
 * Makes the properties of a dead letter, which never expires and has neither message id nor
 * attempts: to be published to the exchange of the dead-letter queue.  `death' are the headers
 * that mqs_dead_letter_headers makes of a message without headers; their id must not be "", or
 * the letter can't be redriven: of a message without id it is "-".
 */
struct mqs_amqp_dead {
	const char	*id;		/* of the dead letter: a new one */
	const char	*death;
	size_t		 death_len;
	uint32_t	 frame_max;
};
int	mqs_amqp_properties_dead(struct mqs_amqp_properties *, const amqp_basic_properties_t *,
	    const struct mqs_amqp_dead *, struct mqs_error *err);

/*
 * Makes the properties of a dead letter that is redriven: without the headers of its death,
 * with the id that it had if it had one, for that group alone, at once.
 */
struct mqs_amqp_redrive {
	const char	*queue, *group;
	const char	*id;		/* mq-dead-id; if that is no id, the copy has the letter's */
	uint32_t	 frame_max;
};
int	mqs_amqp_properties_redrive(struct mqs_amqp_properties *, const amqp_basic_properties_t *,
	    const struct mqs_amqp_redrive *, struct mqs_error *err);

#endif
