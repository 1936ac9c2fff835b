/*
 * ctl/list_check.c - mq-ctl list and check: names, and findings
 *
 * Both gather all names first and look at each queue afterwards: no snapshot is held
 * while output is slow, and a damaged queue does not hide the others.
 */
#include <inttypes.h>
#include <stdio.h>
#include <string.h>

#include "base/bytes.h"
#include "base/units.h"
#include "common/common_options.h"
#include "common/diagnostics.h"
#include "common/exit_status.h"
#include "common/open_spool.h"
#include "common/output.h"
#include "common/progress.h"
#include "common/tool.h"
#include "ctl/schema_argument.h"
#include "ctl/subcommand.h"
#include "ctl/subcommands.h"
#include "mqspool.h"

enum { OPT_QUEUES = TOOL_LONG, OPT_SCHEMA, OPT_REPAIR };

/* Names, each with its NUL. */
struct names {
	struct mqs_buf	 text;
	int		 group_only;	/* leave out the queue */
};

static int
name_queue(void *arg, const struct mqs_queue_stat *q)
{
	struct names *names = arg;

	must(mqs_buf_add(&names->text, q->name, strlen(q->name) + 1));
	return 0;
}

static int
name_group(void *arg, const struct mqs_group_stat *g)
{
	struct names *names = arg;

	must(mqs_buf_addf(&names->text, "%s/%s", g->queue, g->group));
	must(mqs_buf_addc(&names->text, '\0'));
	return 0;
}

static int
list(void *arg, struct mqs_spool *spool, const char *queue, const char *group,
    struct mqs_error *err)
{
	const int *queues_only = arg;
	struct names names = { 0 };
	const char *name;
	int rc;

	(void)group;
	rc = mqs_stat(spool, queue, NULL, name_queue,
	    *queues_only ? NULL : name_group, &names, err);
	for (name = names.text.p; name != NULL && name < names.text.p + names.text.n;
	    name += strlen(name) + 1)
		puts(name);
	mqs_buf_free(&names.text);
	return rc;
}

/* For every queue there is: fn once, with queue NULL. */
static int
whole_spool(ctl_fn *fn, void *arg)
{
	struct mqs_spool *spool = open_spool(0);
	struct mqs_error err;
	int status = STATUS_OK;

	if (fn(arg, spool, NULL, NULL, &err) < 0) {
		report_error(&err);
		status = status_of(err.code);
	}
	mqs_spool_free(spool);
	return status;
}

static int
run_list(int argc, char **argv)
{
	int queues_only = 0;
	const char *arg;

	tool_start(&ctl_list.tool, argc, argv);
	while (tool_option(&arg) != 0)
		queues_only = 1;
	if (tool_operand() == argc)
		return whole_spool(list, &queues_only);
	return ctl_each(argv + tool_operand(), argc - tool_operand(), CTL_QUEUES, 0,
	    list, &queues_only);
}

static const struct tool_option list_options[] = {
	{ OPT_QUEUES, "queues", NULL, "leave out the groups" },
	{ 0 }
};

const struct ctl_command ctl_list = {
	.name = "list",
	.tool = {
		.name = "mq-ctl list",
		.synopsis = "[options] [QUEUE...]",
		.purpose = "Prints the names of queues and their groups, one QUEUE or QUEUE/GROUP a line.",
		.options = list_options
	},
	.run = run_list
};

struct verification {
	int		 status;	/* STATUS_IO once there are findings */
	unsigned	 flags;		/* of mqs_check */
	const char	*argument;	/* --schema: hold messages against it, and no more; NULL */
	struct mqs_buf	 schema;	/* its text, once a spool is open */
};

/* Findings are the result asked for: -q silences the summary, not them. */
static void
finding(void *arg, const char *text)
{
	(void)arg;
	report("%s", text);
}

static int
check(void *arg, struct mqs_spool *spool, const char *queue, const char *group,
    struct mqs_error *err)
{
	struct verification *v = arg;
	uint64_t findings = 0, messages = 0;
	int rc;

	(void)group;
	if (v->argument != NULL && v->schema.n == 0)
		schema_argument(&v->schema, v->argument);
	rc = v->argument != NULL ? mqs_check_schema(spool, queue, v->schema.p, v->schema.n, finding, v,
	    &findings, &messages, err) :
	    mqs_check(spool, queue, v->flags, finding, v, &findings, &messages, err);
	progress_end();
	if (findings > 0)
		v->status = STATUS_IO;
	if (!common.quiet && rc >= 0)
		printf("%s: %" PRIu64 " message%s, %" PRIu64 " finding%s\n", queue,
		    messages, mqs_plural(messages), findings, mqs_plural(findings));
	return rc;
}

/* Every queue that is listed; a listing that fails is a failure beside theirs. */
static int
check_all(void *arg, struct mqs_spool *spool, const char *queue, const char *group,
    struct mqs_error *err)
{
	struct verification *v = arg;
	struct names names = { 0 };
	const char *name;
	int rc;

	rc = mqs_stat(spool, NULL, NULL, name_queue, NULL, &names, err);
	for (name = names.text.p; name != NULL && name < names.text.p + names.text.n;
	    name += strlen(name) + 1) {
		struct mqs_error why;
		int one;

		one = check(v, spool, name, NULL, &why);
		mqs_spool_close_queues(spool);
		if (one >= 0)
			continue;
		report("%s", why.text);
		if (v->status == STATUS_OK)
			v->status = status_of(why.code);
	}
	mqs_buf_free(&names.text);
	(void)queue;
	(void)group;
	return rc;
}

static int
run_check(int argc, char **argv)
{
	struct verification v = { .status = STATUS_OK };
	const char *arg;
	int id, status, progress = 0;

	tool_start(&ctl_check.tool, argc, argv);
	while ((id = tool_option(&arg)) != 0) {
		if (id == OPT_REPAIR)
			v.flags |= MQS_REPAIR;
		else if (id == OPT_PROGRESS)
			progress = 1;
		else
			v.argument = arg;
	}
	if (v.flags != 0 && v.argument != NULL)
		usage_error("--repair: not with --schema");
	if (tool_operand() == argc && v.argument != NULL)
		usage_error("--schema: no queue was named");
	progress_start(progress, 1);
	if (tool_operand() == argc)
		status = whole_spool(check_all, &v);
	else
		status = ctl_each(argv + tool_operand(), argc - tool_operand(),
		    CTL_QUEUES, 0, check, &v);
	mqs_buf_free(&v.schema);
	/* Damage that was found says more than what could not be looked at. */
	return v.status == STATUS_IO || status == STATUS_OK ? v.status : status;
}

static const struct tool_option check_options[] = {
	{ OPT_REPAIR, "repair", NULL, "add and remove entries of indexes, and files left over" },
	{ OPT_SCHEMA, "schema", "FILE", "instead, hold the messages against this JSON Schema" },
	PROGRESS_OPTION,
	{ 0 }
};

static const char *const check_asks[] = { "repair", "schema", NULL };

const struct ctl_command ctl_check = {
	.name = "check",
	.tool = {
		.name = "mq-ctl check",
		.synopsis = "[options] [QUEUE...]",
		.purpose = "Verifies every record, index, counter and large body: of all queues if none\n"
		    "is named.  Status 74 if anything is wrong.",
		.options = check_options,
		.asks = check_asks
	},
	.run = run_check
};
