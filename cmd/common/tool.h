/*
 * common/tool.h - what every tool does alike: options, messages, statuses, signals
 *
 * Commands know mqspool.h, lib/base and lib/message; never store, queue or engine.
 */
#ifndef MQ_CMD_COMMON_TOOL_H
#define MQ_CMD_COMMON_TOOL_H

#include <signal.h>
#include <stddef.h>
#include <stdint.h>

#include "mqspool.h"

/* Exit statuses, as every page tabulates them. */
enum {
	STATUS_OK = 0,
	STATUS_NOTHING = 1,	/* nothing was delivered */
	STATUS_USAGE = 64,
	STATUS_DATA = 65,	/* bad input on stdin or in a file */
	STATUS_MISSING = 66,	/* no such queue, group or receipt */
	STATUS_UNSUPPORTED = 69,
	STATUS_BUG = 70,
	STATUS_SYSTEM = 71,
	STATUS_IO = 74,		/* I/O error or damaged spool */
	STATUS_AGAIN = 75,	/* full, in use, lost a race, time ran out */
	STATUS_PERMISSION = 77,
	STATUS_CONFIG = 78
};

/*
 * One declarative table a tool gives the getopt string, --help, and the list that
 * completions and pages are tested against (--help-options prints it, one
 * "-x<TAB>--long<TAB>ARG" a line, "-" for what is absent; itself unlisted).
 */
struct tool_option {
	int		 id;	/* a letter, or from TOOL_LONG up: long only */
	const char	*name;	/* long name, or NULL */
	const char	*arg;	/* what its argument is called, "[NAME]" if optional, or NULL */
	const char	*help;	/* one line */
};
#define TOOL_LONG	256

struct tool {
	const char		*name;		/* "mq-pub" */
	const char		*synopsis;	/* "[options] QUEUE [MESSAGE...]\n..." */
	const char		*purpose;	/* one line */
	const struct tool_option *options;	/* ends with id 0; without the common ones */
	int			 stop_at_operand; /* 1: options end at the first operand */
};

/* What -s -q -v and the environment said. */
struct tool_common {
	const char	*spool;		/* resolved: -s, $MQ_SPOOL, $XDG_STATE_HOME/mq, ... */
	int		 quiet, verbose;
	int64_t		 clock_shift;	/* $MQ_NOW */
	int		 autocreate;	/* unless MQ_AUTOCREATE=no */
};
extern struct tool_common common;	/* a command's own, not the library's */

/*
 * Starts a tool: program name, locale-free, closed descriptors 0 to 2 reopened on
 * /dev/null so that no spool file lands there, SIGPIPE and SIGXFSZ ignored,
 * SIGSEGV and SIGBUS (damaged map) reported with status 74, MQ_NOW read.
 */
void	tool_start(const struct tool *, int argc, char **argv);
/*
 * The next option: its id, with *arg; 0 when operands begin (they are then
 * argv[tool_operand()]...).  Handles -s -q -v -h --help -V --version itself; an
 * unknown option or missing argument ends with 64.
 */
int	tool_option(const char **arg);
int	tool_operand(void);
/*
 * How many operands came before a "--", or -1 if there was none (the "--" itself is
 * not among the operands).  Options and operands may be mixed unless
 * stop_at_operand; "-5" is an operand where no option is called 5.
 */
int	tool_dashes(void);

/* "mq-pub: ..." on stderr and leave with STATUS_USAGE, pointing at --help. */
void	usage_error(const char *fmt, ...)
	    __attribute__((noreturn, format(printf, 1, 2)));
/* Leave with another status. */
void	fail(int status, const char *fmt, ...)
	    __attribute__((noreturn, format(printf, 2, 3)));
/* Leave with the status that fits an error of the library, and its text. */
void	fail_error(const struct mqs_error *) __attribute__((noreturn));
int	status_of(int mqs_code);
/* An error that does not end the tool: said even with -q. */
void	report(const char *fmt, ...) __attribute__((format(printf, 1, 2)));
/* Only with -v. */
void	note(const char *fmt, ...) __attribute__((format(printf, 1, 2)));
/* Unless -q. */
void	complain(const char *fmt, ...) __attribute__((format(printf, 1, 2)));

/* Arguments of options; a malformed one ends with 64 and names the option. */
int64_t	arg_duration(const char *option, const char *s);
int64_t	arg_time(const char *option, const char *s);	/* as of now + clock_shift */
uint64_t arg_size(const char *option, const char *s);
uint64_t arg_number(const char *option, const char *s, uint64_t min, uint64_t max);
/* -H: adds a header NAME=VALUE to a buffer of headers (struct mqs_buf). */
struct mqs_buf;
void	arg_header(struct mqs_buf *headers, const char *s);
/* Splits an operand QUEUE[/GROUP] (group "" if absent); ends with 64 if malformed. */
void	arg_queue(const char *s, char queue[MQS_NAME_MAX + 1], char group[MQS_NAME_MAX + 1]);

/* Opens the spool as the common options say; ends the tool on failure. */
struct mqs_spool *open_spool(unsigned flags);

/*
 * Signals.  SIGPIPE and SIGXFSZ stay ignored from tool_start on: who spawns a command
 * gives it their defaults back.
 *
 * Catches SIGINT, SIGTERM and SIGHUP (not one that was ignored when the tool started): the first asks to stop (`stopping' becomes the
 * signal; the library's waits return MQS_EINTR if `interrupt_waits').  signal_end
 * leaves the way signals ask for: SIGTERM and SIGHUP with `status', SIGINT by dying
 * of it.
 */
extern volatile sig_atomic_t stopping;
void	catch_signals(int interrupt_waits);
void	signal_end(int status) __attribute__((noreturn));
/* Calls fn, once, when the tool ends in any of these ways or with exit(3). */
void	at_end(void (*fn)(void));
/*
 * Lets the library's waits go on for so many ms although `stopping' is set, so that what
 * was begun can be finished; from the signal on, or from now if it has come already.
 */
void	stop_grace(int ms);
/* mqs_options.interrupted of what open_spool opens. */
int	interrupted(void *);
/*
 * poll(2) that none of these signals can slip past: -1 and EINTR if `stopping' is set
 * already or gets set meanwhile.
 */
struct pollfd;
int	wait_poll(struct pollfd *, unsigned n, int timeout_ms);

#endif
