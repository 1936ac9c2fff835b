/*
 * ctl/subcommand.c - what all subcommands of mq-ctl do alike
 *
 * All operands are checked before the first is acted on, so a malformed one has no
 * effect.  An operand that fails is reported, and the others are still done.
 */
#include "common/arguments.h"
#include "common/diagnostics.h"
#include "common/exit_status.h"
#include "common/open_spool.h"
#include "common/suggest_name.h"
#include "common/tool.h"
#include "ctl/subcommand.h"

void
ctl_start(const struct ctl_command *command, int argc, char **argv)
{
	const char *arg;

	tool_start(&command->tool, argc, argv);
	while (tool_option(&arg) != 0)
		continue;
}

static void
check_operands(char **operands, int n, enum ctl_operands kind)
{
	char queue[MQS_NAME_MAX + 1], group[MQS_NAME_MAX + 1];
	int i;

	if (n == 0)
		tool_lacks("no queue was named");
	for (i = 0; i < n; i++) {
		arg_queue(operands[i], queue, group);
		if (group[0] != '\0' && kind == CTL_QUEUES)
			usage_error("'%s': names a group, not a queue", operands[i]);
		if (group[0] == '\0' && kind == CTL_GROUPS)
			usage_error("'%s': names a queue, not a group", operands[i]);
	}
}

int
ctl_each(char **operands, int n, enum ctl_operands kind, unsigned spool_flags,
    ctl_fn *fn, void *arg)
{
	char queue[MQS_NAME_MAX + 1], group[MQS_NAME_MAX + 1];
	struct mqs_spool *spool;
	struct mqs_error err;
	int i, one, status = STATUS_OK;

	check_operands(operands, n, kind);
	spool = open_spool(spool_flags);
	for (i = 0; i < n; i++) {
		arg_queue(operands[i], queue, group);
		one = fn(arg, spool, queue, group[0] != '\0' ? group : NULL, &err);
		if (one < 0)
			suggest_name(spool, queue, group[0] != '\0' ? group : NULL, &err);
		mqs_spool_close_queues(spool);
		if (one >= 0)
			continue;
		report_error(&err);
		one = status_of(err.code);
		if (status == STATUS_OK)
			status = one;
	}
	mqs_spool_free(spool);
	return status;
}
