/*
 * run.c - handlers of a consumer
 *
 * The broker knows of no handlers: when their consumer dies, it gives what they work on to others
 * at once, and that attempt is not counted.  So there is nothing to keep here.
 */
#include <stdlib.h>

#include "amqp/run.h"
#include "base/error.h"

struct mqs_run {
	struct mqs_handle	 handle;	/* the seam's; first */
};

int
mqs_amqp_run_new(struct mqs_run **out, struct mqs_consumer *c, const struct mqs_message *m,
    int *fd, struct mqs_error *err)
{
	(void)c;
	(void)m;
	if ((*out = calloc(1, sizeof(**out))) == NULL)
		return mqs_fail_errno(err, "run");
	*fd = -1;
	return MQS_OK;
}

int
mqs_amqp_run_add(struct mqs_run *run, const struct mqs_message *m, struct mqs_error *err)
{
	(void)run;
	(void)m;
	(void)err;
	return MQS_OK;
}

int
mqs_amqp_run_started(struct mqs_run *run, int64_t pid, struct mqs_error *err)
{
	(void)run;
	(void)pid;
	(void)err;
	return MQS_OK;
}

void
mqs_amqp_run_free(struct mqs_run *run)
{
	free(run);
}
