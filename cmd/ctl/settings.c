/*
 * ctl/settings.c - mq-ctl set and show
 *
 * `show' prints what `set' reads: lines NAME=VALUE, and comments, which `set' passes over.  `set' gathers all of its input
 * first and passes it to the library in one call, which sets everything or nothing.  A
 * value with control characters is refused, so a value is always one line.
 *
 * A schema is given by the name of its file, or as the text itself, which is what `show'
 * prints: the library stores it in one line.
 */
#include <errno.h>
#include <stdio.h>
#include <string.h>

#include "base/bytes.h"
#include "common/arguments.h"
#include "common/diagnostics.h"
#include "common/exit_status.h"
#include "common/open_spool.h"
#include "common/output.h"
#include "common/suggest_name.h"
#include "common/tool.h"
#include "ctl/schema_argument.h"
#include "ctl/show_groups.h"
#include "ctl/subcommand.h"
#include "ctl/subcommands.h"
#include "ctl/suggest_setting.h"
#include "mqspool.h"

enum { OPT_CHANGED = TOOL_LONG };

#define INPUT_MAX	(65536 + (1 << 20))	/* a setting is 1,023 bytes at most, a schema 1 MiB, */
#define PAIRS_MAX	256	/* and there are far fewer */
#define SCHEMA		"schema="

static int
is_control(char c)
{
	return (unsigned char)c < ' ' || c == 0x7f;
}

/* What is wrong with a setting as it was written; NULL if nothing. */
static const char *
malformed(const char *pair)
{
	const char *equals = strchr(pair, '=');

	if (equals == NULL || equals == pair)
		return "not NAME=VALUE";
	if (strncmp(pair, SCHEMA, strlen(SCHEMA)) == 0)
		return NULL;	/* as it stands in a file, perhaps */
	for (; *pair != '\0'; pair++)
		if (is_control(*pair))
			return "holds a control character";
	return NULL;
}

/*
 * All of stdin, with NUL; no more of it than settings can be.  Of comments, which may be much
 * more (the groups of a queue), only the ends of their lines are kept.
 */
static size_t
read_input(char input[INPUT_MAX + 1])
{
	int c, comment = 0;
	size_t n = 0;

	while ((c = getc(stdin)) != EOF) {
		if (c == '#' && (n == 0 || input[n - 1] == '\n'))
			comment = 1;
		if (c == '\n')
			comment = 0;
		if (comment)
			continue;
		if (n == INPUT_MAX)
			fail(STATUS_DATA, "stdin: more than %d bytes", INPUT_MAX);
		input[n++] = (char)c;
	}
	if (ferror(stdin))
		fail(STATUS_IO, "stdin: %s", strerror(errno));
	if (memchr(input, '\0', n) != NULL)
		fail(STATUS_DATA, "stdin: a NUL");
	input[n] = '\0';
	return n;
}

/* The settings on stdin, past empty lines and comments; returns how many. */
static int
read_pairs(char input[INPUT_MAX + 1], const char *pairs[PAIRS_MAX])
{
	const char *end = input + read_input(input), *why;
	char *line, *next;
	int number = 1, n = 0;

	for (line = input; line < end; line = next, number++) {
		next = line + strcspn(line, "\n");
		*next++ = '\0';
		if (line[0] == '\0' || line[0] == '#')
			continue;
		if ((why = malformed(line)) != NULL)
			fail(STATUS_DATA, "stdin: line %d: %s", number, why);
		if (n == PAIRS_MAX)
			fail(STATUS_DATA, "stdin: line %d: more than %d settings",
			    number, PAIRS_MAX);
		pairs[n++] = line;
	}
	return n;
}

/* The pair with the text of a schema, made in a buffer, where its file's name stands. */
static const char *
with_schema(const char *pair, struct mqs_buf *text)
{
	if (strncmp(pair, SCHEMA, strlen(SCHEMA)) != 0 || pair[strlen(SCHEMA)] == '\0')
		return pair;
	must(mqs_buf_add(text, SCHEMA, strlen(SCHEMA)));
	schema_argument(text, pair + strlen(SCHEMA));
	must(mqs_buf_addc(text, '\0'));
	return text->p;
}

