/*
 * check_finding.h - a check under way, and telling what it finds
 *
 * Damage does not end a check.  Each finding is one line of text, which is handed to the
 * caller's function at once and counted.
 */
#ifndef MQS_EMBEDDED_CHECK_FINDING_H
#define MQS_EMBEDDED_CHECK_FINDING_H

#include "embedded/spool.h"

struct mqs_checking {
	struct mqs_spool	*spool;
	struct mqs_log		*log;
	mqs_finding_fn		*finding;	/* the caller's; may be NULL */
	void			*arg;
	uint64_t		*findings, *messages;	/* how many so far */
	int			 log_unsafe;	/* the log's pages are damaged: it can't be read */
	uint64_t		 lv[MQS_LOG_VALUES];	/* the log's state, in the snapshot that is checked */
	struct mqs_error	*err;
};

/* Tells a finding, as printf would; the name of the queue is put before it. */
void	mqs_check_found(struct mqs_checking *, const char *fmt, ...)
	    __attribute__((format(printf, 2, 3)));
/* Tells what was wrong and is repaired, which does not count. */
void	mqs_check_repaired(struct mqs_checking *, const char *fmt, ...)
	    __attribute__((format(printf, 2, 3)));
/* Tells what is no fault, and does not count. */
void	mqs_check_noted(struct mqs_checking *, const char *fmt, ...)
	    __attribute__((format(printf, 2, 3)));

#endif
