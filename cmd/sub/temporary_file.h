/* sub/temporary_file.h - files without a name, for what commands print or are to read */
#ifndef MQ_CMD_SUB_TEMPORARY_FILE_H
#define MQ_CMD_SUB_TEMPORARY_FILE_H

#include "mqspool.h"

/* A new file in $TMPDIR, or /tmp, that goes with its last descriptor. */
int	temporary_file_open(int *fd, struct mqs_error *err);
/* The same file from its beginning, for reading only, with an offset of its own. */
int	temporary_file_reopen(int *fd, int captured, struct mqs_error *err);

#endif
