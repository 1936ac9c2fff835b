/* stat/check_errors.h - errors of mq-stat --check, which become part of its line */
#ifndef MQ_CMD_STAT_CHECK_ERRORS_H
#define MQ_CMD_STAT_CHECK_ERRORS_H

#include "base/bytes.h"

/* The plugin's states, which are its exit statuses. */
enum { PLUGIN_OK, PLUGIN_WARNING, PLUGIN_CRITICAL, PLUGIN_UNKNOWN };

/* Messages of the library and of the tool, each with NUL, until they are printed. */
extern struct mqs_buf check_errors;

/*
 * From now on every message is kept in check_errors, and every failure is a plugin's: one line on
 * stdout, "MQ UNKNOWN - reason", and status 3.
 */
void	check_errors_begin(void);
/* Keeps a message. */
void	check_errors_note(const char *text);

#endif
