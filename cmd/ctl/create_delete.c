/*
 * ctl/create_delete.c - mq-ctl create, delete, purge and trim
 *
 * Each is one call of the library for each operand, which is all or nothing by
 * itself; a command that is killed leaves the operands before done and those after
 * untouched, and can be repeated (create with -p, delete with -f).
 */
#include <inttypes.h>
#include <string.h>

#include "base/units.h"
#include "common/arguments.h"
#include "common/binding_options.h"
#include "common/common_options.h"
#include "common/diagnostics.h"
#include "common/position.h"
#include "common/tool.h"
#include "ctl/subcommand.h"
#include "ctl/subcommands.h"
#include "mqspool.h"

enum { OPT_FROM = TOOL_LONG };

struct creation {
	struct mqs_consumer_options group;
	struct bindings	 bindings;
	int		 if_missing;
};

/* --from was given. */
static int
from(const struct creation *c)
{
	return c->group.from != NULL || c->group.from_time != 0;
}

static int
create(void *arg, struct mqs_spool *spool, const char *queue, const char *group,
    struct mqs_error *err)
{
	const struct creation *c = arg;
	int rc = mqs_create(spool, queue, group, group != NULL ? &c->group : NULL, err);

	if (rc == MQS_EEXIST && c->if_missing)
		return MQS_OK;
	return rc;
}

static int
run_create(int argc, char **argv)
{
	char queue[MQS_NAME_MAX + 1], group[MQS_NAME_MAX + 1];
	struct creation c = { 0 };
	const char *arg;
	int i, id, status;

	tool_start(&ctl_create.tool, argc, argv);
	while ((id = tool_option(&arg)) != 0) {
		if (id == OPT_FROM)
			arg_place("--from", arg, &c.group.from, &c.group.from_time);
		else if (!bindings_option(&c.bindings, id, arg))
			c.if_missing = 1;
	}
	bindings_done(&c.bindings);
	c.group.bindings = c.bindings.list;
	c.group.nbindings = c.bindings.n;
	for (i = tool_operand(); (from(&c) || c.bindings.n > 0) && i < argc; i++) {
		arg_queue(argv[i], queue, group);
		if (group[0] == '\0')
			usage_error("'%s': %s for groups", argv[i],
			    from(&c) ? "--from is" : "bindings are");
	}
	/* MQ_AUTOCREATE=no is about use that creates, not about this. */
	common.autocreate = 1;
	status = ctl_each(argv + tool_operand(), argc - tool_operand(),
	    CTL_QUEUES_AND_GROUPS, MQS_AUTOCREATE, create, &c);
	bindings_free(&c.bindings);
	return status;
}

static const char *const create_asks[] = { "from", BINDINGS_ASKS, NULL };

static const struct tool_option create_options[] = {
	{ 'p', "if-missing", NULL, "what exists already is no error" },
	{ OPT_FROM, "from", "WHERE", "where a group starts: oldest (default), newest, an id or a time" },
	BINDINGS_OPTIONS("a group gets"),
	{ 0 }
};

const struct ctl_command ctl_create = {
	.name = "create",
	.tool = {
		.name = "mq-ctl create",
		.synopsis = "[options] QUEUE[/GROUP]...",
		.purpose = "Makes queues and groups; a group's queue is made with it.",
		.options = create_options,
		.asks = create_asks
	},
	.run = run_create
};

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
	if (rc >= 0)
		note("%s: trimmed %" PRIu64 " message%s", queue, count,
		    mqs_plural(count));
	return rc;
}

static int
run_trim(int argc, char **argv)
{
	ctl_start(&ctl_trim, argc, argv);
	return ctl_each(argv + tool_operand(), argc - tool_operand(), CTL_QUEUES, 0,
	    trim, NULL);
}

const struct ctl_command ctl_trim = {
	.name = "trim",
	.tool = {
		.name = "mq-ctl trim",
		.synopsis = "[options] QUEUE...",
		.purpose = "Removes now what retention allows, and files that crashes left behind.",
		.options = no_options
	},
	.run = run_trim
};
