/* ctl/bind.c - mq-ctl bind and unbind */
#include "common/binding_options.h"
#include "common/diagnostics.h"
#include "common/tool.h"
#include "ctl/subcommand.h"
#include "ctl/subcommands.h"
#include "mqspool.h"

enum { OPT_REPLACE = TOOL_LONG };

struct binding_change {
	struct bindings	 bindings;
	int		 replace;
};

static void
parse(struct binding_change *c, const struct ctl_command *command, int argc,
    char **argv)
{
	const char *arg;
	int id;

	tool_start(&command->tool, argc, argv);
	while ((id = tool_option(&arg)) != 0)
		if (!bindings_option(&c->bindings, id, arg))
			c->replace = 1;
	bindings_done(&c->bindings);
	if (c->bindings.n == 0 && !c->replace)
		tool_lacks("no binding was given (-k, --key or -H)");
}

static int
bind(void *arg, struct mqs_spool *spool, const char *queue, const char *group,
    struct mqs_error *err)
{
	const struct binding_change *c = arg;

	return mqs_bind(spool, queue, group, c->bindings.list, c->bindings.n,
	    c->replace, err);
}

static int
run_bind(int argc, char **argv)
{
	struct binding_change c = { 0 };
	int status;

	parse(&c, &ctl_bind, argc, argv);
	status = ctl_each(argv + tool_operand(), argc - tool_operand(),
	    CTL_GROUPS, 0, bind, &c);
	bindings_free(&c.bindings);
	return status;
}

static const char *const asks[] = { BINDINGS_ASKS, "replace", NULL };

static const struct tool_option bind_options[] = {
	BINDINGS_OPTIONS("get"),
	{ OPT_REPLACE, "replace", NULL, "and have no other bindings; with none given, get everything" },
	{ 0 }
};

const struct ctl_command ctl_bind = {
	.name = "bind",
	.tool = {
		.name = "mq-ctl bind",
		.synopsis = "[--replace] BINDING... QUEUE/GROUP...\n--replace QUEUE/GROUP...",
		.purpose = "Adds bindings to groups: a group gets the messages that one of its bindings\n"
		    "matches, or, without any, all.  " BINDINGS_WORD,
		.options = bind_options,
		.asks = asks
	},
	.run = run_bind
};

static int
unbind(void *arg, struct mqs_spool *spool, const char *queue, const char *group,
    struct mqs_error *err)
{
	const struct binding_change *c = arg;
	size_t left = 0;
	int rc;

	rc = mqs_unbind(spool, queue, group, c->bindings.list, c->bindings.n, &left, err);
	if (rc == MQS_OK && left == 0)
		complain("%s/%s: has no bindings any more: it gets every message",
		    queue, group);
	return rc;
}

static int
run_unbind(int argc, char **argv)
{
	struct binding_change c = { 0 };
	int status;

	parse(&c, &ctl_unbind, argc, argv);
	status = ctl_each(argv + tool_operand(), argc - tool_operand(),
	    CTL_GROUPS, 0, unbind, &c);
	bindings_free(&c.bindings);
	return status;
}

static const struct tool_option unbind_options[] = {
	BINDINGS_OPTIONS("no longer get"),
	{ 0 }
};

const struct ctl_command ctl_unbind = {
	.name = "unbind",
	.tool = {
		.name = "mq-ctl unbind",
		.synopsis = "[options] BINDING... QUEUE/GROUP...",
		.purpose = "Takes bindings from groups, exactly as they were given.  A group that has none\n"
		    "left gets every message.  " BINDINGS_WORD,
		.options = unbind_options,
		.asks = asks
	},
	.run = run_unbind
};
