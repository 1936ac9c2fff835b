/* group_agree.h - whether a group that is there has the bindings and settings that are asked for */
#ifndef MQS_AMQP_GROUP_AGREE_H
#define MQS_AMQP_GROUP_AGREE_H

#include "amqp/settings_record.h"

/* MQS_OK, or MQS_ECONFIG with the command that would change the group of that spool. */
int	mqs_amqp_group_agrees(const struct mqs_amqp_record *, const char *spool,
	    const struct mqs_consumer_options *, struct mqs_error *err);

#endif
