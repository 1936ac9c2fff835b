/* ctl/compact.c - mq-ctl compact: room that removed messages had goes back to the disk */
#include <inttypes.h>
#include <stdio.h>

#include "common/arguments.h"
#include "common/common_options.h"
#include "common/tool.h"
#include "common/progress.h"
#include "ctl/subcommand.h"
#include "ctl/subcommands.h"
#include "mqspool.h"

static int
compact(void *arg, struct mqs_spool *spool, const char *queue, const char *group,
    struct mqs_error *err)
{
	const int64_t *wait = arg;
	uint64_t before = 0, after = 0;
	int rc = mqs_compact(spool, queue, *wait, &before, &after, err);

	(void)group;
	progress_end();
	/* Files that were done before an error are smaller all the same. */
	if (!common.quiet && (rc >= 0 || before > after))
		printf("%s: %" PRIu64 " bytes given back, %" PRIu64 " left\n", queue,
		    before - after, after);
	return rc;
}

static int
run_compact(int argc, char **argv)
{
	int id, progress = 0;
	int64_t wait = 0;
	const char *arg;

	tool_start(&ctl_compact.tool, argc, argv);
	while ((id = tool_option(&arg)) != 0) {
		if (id == 'W')
			wait = arg_duration("-W", arg);
		else
			progress = 1;
	}
	progress_start(progress, 1);
	return ctl_each(argv + tool_operand(), argc - tool_operand(), CTL_QUEUES, 0,
	    compact, &wait);
}

static const struct tool_option options[] = {
	{ 'W', "wait", "DURATION", "wait so long while a queue is in use" },
	PROGRESS_OPTION,
	{ 0 }
};

static const char *const asks[] = { "wait", NULL };

const struct ctl_command ctl_compact = {
	.name = "compact",
	.tool = {
		.name = "mq-ctl compact",
		.synopsis = "[options] QUEUE...",
		.purpose = "Writes the files of queues and their groups anew, which gives back to the disk\n"
		    "what removed messages took.  A queue must not be in use.",
		.options = options,
		.asks = asks
	},
	.run = run_compact
};
