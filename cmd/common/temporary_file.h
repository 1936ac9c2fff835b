/* common/temporary_file.h - unnamed files, for what is too long for memory */
#ifndef MQ_CMD_COMMON_TEMPORARY_FILE_H
#define MQ_CMD_COMMON_TEMPORARY_FILE_H

#include "mqspool.h"

/* Opens a new file in $TMPDIR, or /var/tmp, which goes with its last descriptor. */
int	temporary_file_open(int *fd, struct mqs_error *err);
/* Opens the same file again, read-only, with an offset of its own at the beginning. */
int	temporary_file_reopen(int *fd, int captured, struct mqs_error *err);

#endif
