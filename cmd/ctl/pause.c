/* ctl/pause.c - mq-ctl pause and resume */
#include "common/tool.h"
#include "ctl/subcommand.h"
#include "ctl/subcommands.h"
#include "mqspool.h"

static int
pause_or_resume(void *arg, struct mqs_spool *spool, const char *queue, const char *group,
    struct mqs_error *err)
{
	const int *on = arg;

	return mqs_pause(spool, queue, group, *on, err);
}

static int
run(const struct ctl_command *command, int argc, char **argv, int on)
{
	ctl_start(command, argc, argv);
	return ctl_each(argv + tool_operand(), argc - tool_operand(),
	    CTL_QUEUES_AND_GROUPS, 0, pause_or_resume, &on);
}

static int
run_pause(int argc, char **argv)
{
	return run(&ctl_pause, argc, argv, 1);
}

static int
run_resume(int argc, char **argv)
{
	return run(&ctl_resume, argc, argv, 0);
}

static const struct tool_option no_options[] = { { 0 } };

const struct ctl_command ctl_pause = {
	.name = "pause",
	.tool = {
		.name = "mq-ctl pause",
		.synopsis = "[options] QUEUE[/GROUP]...",
		.purpose = "Gives nothing more to consumers: to those of groups, or of all groups of queues.\n"
		    "Publishing and settling go on.",
		.options = no_options
	},
	.run = run_pause
};

const struct ctl_command ctl_resume = {
	.name = "resume",
	.tool = {
		.name = "mq-ctl resume",
		.synopsis = "[options] QUEUE[/GROUP]...",
		.purpose = "Ends a pause.  A group goes on when neither it nor its queue is paused.",
		.options = no_options
	},
	.run = run_resume
};
