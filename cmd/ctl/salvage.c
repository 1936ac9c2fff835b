/*
 * ctl/salvage.c - mq-ctl salvage: a new queue of what is intact of a damaged one, or a group
 * made anew
 *
 * What could not be saved is told on stderr, and the status is 74 then, although the new queue
 * is there: a script that removes the damaged one next must not go on.
 */
#include <inttypes.h>
#include <stdio.h>
#include <string.h>

#include "base/units.h"
#include "common/arguments.h"
#include "common/common_options.h"
#include "common/diagnostics.h"
#include "common/exit_status.h"
#include "common/open_spool.h"
#include "common/progress.h"
#include "common/suggest_name.h"
#include "common/tool.h"
#include "ctl/subcommand.h"
#include "ctl/subcommands.h"
#include "mqspool.h"

static void
finding(void *arg, const char *text)
{
	uint64_t *findings = arg;

	++*findings;
	report("%s", text);
}

static int
salvage_queue(struct mqs_spool *spool, const char *from, const char *queue)
{
	struct mqs_salvaged saved;
	struct mqs_error err;
	uint64_t findings = 0;
	int rc;

	rc = mqs_salvage(spool, from, queue, finding, &findings, &saved, &err);
	progress_end();
	if (rc < 0) {
		if (strchr(from, '/') == NULL)
			suggest_name(spool, from, NULL, &err);
		report_error(&err);
		return status_of(err.code);
	}
	if (!common.quiet)
		printf("%s: %" PRIu64 " message%s saved, %" PRIu64 " lost\n", queue,
		    saved.messages, mqs_plural(saved.messages), saved.lost);
	return findings == 0 && saved.lost == 0 ? STATUS_OK : STATUS_IO;
}

static int
salvage_group(struct mqs_spool *spool, const char *queue, const char *group)
{
	struct mqs_salvaged saved;
	struct mqs_error err;
	uint64_t findings = 0;

	if (mqs_salvage_group(spool, queue, group, finding, &findings, &saved, &err) < 0) {
		suggest_name(spool, queue, group, &err);
		report_error(&err);
		return status_of(err.code);
	}
	if (!common.quiet)
		printf("%s/%s: made anew: %" PRIu64 " message%s to settle, %" PRIu64
		    " of them may come again\n", queue, group, saved.messages,
		    mqs_plural(saved.messages), saved.repeated);
	return findings == 0 ? STATUS_OK : STATUS_IO;
}

static int
run_salvage(int argc, char **argv)
{
	char queue[MQS_NAME_MAX + 1], group[MQS_NAME_MAX + 1];
	struct mqs_spool *spool;
	int progress = 0, status;
	const char *arg;

	tool_start(&ctl_salvage.tool, argc, argv);
	while (tool_option(&arg) != 0)
		progress = 1;
	argc -= tool_operand();
	argv += tool_operand();
	if (argc != 1 && argc != 2)
		usage_error("needs DAMAGED and NEW, or QUEUE/GROUP");
	arg_queue(argv[argc - 1], queue, group);
	if (argc == 1 && group[0] == '\0')
		usage_error("'%s': names no group; to salvage a queue, name a new one, too",
		    argv[0]);
	if (argc == 2 && group[0] != '\0')
		usage_error("'%s': names a group, not a queue", argv[1]);
	progress_start(progress, 1);
	spool = open_spool(0);
	status = argc == 1 ? salvage_group(spool, queue, group) :
	    salvage_queue(spool, argv[0], queue);
	mqs_spool_free(spool);
	return status;
}

static const struct tool_option options[] = {
	PROGRESS_OPTION,
	{ 0 }
};

const struct ctl_command ctl_salvage = {
	.name = "salvage",
	.tool = {
		.name = "mq-ctl salvage",
		.synopsis = "[options] DAMAGED NEW\n[options] QUEUE/GROUP",
		.purpose = "Makes a new queue of all messages that are intact in a damaged one: its name,\n"
		    "its directory, or its log.mdb.  Or makes a group anew whose file is damaged or\n"
		    "gone.  Status 74 if anything could not be saved.",
		.options = options
	},
	.run = run_salvage
};
