/*
 * common/tool.c - how every tool starts, and how it reads its command line
 *
 * getopt_long(3) reads the options.  Operands are gathered here and not by its
 * permutation, for three reasons: "-5" can be an operand where no option is called 5; a
 * tool can learn where "--" was; and the operands end up together at the end of argv in
 * every libc.
 *
 * Everything in argv before optind has been read.  Operands that were met are moved to
 * argv[1], argv[2], ..., which is always before optind.  At the end they are moved to
 * just before the words that were not read.
 */
#include <bsd/string.h>

#include <ctype.h>
#include <errno.h>
#include <fcntl.h>
#include <getopt.h>
#include <signal.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>
#include <unistd.h>

#include "common/common_options.h"
#include "common/damage.h"
#include "common/diagnostics.h"
#include "common/environment.h"
#include "common/exit_status.h"
#include "common/help.h"
#include "common/output.h"
#include "common/progress_signal.h"
#include "common/suggest.h"
#include "common/tool.h"
#include "mqspool.h"

#define OPTIONS_MAX	64

static const struct tool *tool;
static const struct tool_status *statuses;
static char **args;
static int n_args;
static char letters[2 + 3 * OPTIONS_MAX + 1];
static struct option longs[OPTIONS_MAX + 1];
static int met;		/* operands met, in args[1] and on */
static int inside;	/* optind is at a cluster of letters, half read */
static int dashes = -1;
static int first_operand;
static const char *asked[OPTIONS_MAX];	/* of tool->asks: those that were given */
static size_t n_asked;

static void
add_options(const struct tool_option *o)
{
	size_t n_letters = strlen(letters), n_longs = 0;
	int colons;

	while (longs[n_longs].name != NULL)
		n_longs++;
	for (; o->id != 0; o++) {
		if (n_longs == OPTIONS_MAX)
			fail(STATUS_BUG, "more than %d options", OPTIONS_MAX);
		colons = o->arg == NULL ? 0 : o->arg[0] == '[' ? 2 : 1;
		if (o->id < TOOL_LONG) {
			letters[n_letters++] = (char)o->id;
			memcpy(letters + n_letters, "::", (size_t)colons);
			n_letters += (size_t)colons;
		}
		if (o->name == NULL)
			continue;
		longs[n_longs].name = o->name;
		longs[n_longs].has_arg = colons == 2 ? optional_argument :
		    colons == 1 ? required_argument : no_argument;
		longs[n_longs++].val = o->id;
	}
}

/*
 * A descriptor 0, 1 or 2 that is closed would be given to the next file opened, and a
 * message meant for stderr would land in it.  What takes its place can't be used for
 * what the descriptor is for, so that use of it is still an error.
 */
static void
keep_standard_descriptors(void)
{
	int fd, got;

	for (fd = STDIN_FILENO; fd <= STDERR_FILENO; fd++) {
		if (fcntl(fd, F_GETFD) != -1 || errno != EBADF)
			continue;
		got = open("/dev/null", fd == STDIN_FILENO ? O_WRONLY : O_RDONLY);
		if (got != fd)
			_exit(STATUS_SYSTEM);
	}
}

void
tool_start(const struct tool *t, int argc, char **argv)
{
	tool = t;
	if (t->statuses != NULL)
		statuses = t->statuses;
	args = argv;
	n_args = argc;
	diagnostics_name(t->name);
	keep_standard_descriptors();
	(void)signal(SIGPIPE, SIG_IGN);
	(void)signal(SIGXFSZ, SIG_IGN);
	progress_signal_catch(t->name);
	damage_catch_faults(t->name, "spool");
	environment_read();
	/* All anew: mq-ctl starts a second time, as its subcommand. */
	memset(letters, 0, sizeof(letters));
	memset(longs, 0, sizeof(longs));
	met = inside = 0;
	n_asked = 0;
	dashes = -1;
	memcpy(letters, "+:", 3);
	add_options(t->options);
	add_options(common_option_table);
	opterr = 0;
	optind = 1;
	if (argc == 2 && strcmp(argv[1], "--help-options") == 0) {
		print_options(t);
		finish_stdout();
		exit(STATUS_OK);
	}
}

static int
looks_like_operand(const char *s)
{
	if (s[0] != '-' || s[1] == '\0')
		return 1;
	return s[1] >= '0' && s[1] <= '9' && strchr(letters, s[1]) == NULL;
}

/* No option has this letter; one with the other case of it may have been meant. */
static void __attribute__((noreturn))
unknown_letter(int letter)
{
	int other = islower(letter) ? toupper(letter) : tolower(letter);

	if (other != letter && other != ':' && strchr(letters, other) != NULL)
		usage_error("no option -%c; did you mean -%c?", letter, other);
	usage_error("no option -%c", letter);
}

