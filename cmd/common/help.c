/*
 * common/help.c - answering --help, --version and --help-options from the option tables
 *
 * The answers are made from the tables that the parser uses, so they can't differ from
 * what is accepted.
 */
#include <stdio.h>
#include <string.h>

#include "common/help.h"
#include "common/tool.h"
#include "mqspool.h"

#define HELP_COLUMN	30	/* where the explanations begin */

const struct tool_option common_option_table[] = {
	{ 's', "spool", "DIR", "where the queues are, see below" },
	{ 'q', "quiet", NULL, "say nothing but errors" },
	{ 'v', "verbose", NULL, "say what is being done" },
	{ 'h', "help", NULL, "print this" },
	{ 'V', "version", NULL, "print the version" },
	{ 0, NULL, NULL, NULL }
};

/* The argument as it is attached to a long option's name, or " ARG". */
static int
format_option(char *to, size_t room, const struct tool_option *o)
{
	int n, optional = o->arg != NULL && o->arg[0] == '[';

	if (o->id < TOOL_LONG)
		n = snprintf(to, room, "-%c%s", o->id, o->name != NULL ? ", " : "");
	else
		n = snprintf(to, room, "    ");
	if (o->name != NULL)
		n += snprintf(to + n, room - (size_t)n, "--%s", o->name);
	if (optional)
		n += snprintf(to + n, room - (size_t)n, "[=%s", o->arg + 1);
	else if (o->arg != NULL)
		n += snprintf(to + n, room - (size_t)n, " %s", o->arg);
	return n;
}

static void
print_table(const struct tool_option *o)
{
	char left[128];
	int n;

	for (; o->id != 0; o++) {
		n = format_option(left, sizeof(left), o);
		if (n + 2 > HELP_COLUMN - 2)
			(void)printf("  %s\n%*s%s\n", left, HELP_COLUMN, "", o->help);
		else
			(void)printf("  %-*s%s\n", HELP_COLUMN - 2, left, o->help);
	}
}

static void
print_statuses(const struct tool_status *s)
{
	(void)printf("\nExit status:\n");
	for (; s->meaning != NULL; s++)
		(void)printf("  %-5d%s\n", s->status, s->meaning);
}

void
print_help(const struct tool *tool, const struct tool_status *statuses)
{
	const char *line = tool->synopsis, *before = "usage:";
	size_t n;

	for (;;) {
		n = strcspn(line, "\n");
		(void)printf("%s %s %.*s\n", before, tool->name, (int)n, line);
		if (line[n] == '\0')
			break;
		line += n + 1;
		before = "      ";
	}
	(void)printf("\n%s\n\n", tool->purpose);
	print_table(tool->options);
	print_table(common_option_table);
	(void)printf("\nThe queues are in the directory DIR of -s, else $MQ_SPOOL, else $XDG_STATE_HOME/mq,\n"
	    "else ~/.local/state/mq, or where HOME is not set, in /var/spool/mq.  mq(7) explains\n"
	    "MQ_SPOOL, MQ_AUTOCREATE, MQ_NOW, MQ_ENGINES, MQ_LIBEXEC and MQ_MAPSIZE; %.*s(1)\n"
	    "all of this.\n", (int)strcspn(tool->name, " "), tool->name);
	if (statuses != NULL)
		print_statuses(statuses);
}

void
print_version(const struct tool *tool)
{
	(void)printf("%s (mq) %s\n", tool->name, mqs_version());
}

static void
print_rows(const struct tool_option *o)
{
	for (; o->id != 0; o++) {
		if (o->id < TOOL_LONG)
			(void)printf("-%c\t", o->id);
		else
			(void)printf("-\t");
		(void)printf("%s%s\t%s\t%s\n", o->name != NULL ? "--" : "-",
		    o->name != NULL ? o->name : "", o->arg != NULL ? o->arg : "-", o->help);
	}
}

void
print_options(const struct tool *tool)
{
	print_rows(tool->options);
	print_rows(common_option_table);
}
