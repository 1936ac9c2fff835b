/* run.h - handlers of a consumer */
#ifndef MQS_AMQP_RUN_H
#define MQS_AMQP_RUN_H

#include "engine/engine.h"

int	mqs_amqp_run_new(struct mqs_run **out, struct mqs_consumer *, const struct mqs_message *,
	    int *fd, struct mqs_error *err);
int	mqs_amqp_run_add(struct mqs_run *, const struct mqs_message *, struct mqs_error *err);
int	mqs_amqp_run_started(struct mqs_run *, int64_t pid, struct mqs_error *err);
void	mqs_amqp_run_free(struct mqs_run *);

#endif
