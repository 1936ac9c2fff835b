/* ctl/backup.c - mq-ctl backup: a copy of a queue that is in use */
#include <inttypes.h>
#include <stdio.h>

#include "base/units.h"
#include "common/arguments.h"
#include "common/common_options.h"
#include "common/diagnostics.h"
#include "common/exit_status.h"
#include "common/open_spool.h"
#include "common/suggest_name.h"
#include "common/tool.h"
#include "common/progress.h"
#include "ctl/subcommand.h"
#include "ctl/subcommands.h"
#include "mqspool.h"

static void
tell(const char *queue, const char *where, const struct mqs_backup *b)
{
	printf("%s: %" PRIu64 " message%s, %" PRIu64 " byte%s, %u group%s, last id %s: in %s/%s\n",
	    queue, b->messages, mqs_plural(b->messages), b->bytes, mqs_plural(b->bytes), b->groups,
	    mqs_plural(b->groups), b->last_id, where, queue);
}

static int
run_backup(int argc, char **argv)
{
	char queue[MQS_NAME_MAX + 1], group[MQS_NAME_MAX + 1];
	struct mqs_spool *spool;
	struct mqs_backup b;
	struct mqs_error err;
	int rc, progress = 0;
	const char *arg;

	tool_start(&ctl_backup.tool, argc, argv);
	while (tool_option(&arg) != 0)
		progress = 1;
	argc -= tool_operand();
	argv += tool_operand();
	if (argc != 2 || argv[1][0] == '\0')
		tool_lacks("needs a queue, and a directory to copy it into");
	arg_queue(argv[0], queue, group);
	if (group[0] != '\0')
		usage_error("'%s': names a group, not a queue", argv[0]);
	progress_start(progress, 1);
	spool = open_spool(0);
	rc = mqs_backup(spool, queue, argv[1], &b, &err);
	progress_end();
	if (rc < 0) {
		suggest_name(spool, queue, NULL, &err);
		fail_error(&err);
	}
	if (!common.quiet)
		tell(queue, argv[1], &b);
	mqs_spool_free(spool);
	return STATUS_OK;
}

static const struct tool_option options[] = {
	PROGRESS_OPTION,
	{ 0 }
};

const struct ctl_command ctl_backup = {
	.name = "backup",
	.tool = {
		.name = "mq-ctl backup",
		.synopsis = "[options] QUEUE DIR",
		.purpose = "Copies a queue and its groups, as they are at one moment, into the spool DIR.  The\n"
		    "queue may be in use.",
		.options = options
	},
	.run = run_backup
};
