/* ctl/redrive.c - mq-ctl redrive */
#include <inttypes.h>
#include <stdio.h>

#include "base/units.h"
#include "common/arguments.h"
#include "common/common_options.h"
#include "common/diagnostics.h"
#include "common/tool.h"
#include "ctl/subcommand.h"
#include "ctl/subcommands.h"
#include "mqspool.h"

enum { OPT_REASON = TOOL_LONG, OPT_DRY_RUN };

static int
redrive(void *arg, struct mqs_spool *spool, const char *queue, const char *group,
    struct mqs_error *err)
{
	const struct mqs_redrive_options *o = arg;
	struct mqs_redriven r = { 0 };
	int rc = mqs_redrive(spool, queue, o, &r, err);

	(void)group;
	if (rc >= 0 ? !common.quiet || o->dry_run : r.redriven > 0)
		printf("%s: %" PRIu64 " letter%s %s, %" PRIu64 " left\n", queue,
		    r.redriven, mqs_plural(r.redriven),
		    o->dry_run ? "would be redriven" : "redriven", r.left);
	if (rc >= 0 && r.redriven == 0 && r.others > 0)
		complain("%s: %" PRIu64 " message%s without headers mq-dead-* %s no dead letter%s: "
		    "letters are in QUEUE.dead, or where dead-letter says", queue, r.others,
		    mqs_plural(r.others), r.others == 1 ? "is" : "are", mqs_plural(r.others));
	return rc;
}

static int
run_redrive(int argc, char **argv)
{
	struct mqs_redrive_options o = { 0 };
	const char *arg;
	int id;

	tool_start(&ctl_redrive.tool, argc, argv);
	while ((id = tool_option(&arg)) != 0) {
		if (id == 'c')
			o.count = (uint64_t)arg_number("-c", arg, 1, INT64_MAX);
		else if (id == OPT_REASON)
			o.reason = arg;
		else
			o.dry_run = 1;
	}
	return ctl_each(argv + tool_operand(), argc - tool_operand(), CTL_QUEUES, 0,
	    redrive, &o);
}

static const struct tool_option options[] = {
	{ 'c', "count", "COUNT", "redrive so many at most" },
	{ OPT_REASON, "reason", "PATTERN", "only those whose reason matches, as in the shell" },
	{ OPT_DRY_RUN, "dry-run", NULL, "only say how many there are" },
	{ 0 }
};

static const char *const asks[] = { "reason", "dry-run", NULL };

const struct ctl_command ctl_redrive = {
	.name = "redrive",
	.tool = {
		.name = "mq-ctl redrive",
		.synopsis = "[options] QUEUE.dead...",
		.purpose = "Makes messages that became dead letters deliverable again where they failed.",
		.options = options,
		.asks = asks
	},
	.run = run_redrive
};
