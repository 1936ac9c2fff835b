/* common/help.h - answering --help, --version and --help-options from the option tables */
#ifndef MQ_CMD_COMMON_HELP_H
#define MQ_CMD_COMMON_HELP_H

#include "common/tool.h"

/* The options that every tool has; ends with id 0. */
extern const struct tool_option common_option_table[];

/* statuses: what it may end with, or NULL. */
void	print_help(const struct tool *, const struct tool_status *statuses);
void	print_version(const struct tool *);
/* One "-x<TAB>--long<TAB>ARG" a line, "-" for what is absent. */
void	print_options(const struct tool *);

#endif
