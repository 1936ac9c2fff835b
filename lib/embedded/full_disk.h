/* full_disk.h - the error of a full disk, with the command that makes room */
#ifndef MQS_EMBEDDED_FULL_DISK_H
#define MQS_EMBEDDED_FULL_DISK_H

#include "embedded/spool.h"

/*
 * Returns rc.  If that is MQS_EFULL because the spool's disk is full, adds to err which
 * command makes room.
 */
int	mqs_full_disk_advise(const struct mqs_spool *, int rc, struct mqs_error *err);

#endif
