/* common/diagnostics.h - messages on stderr, and leaving with a status and a message */
#ifndef MQ_CMD_COMMON_DIAGNOSTICS_H
#define MQ_CMD_COMMON_DIAGNOSTICS_H

#include <signal.h>

#include "mqspool.h"

/* Sets the name that begins every message: "mq-pub", "mq-ctl create".  Borrowed for good. */
void	diagnostics_name(const char *name);

/*
 * Has fn called with each message instead of writing it to stderr; hints are left out.  status is
 * STATUS_OK, or the status that the tool is to end with for that reason: then fn must not return.
 */
void	diagnostics_divert(void (*fn)(int status, const char *text));

/* Has fn called before each message: what stands on the terminal may have to go. */
void	diagnostics_before(void (*fn)(void));

/*
 * Once *asked is not 0, a signal ends the wait for somebody who reads stderr, and what is left of
 * the message is lost.
 */
void	diagnostics_wait_until(const volatile sig_atomic_t *asked);

/* Says what is wrong with the command line, points at --help, leaves with 64. */
void	usage_error(const char *fmt, ...)
	    __attribute__((noreturn, format(printf, 1, 2)));
/* Says why, and leaves with a status. */
void	fail(int status, const char *fmt, ...)
	    __attribute__((noreturn, format(printf, 2, 3)));
/* The same at once, without exit handlers: locks and maps go with the process, in no order. */
void	fail_now(int status, const char *fmt, ...)
	    __attribute__((noreturn, format(printf, 2, 3)));
/* Says the text of an error of the library; if it is that there is no spool, how to begin one. */
void	report_error(const struct mqs_error *);
/* The same, and leaves with the status that fits it. */
void	fail_error(const struct mqs_error *) __attribute__((noreturn));
/* Says an error that does not end the tool, even with -q. */
void	report(const char *fmt, ...) __attribute__((format(printf, 1, 2)));
/* A line that helps, without the tool's name, after the one that says what is wrong. */
void	hint(const char *fmt, ...) __attribute__((format(printf, 1, 2)));
/* Says something unless -q was given. */
void	complain(const char *fmt, ...) __attribute__((format(printf, 1, 2)));
/*
 * From now on, `fn' is also called with each text that report says, and each that complain
 * says, even with -q; NULL: no more.
 */
void	diagnostics_also(void (*fn)(void *arg, const char *text), void *arg);
/* Says something if -v was given. */
void	note(const char *fmt, ...) __attribute__((format(printf, 1, 2)));

#endif
