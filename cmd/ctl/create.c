/*
 * ctl/create.c - mq-ctl create
 *
 * The operands are made one after the other.  A kill leaves those made that came before,
 * and the command can be repeated with -p.
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

enum { OPT_FROM = TOOL_LONG, OPT_SET };

#define SETTINGS_MAX	32	/* there are fewer */

struct creation {
	struct mqs_consumer_options group;
	struct bindings	 bindings;
	const char	*settings[SETTINGS_MAX];
	int		 if_missing;
};

/* --from was given. */
static int
from(const struct creation *c)
{
	return c->group.from != NULL || c->group.from_time != 0;
}

/* What was given that only groups have; NULL: nothing. */
static const char *
for_groups(const struct creation *c)
{
	return from(c) ? "--from is" : c->bindings.n > 0 ? "bindings are" :
	    c->group.nsettings > 0 ? "--set is" : NULL;
}

static void
add_setting(struct creation *c, const char *pair)
{
	if (c->group.nsettings == SETTINGS_MAX)
		usage_error("--set: more than %d", SETTINGS_MAX);
	c->settings[c->group.nsettings++] = pair;
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
		else if (id == OPT_SET)
			add_setting(&c, arg);
		else if (!bindings_option(&c.bindings, id, arg))
			c.if_missing = 1;
	}
	bindings_done(&c.bindings);
	c.group.bindings = c.bindings.list;
	c.group.nbindings = c.bindings.n;
	c.group.settings = c.settings;
	for (i = tool_operand(); for_groups(&c) != NULL && i < argc; i++) {
		arg_queue(argv[i], queue, group);
		if (group[0] == '\0')
			usage_error("'%s': %s for groups", argv[i], for_groups(&c));
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
	{ OPT_SET, "set", "NAME=VALUE", "a setting of a new group; may be repeated" },
	BINDINGS_OPTIONS("a group gets"),
	{ 0 }
};

const struct ctl_command ctl_create = {
	.name = "create",
	.tool = {
		.name = "mq-ctl create",
		.synopsis = "[options] [BINDING...] QUEUE[/GROUP]...",
		.purpose = "Makes queues and groups; a group's queue is made with it.\n" BINDINGS_WORD,
		.options = create_options,
		.asks = create_asks
	},
	.run = run_create
};
