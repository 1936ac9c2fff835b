/* ctl/schema_argument.h - a JSON Schema that an argument gives, or names */
#ifndef MQ_CMD_CTL_SCHEMA_ARGUMENT_H
#define MQ_CMD_CTL_SCHEMA_ARGUMENT_H

#include "base/bytes.h"

/*
 * Appends the schema's text to a buffer.  An argument that begins with `{', and `true' and
 * `false', are the schema itself; any other is the name of a file.  A file that can't be
 * read, or is no text, ends the tool with 65.
 */
void	schema_argument(struct mqs_buf *, const char *arg);

#endif
