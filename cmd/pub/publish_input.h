/* pub/publish_input.h - publishing all records of operands, of files, or of stdin */
#ifndef MQ_CMD_PUB_PUBLISH_INPUT_H
#define MQ_CMD_PUB_PUBLISH_INPUT_H

#include "pub/record.h"

/*
 * Each publishes all of its input and returns 1.  When a signal asks to stop, it publishes
 * the records that were read before (under --atomic none) and returns 0.
 */

/* n operands, each of them a record. */
int	publish_operands(struct recorder *, char **operands, int n);
/* n files, each of them a record. */
int	publish_files(struct recorder *, char **paths, int n);
/* The records of stdin, which end in delim (empty: all of it is one). */
int	publish_stdin(struct recorder *, struct mqs_slice delim);

#endif