/* n bytes of `--name' abbreviate no option, or several. */
static void __attribute__((noreturn))
unknown_name(const char *given, size_t n)
{
	struct suggestion near;
	char like[256] = "";
	size_t i;

	suggest_begin(&near, given + 2, n - 2);
	for (i = 0; longs[i].name != NULL; i++) {
		suggest_offer(&near, longs[i].name);
		if (n == 2 || strncmp(longs[i].name, given + 2, n - 2) != 0)
			continue;
		(void)strlcat(like, like[0] == '\0' ? ": --" : ", --", sizeof(like));
		(void)strlcat(like, longs[i].name, sizeof(like));
	}
	if (like[0] != '\0')
		usage_error("ambiguous option %.*s%s", (int)n, given, like);
	usage_error("no option %.*s%s", (int)n, given, suggest_text(&near, "--"));
}

static void __attribute__((noreturn))
unknown_option(void)
{
	const char *given = args[optind - 1];
	size_t n = strcspn(given, "=");

	if (optopt != 0 && optopt < TOOL_LONG && !(given[0] == '-' && given[1] == '-'))
		unknown_letter(optopt);
	if (optopt != 0)
		usage_error("option %.*s takes no argument", (int)n, given);
	unknown_name(given, n);
}

static void __attribute__((noreturn))
missing_argument(void)
{
	const char *given = args[optind - 1];

	if (given[0] == '-' && given[1] == '-')
		usage_error("option %s needs an argument", given);
	usage_error("option -%c needs an argument", optopt);
}

/* The next option's id, or 0 when only operands are left. */
static int
next_option(void)
{
	int before, id;

	for (;;) {
		if (!inside && optind < n_args && looks_like_operand(args[optind])) {
			if (tool->stop_at_operand)
				return 0;
			args[++met] = args[optind++];
			continue;
		}
		before = optind;
		id = getopt_long(n_args, args, letters, longs, NULL);
		inside = optind == before;
		if (id == -1) {
			if (optind > before)
				dashes = met;
			return 0;
		}
		if (id == '?')
			unknown_option();
		if (id == ':')
			missing_argument();
		return id;
	}
}

static int
common_option(int id)
{
	switch (id) {
	case 's':
		if (optarg[0] == '\0')
			usage_error("-s: the spool's name is empty");
		common.spool = optarg;
		return 1;
	case 'q':
		common.quiet = 1;
		return 1;
	case 'v':
		common.verbose = 1;
		return 1;
	case 'h':
		print_help(tool, statuses);
		break;
	case 'V':
		print_version(tool);
		break;
	default:
		return 0;
	}
	finish_stdout();
	exit(STATUS_OK);
}

/* Notes that an option was given, if the engine is to be asked about it. */
static void
note_asked(int id)
{
	const struct tool_option *o = tool->options;
	size_t i;

	while (o->id != 0 && o->id != id)
		o++;
	for (i = 0; o->name != NULL && tool->asks != NULL && tool->asks[i] != NULL; i++)
		if (strcmp(tool->asks[i], o->name) == 0 && n_asked < OPTIONS_MAX)
			asked[n_asked++] = o->name;
}

void
tool_ask(const struct mqs_spool *spool)
{
	const char *instead;
	size_t i;

	for (i = 0; i < n_asked; i++) {
		if (mqs_can(spool, asked[i]))
			continue;
		if ((instead = mqs_instead(spool, asked[i])) != NULL)
			fail(STATUS_UNSUPPORTED, "--%s: the %s engine can't do that: %s",
			    asked[i], mqs_engine(spool), instead);
		fail(STATUS_UNSUPPORTED, "--%s: the %s engine can't do that "
		    "(see Engines in mq(7))", asked[i], mqs_engine(spool));
	}
}

int
tool_option(const char **arg)
{
	int id;

	while ((id = next_option()) != 0) {
		if (common_option(id))
			continue;
		note_asked(id);
		*arg = optarg;
		return id;
	}
	first_operand = optind - met;
	memmove(args + first_operand, args + 1, (size_t)met * sizeof(*args));
	if (common.spool == NULL)
		common.spool = environment_spool();
	damage_catch_faults(tool->name, common.spool);
	return 0;
}

int
tool_operand(void)
{
	return first_operand;
}

void
tool_lacks(const char *what)
{
	usage_error("%s: %s %.*s", what, tool->name, (int)strcspn(tool->synopsis, "\n"),
	    tool->synopsis);
}

int
tool_dashes(void)
{
	return dashes;
}
