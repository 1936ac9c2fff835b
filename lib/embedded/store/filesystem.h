/* filesystem.h - can a spool live on this filesystem */
#ifndef MQS_EMBEDDED_STORE_FILESYSTEM_H
#define MQS_EMBEDDED_STORE_FILESYSTEM_H

#include "mqspool.h"

/*
 * MQS_ENOTSUP if fd (of a directory) is on a network filesystem, where mapped memory
 * and locks are not shared with other machines.  path begins messages.
 */
int	mqs_filesystem_check(int fd, const char *path, struct mqs_error *err);

#endif
