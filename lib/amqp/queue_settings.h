/*
 * queue_settings.h - the settings of a queue on the cluster
 *
 *	retain, retain-bytes	arguments of the stream QUEUE.log.  The broker can't change those of a
 *				stream that is there, except by a policy, which needs an administrator;
 *				so they can be set while there is no stream: retain=0 removes it, and
 *				what is set then makes a new one
 *	max-messages, max-bytes	arguments of groups that are made from now on, with
 *				overflow=drop-oldest, the only one that the broker keeps
 *	dead-letter, description	are in the record only
 *
 * ORDER  Before the stream is removed, delayed messages of the queue get a place to go where no
 * group takes them (delay_topology.h).  The stream is made or removed, then the record is
 * written; a kill in between leaves the stream as it is to be, and the old record: setting it
 * again mends that.
 */
#ifndef MQS_AMQP_QUEUE_SETTINGS_H
#define MQS_AMQP_QUEUE_SETTINGS_H

#include "amqp/connection.h"
#include "engine/setting.h"

/* Whether the engine can do what the settings say: MQS_OK or MQS_ENOTSUP. */
int	mqs_amqp_queue_settings_check(const struct mqs_log_settings *, struct mqs_error *err);
/* Makes or removes the stream, if retention has changed; a part of a job. */
int	mqs_amqp_queue_retain(const struct mqs_amqp_link *, const char *queue,
	    const struct mqs_log_settings *was, const struct mqs_log_settings *now,
	    struct mqs_error *err);

#endif
