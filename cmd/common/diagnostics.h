/* common/diagnostics.h - messages on stderr, and leaving with a status and a message */
#ifndef MQ_CMD_COMMON_DIAGNOSTICS_H
#define MQ_CMD_COMMON_DIAGNOSTICS_H

#include "mqspool.h"

/* Sets the name that begins every message: "mq-pub", "mq-ctl create".  Borrowed for good. */
void	diagnostics_name(const char *name);

/* Says what is wrong with the command line, points at --help, leaves with 64. */
void	usage_error(const char *fmt, ...)
	    __attribute__((noreturn, format(printf, 1, 2)));
/* Says why, and leaves with a status. */
void	fail(int status, const char *fmt, ...)
	    __attribute__((noreturn, format(printf, 2, 3)));
/* Says the text of an error of the library, and leaves with the status that fits it. */
void	fail_error(const struct mqs_error *) __attribute__((noreturn));
/* Says an error that does not end the tool, even with -q. */
void	report(const char *fmt, ...) __attribute__((format(printf, 1, 2)));
/* Says something unless -q was given. */
void	complain(const char *fmt, ...) __attribute__((format(printf, 1, 2)));
/* Says something if -v was given. */
void	note(const char *fmt, ...) __attribute__((format(printf, 1, 2)));

#endif
