/*
 * ctl/delete_purge_trim.c - mq-ctl delete, purge and trim: removing queues, groups, messages
 *
 * Each operand is one call of the library, which does all of it or nothing.  A kill
 * leaves the operands done that came before, and the command can be repeated (delete
 * with -f).
 */
#include <inttypes.h>
#include <string.h>

#include "base/units.h"
#include "common/diagnostics.h"
#include "common/progress.h"
#include "common/tool.h"
#include "ctl/subcommand.h"
#include "ctl/subcommands.h"
#include "mqspool.h"

static int
delete(void *arg, struct mqs_spool *spool, const char *queue, const char *group,
    struct mqs_error *err)
{
	const int *force = arg;
	int rc = mqs_delete(spool, queue, group, err);

	return rc == MQS_ENOENT && *force ? MQS_OK : rc;
}

static int
run_delete(int argc, char **argv)
{
	const char *arg;
	int force = 0;

	tool_start(&ctl_delete.tool, argc, argv);
	while (tool_option(&arg) != 0)
		force = 1;
	return ctl_each(argv + tool_operand(), argc - tool_operand(),
	    CTL_QUEUES_AND_GROUPS, 0, delete, &force);
}

static const struct tool_option delete_options[] = {
	{ 'f', "force", NULL, "what does not exist is no error" },
	{ 0 }
};

const struct ctl_command ctl_delete = {
	.name = "delete",
	.tool = {
		.name = "mq-ctl delete",
		.synopsis = "[options] QUEUE[/GROUP]...",
		.purpose = "Removes queues with their groups and messages, or groups.  Does not ask.",
		.options = delete_options
	},
	.run = run_delete
};

static const struct tool_option no_options[] = { { 0 } };

static int
purge(void *arg, struct mqs_spool *spool, const char *queue, const char *group,
    struct mqs_error *err)
{
	uint64_t count = 0;
	int rc = mqs_purge(spool, queue, group, &count, err);

	(void)arg;
	if (rc >= 0)
		note("%s%s%s: purged %" PRIu64 " message%s", queue,
		    group != NULL ? "/" : "", group != NULL ? group : "", count,
		    mqs_plural(count));
	return rc;
}

static int
run_purge(int argc, char **argv)
{
	ctl_start(&ctl_purge, argc, argv);
	return ctl_each(argv + tool_operand(), argc - tool_operand(),
	    CTL_QUEUES_AND_GROUPS, 0, purge, NULL);
}

const struct ctl_command ctl_purge = {
	.name = "purge",
	.tool = {
		.name = "mq-ctl purge",
		.synopsis = "[options] QUEUE[/GROUP]...",
		.purpose = "Removes all messages of queues, settled or not; or settles all that groups\n"
		    "have yet to settle, and leaves the messages to other groups.",
		.options = no_options
	},
	.run = run_purge
};

static int
trim(void *arg, struct mqs_spool *spool, const char *queue, const char *group,
    struct mqs_error *err)
{
	uint64_t count = 0;
	int rc = mqs_trim(spool, queue, &count, err);

	(void)arg;
	(void)group;
	progress_end();
	if (rc >= 0)
		note("%s: trimmed %" PRIu64 " message%s", queue, count,
		    mqs_plural(count));
	return rc;
}

static int
run_trim(int argc, char **argv)
{
	const char *arg;
	int progress = 0;

	tool_start(&ctl_trim.tool, argc, argv);
	while (tool_option(&arg) != 0)
		progress = 1;
	progress_start(progress, 1);
	return ctl_each(argv + tool_operand(), argc - tool_operand(), CTL_QUEUES, 0,
	    trim, NULL);
}

static const struct tool_option trim_options[] = {
	PROGRESS_OPTION,
	{ 0 }
};

const struct ctl_command ctl_trim = {
	.name = "trim",
	.tool = {
		.name = "mq-ctl trim",
		.synopsis = "[options] QUEUE...",
		.purpose = "Removes now what retention allows, and files that crashes left behind.",
		.options = trim_options
	},
	.run = run_trim
};