static int
run_set(int argc, char **argv)
{
	static char input[INPUT_MAX + 1];
	static struct mqs_buf schemas[PAIRS_MAX];
	char queue[MQS_NAME_MAX + 1], group[MQS_NAME_MAX + 1];
	const char *pairs[PAIRS_MAX], *why;
	struct mqs_spool *spool;
	struct mqs_error err;
	int i, n, rc;

	ctl_start(&ctl_set, argc, argv);
	argv += tool_operand();
	argc -= tool_operand();
	if (argc == 0)
		tool_lacks("no queue was named");
	arg_queue(argv[0], queue, group);
	if (argc - 1 > PAIRS_MAX)
		usage_error("more than %d settings", PAIRS_MAX);
	for (i = 1; i < argc; i++) {
		if ((why = malformed(argv[i])) != NULL)
			usage_error("'%s': %s", argv[i], why);
		pairs[i - 1] = argv[i];
	}
	n = argc > 1 ? argc - 1 : read_pairs(input, pairs);
	for (i = 0; i < n; i++)
		pairs[i] = group[0] == '\0' ? with_schema(pairs[i], &schemas[i]) :
		    pairs[i];
	spool = open_spool(0);
	rc = mqs_set(spool, queue, group[0] != '\0' ? group : NULL, pairs, (size_t)n, &err);
	if (rc < 0) {
		suggest_name(spool, queue, group[0] != '\0' ? group : NULL, &err);
		suggest_setting(spool, queue, group[0] != '\0' ? group : NULL, pairs, n, &err);
		fail_error(&err);
	}
	for (i = 0; i < n; i++)
		mqs_buf_free(&schemas[i]);
	mqs_spool_free(spool);
	return STATUS_OK;
}

static const struct tool_option no_options[] = { { 0 } };

const struct ctl_command ctl_set = {
	.name = "set",
	.tool = {
		.name = "mq-ctl set",
		.synopsis = "[options] QUEUE[/GROUP] [NAME=VALUE...]",
		.purpose = "Changes settings, all or none; without NAME=VALUE, those on stdin, one a line.\n"
		    "An empty VALUE is the default.  mq-ctl(1) lists the names.  schema=FILE reads a file.",
		.options = no_options
	},
	.run = run_set
};

struct listing {
	int		 changed_only;
	int		 titles;	/* of several: say whose settings these are */
	struct mqs_buf	 text;
};

static int
show_setting(void *arg, const char *name, const char *value, int is_default)
{
	struct listing *l = arg;

	if (is_default && l->changed_only)
		return 0;
	must(mqs_buf_addf(&l->text, "%s=", name));
	for (; *value != '\0'; value++) {
		/* Another program may have set what this one would not. */
		if (*value == 0x7f && strcmp(name, "schema") == 0)
			must(mqs_buf_addf(&l->text, "\\u007f"));
		else if (is_control(*value))
			must(mqs_buf_addf(&l->text, "\\%03o", (unsigned)*value));
		else
			must(mqs_buf_addc(&l->text, *value));
	}
	must(mqs_buf_addc(&l->text, '\n'));
	return 0;
}

/* A pause is no setting: a line that `set' passes over. */
static int
note_queue(void *arg, const struct mqs_queue_stat *q)
{
	struct listing *l = arg;

	if (q->paused)
		must(mqs_buf_addf(&l->text, "# paused\n"));
	return 0;
}

static int
note_group(void *arg, const struct mqs_group_stat *g)
{
	struct listing *l = arg;

	if (g->paused)
		must(mqs_buf_addf(&l->text, "# paused\n"));
	return 0;
}

static int
show(void *arg, struct mqs_spool *spool, const char *queue, const char *group,
    struct mqs_error *err)
{
	struct listing *l = arg;
	int rc;

	if (l->titles)
		must(mqs_buf_addf(&l->text, "# %s%s%s\n", queue,
		    group != NULL ? "/" : "", group != NULL ? group : ""));
	if ((rc = mqs_show(spool, queue, group, show_setting, l, err)) >= 0)
		rc = mqs_stat(spool, queue, group, note_queue,
		    group != NULL ? note_group : NULL, l, err);
	if (rc == MQS_ENOTSUP)
		rc = MQS_OK;	/* an engine that can't tell does not pause, either */
	if (rc >= 0 && !l->changed_only)
		rc = group != NULL ? show_consumers(&l->text, spool, queue, group, err) :
		    show_groups(&l->text, spool, queue, err);
	/* Printed only now: the library may call from inside a snapshot. */
	if (rc >= 0 && l->text.n > 0)
		fwrite(l->text.p, 1, l->text.n, stdout);
	l->text.n = 0;
	return rc;
}

static int
run_show(int argc, char **argv)
{
	struct listing l = { 0 };
	const char *arg;
	int status;

	tool_start(&ctl_show.tool, argc, argv);
	while (tool_option(&arg) != 0)
		l.changed_only = 1;
	argv += tool_operand();
	argc -= tool_operand();
	l.titles = argc > 1;
	status = ctl_each(argv, argc, CTL_QUEUES_AND_GROUPS, 0, show, &l);
	mqs_buf_free(&l.text);
	return status;
}

static const struct tool_option show_options[] = {
	{ OPT_CHANGED, "changed", NULL, "only what has been set" },
	{ 0 }
};

const struct ctl_command ctl_show = {
	.name = "show",
	.tool = {
		.name = "mq-ctl show",
		.synopsis = "[options] QUEUE[/GROUP]...",
		.purpose = "Prints settings as NAME=VALUE, as `mq-ctl set QUEUE' reads them, and in comments\n"
		    "the queue's groups, their bindings and who consumes.",
		.options = show_options
	},
	.run = run_show
};
