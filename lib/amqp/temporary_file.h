/*
 * temporary_file.h - files without a name, for large bodies
 *
 * They are in $TMPDIR, else in /tmp, and are gone with their last descriptor.
 */
#ifndef MQS_AMQP_TEMPORARY_FILE_H
#define MQS_AMQP_TEMPORARY_FILE_H

#include <stddef.h>

#include "mqspool.h"

/* Makes one, open for reading and writing. */
int	mqs_amqp_temporary_file(int *fd, struct mqs_error *err);
/* Writes n bytes at the descriptor's offset. */
int	mqs_amqp_temporary_write(int fd, const void *bytes, size_t n, struct mqs_error *err);

#endif
