/* ctl/rename.c - mq-ctl rename: another name for a queue */
#include "common/arguments.h"
#include "common/diagnostics.h"
#include "common/exit_status.h"
#include "common/open_spool.h"
#include "common/suggest_name.h"
#include "common/tool.h"
#include "ctl/subcommand.h"
#include "ctl/subcommands.h"
#include "mqspool.h"

/* The operand's queue; one that names a group is a mistake. */
static void
queue_operand(const char *operand, char queue[MQS_NAME_MAX + 1])
{
	char group[MQS_NAME_MAX + 1];

	arg_queue(operand, queue, group);
	if (group[0] != '\0')
		usage_error("'%s': names a group, not a queue", operand);
}

static int
run_rename(int argc, char **argv)
{
	char from[MQS_NAME_MAX + 1], to[MQS_NAME_MAX + 1];
	struct mqs_spool *spool;
	struct mqs_error err;

	ctl_start(&ctl_rename, argc, argv);
	argc -= tool_operand();
	argv += tool_operand();
	if (argc != 2)
		tool_lacks("needs two names, the old and the new");
	queue_operand(argv[0], from);
	queue_operand(argv[1], to);
	spool = open_spool(0);
	if (mqs_rename(spool, from, to, &err) < 0) {
		suggest_name(spool, from, NULL, &err);
		fail_error(&err);
	}
	mqs_spool_free(spool);
	return STATUS_OK;
}

static const struct tool_option no_options[] = { { 0 } };

const struct ctl_command ctl_rename = {
	.name = "rename",
	.tool = {
		.name = "mq-ctl rename",
		.synopsis = "[options] OLD NEW",
		.purpose = "Gives a queue another name.  Its messages, settings and groups stay, and so does\n"
		    "its identity.  The queue must not be in use.",
		.options = no_options
	},
	.run = run_rename
};
