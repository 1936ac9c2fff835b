/* stat/operands.c - what mq-stat does for each operand, or once for the whole spool */
#include "common/arguments.h"
#include "common/diagnostics.h"
#include "common/exit_status.h"
#include "common/suggest_name.h"
#include "stat/operands.h"

static int ends_by_signal;

void
stat_each_until_signal(void)
{
	ends_by_signal = 1;
}

static int
look(struct mqs_spool *spool, const char *operand, stat_fn *fn, void *arg)
{
	char queue[MQS_NAME_MAX + 1] = "", group[MQS_NAME_MAX + 1] = "";
	struct mqs_error err;
	int rc;

	if (operand != NULL)
		arg_queue(operand, queue, group);
	rc = fn(arg, operand != NULL ? queue : NULL, group[0] != '\0' ? group : NULL, &err);
	if (rc < 0 && operand != NULL)
		suggest_name(spool, queue, group[0] != '\0' ? group : NULL, &err);
	mqs_spool_close_queues(spool);
	if (rc >= 0)
		return STATUS_OK;
	if (err.code == MQS_EINTR && ends_by_signal)
		return STATUS_OK;
	report_error(&err);
	return status_of(err.code);
}

int
stat_each(struct mqs_spool *spool, char **operands, int n, stat_fn *fn, void *arg)
{
	int i, one, status = STATUS_OK;

	if (n == 0)
		return look(spool, NULL, fn, arg);
	for (i = 0; i < n; i++) {
		one = look(spool, operands[i], fn, arg);
		if (status == STATUS_OK)
			status = one;
	}
	return status;
}
