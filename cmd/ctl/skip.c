/* ctl/skip.c - mq-ctl skip */
#include "common/arguments.h"
#include "common/diagnostics.h"
#include "common/exit_status.h"
#include "common/open_spool.h"
#include "common/suggest_name.h"
#include "common/tool.h"
#include "ctl/subcommand.h"
#include "ctl/subcommands.h"
#include "mqspool.h"

static int
run_skip(int argc, char **argv)
{
	char queue[MQS_NAME_MAX + 1], group[MQS_NAME_MAX + 1];
	struct mqs_spool *spool;
	struct mqs_error err;
	int rc;

	ctl_start(&ctl_skip, argc, argv);
	argv += tool_operand();
	argc -= tool_operand();
	if (argc == 0)
		tool_lacks("no group was named");
	arg_queue(argv[0], queue, group);
	if (group[0] == '\0')
		usage_error("'%s': names a queue, not a group", argv[0]);
	if (argc == 1)
		tool_lacks("no message was named");
	spool = open_spool(0);
	rc = mqs_skip(spool, queue, group, (const char *const *)argv + 1, (size_t)argc - 1,
	    &err);
	if (rc == MQS_EINVAL)
		usage_error("%s", err.text);
	if (rc < 0) {
		suggest_name(spool, queue, group, &err);
		fail_error(&err);
	}
	mqs_spool_free(spool);
	return STATUS_OK;
}

static const struct tool_option no_options[] = { { 0 } };

const struct ctl_command ctl_skip = {
	.name = "skip",
	.tool = {
		.name = "mq-ctl skip",
		.synopsis = "[options] QUEUE/GROUP ID...",
		.purpose = "Settles messages of a group without delivering them, all or none.",
		.options = no_options
	},
	.run = run_skip
};
