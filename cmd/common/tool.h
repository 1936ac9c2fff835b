/*
 * common/tool.h - how a tool describes its options, starts, and reads its command line
 *
 * Commands know mqspool.h, lib/base and lib/message, no other folder of the library.
 */
#ifndef MQ_CMD_COMMON_TOOL_H
#define MQ_CMD_COMMON_TOOL_H

/*
 * One row of a tool's option table.  The getopt string and --help are made from the
 * table, and completions and pages are tested against it: --help-options prints it, one
 * "-x<TAB>--long<TAB>ARG" a line, "-" for a part that is absent.
 */
struct tool_option {
	int		 id;	/* a letter, or from TOOL_LONG up: long only */
	const char	*name;	/* long name, or NULL */
	const char	*arg;	/* what its argument is called, "[NAME]" if optional, or NULL */
	const char	*help;	/* one line */
};
#define TOOL_LONG	256

/* A status that a tool ends with, and what it says; tested against the tool's page. */
struct tool_status {
	int		 status;
	const char	*meaning;
};

/* What these mean is the same for every tool. */
#define TOOL_STATUSES \
	{ 69, "the spool is of a kind or a version that is not supported" }, \
	{ 70, "a bug" }, \
	{ 71, "the system refused a resource" }

struct tool {
	const char		*name;		/* "mq-pub" */
	const char		*synopsis;	/* "[options] QUEUE [MESSAGE...]\n..." */
	const char		*purpose;	/* one line */
	const struct tool_option *options;	/* ends with id 0; without the common ones */
	/*
	 * Long names of the options that not every engine can honour, up to a NULL; NULL
	 * for none.  tool_ask asks about those that were given.
	 */
	const char *const	*asks;
	/* Up to one without a meaning.  NULL: those of the tool that was started before. */
	const struct tool_status *statuses;
	int			 stop_at_operand; /* 1: options end at the first operand */
};

/*
 * Starts a tool: messages begin with its name; descriptors 0 to 2 that are closed are
 * opened on /dev/null, so that no file of the spool lands there; SIGPIPE and SIGXFSZ
 * are ignored; SIGUSR1 does not kill it (see progress.h); SIGSEGV and SIGBUS (a damaged map) end
 * it with 74; the environment is read.
 */
void	tool_start(const struct tool *, int argc, char **argv);
/*
 * The next option: its id, with *arg; 0 when the operands begin, argv[tool_operand()]
 * and on.  -s -q -v -h -V are handled in here.  An unknown option, or one without its
 * argument, ends the tool with 64.
 */
int	tool_option(const char **arg);
int	tool_operand(void);
/* Says what is missing ("no queue was named") and the tool's synopsis; leaves with 64. */
void	tool_lacks(const char *what) __attribute__((noreturn));
/*
 * How many operands came before a "--", or -1 if there was none (the "--" is not among
 * the operands).  Options and operands may be mixed unless stop_at_operand; "-5" is an
 * operand where no option is called 5.
 */
int	tool_dashes(void);
/*
 * Ends the tool with 69 if the engine that serves the spool can't honour an option that
 * was given.  open_spool calls it, before anything is begun.
 */
struct mqs_spool;
void	tool_ask(const struct mqs_spool *);

#endif
