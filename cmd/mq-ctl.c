/*
 * mq-ctl - makes, configures, empties, removes and verifies queues and groups
 *
 * Each subcommand is a struct tool with an option table and a --help of its own.  The
 * common options may stand before the subcommand's name as well as behind it.
 */
#include <bsd/string.h>

#include <stdio.h>
#include <string.h>

#include "common/binding_options.h"
#include "common/diagnostics.h"
#include "common/exit_status.h"
#include "common/output.h"
#include "common/suggest.h"
#include "common/tool.h"
#include "ctl/subcommand.h"
#include "ctl/subcommands.h"

static const struct tool_option no_options[] = { { 0 } };

static const struct tool_status statuses[] = {
	{ 0, "done" },
	{ 64, "usage" },
	{ 65, "a line of stdin that is no setting" },
	{ 66, "a queue, a group, a message or a binding does not exist" },
	TOOL_STATUSES,
	{ 74, "input or output error, or damage, which check found too" },
	{ 75, "try again: the queue is in use, or the disk is full" },
	{ 77, "permission denied" },
	{ 78, "no such setting or value, or what is to be made exists already" },
	{ 0 }
};

static const struct tool tool = {
	.name = "mq-ctl",
	.synopsis = "[options] create [-p] [--from WHERE] [BINDING...] QUEUE[/GROUP]...\n"
	    "[options] set QUEUE[/GROUP] [NAME=VALUE...]\n"
	    "[options] show [--changed] QUEUE[/GROUP]...\n"
	    "[options] bind [--replace] BINDING... QUEUE/GROUP...\n"
	    "[options] unbind BINDING... QUEUE/GROUP...\n"
	    "[options] list [--queues] [QUEUE...]\n"
	    "[options] pause QUEUE[/GROUP]...\n"
	    "[options] resume QUEUE[/GROUP]...\n"
	    "[options] skip QUEUE/GROUP ID...\n"
	    "[options] delete [-f] QUEUE[/GROUP]...\n"
	    "[options] purge QUEUE[/GROUP]...\n"
	    "[options] rename OLD NEW\n"
	    "[options] trim [--progress] QUEUE...\n"
	    "[options] backup [--progress] QUEUE DIR\n"
	    "[options] compact [-W DURATION] [--progress] QUEUE...\n"
	    "[options] redrive [-c COUNT] [--reason PATTERN] [--dry-run] QUEUE.dead...\n"
	    "[options] check [--repair | --schema FILE] [--progress] [QUEUE...]\n"
	    "[options] salvage [--progress] DAMAGED NEW\n"
	    "[options] salvage QUEUE/GROUP\n"
	    "help [SUBCOMMAND]",
	.purpose = "Administers queues and groups.  Each subcommand has a --help of its own.\n"
	    BINDINGS_WORD,
	.options = no_options,
	.stop_at_operand = 1,
	.statuses = statuses
};

static const struct ctl_command *const commands[] = {
	&ctl_create, &ctl_set, &ctl_show, &ctl_list, &ctl_delete, &ctl_purge,
	&ctl_trim, &ctl_redrive, &ctl_check, &ctl_bind, &ctl_unbind, &ctl_pause, &ctl_resume,
	&ctl_skip, &ctl_rename, &ctl_compact, &ctl_backup, &ctl_salvage
};

#define N_COMMANDS	(sizeof(commands) / sizeof(commands[0]))

static const struct ctl_command *
find(const char *name)
{
	struct suggestion near;
	size_t i;

	suggest_begin(&near, name, strlen(name));
	suggest_offer(&near, "help");
	for (i = 0; i < N_COMMANDS; i++) {
		if (strcmp(commands[i]->name, name) == 0)
			return commands[i];
		suggest_offer(&near, commands[i]->name);
	}
	usage_error("'%s': no such subcommand%s", name, suggest_text(&near, ""));
}

/* Without a subcommand: their names are what is needed first. */
static void __attribute__((noreturn))
name_commands(void)
{
	char names[256] = "";
	size_t i;

	for (i = 0; i < N_COMMANDS; i++) {
		(void)strlcat(names, i == 0 ? "" : i + 1 < N_COMMANDS ? ", " : " or ", sizeof(names));
		(void)strlcat(names, commands[i]->name, sizeof(names));
	}
	usage_error("no subcommand was given: %s", names);
}

/* "mq-ctl help [SUBCOMMAND]" is "mq-ctl [SUBCOMMAND] --help". */
static int
help(int argc, char **argv)
{
	char name[] = "mq-ctl", option[] = "--help";
	char *ask[] = { name, option, NULL };
	const char *arg;

	if (argc > 2)
		usage_error("help: one subcommand at most");
	tool_start(argc == 2 ? &find(argv[1])->tool : &tool, 2, ask);
	while (tool_option(&arg) != 0)
		continue;
	return STATUS_OK;
}

int
main(int argc, char **argv)
{
	const char *arg;
	int status;

	tool_start(&tool, argc, argv);
	while (tool_option(&arg) != 0)
		continue;
	argc -= tool_operand();
	argv += tool_operand();
	if (argc == 0)
		name_commands();
	status = strcmp(argv[0], "help") == 0 ? help(argc, argv) :
	    find(argv[0])->run(argc, argv);
	finish_stdout();
	return status;
}
