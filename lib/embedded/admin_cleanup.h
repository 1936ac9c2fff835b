/* admin_cleanup.h - collecting what crashes left in a queue's directory */
#ifndef MQS_EMBEDDED_ADMIN_CLEANUP_H
#define MQS_EMBEDDED_ADMIN_CLEANUP_H

#include "embedded/queue/log.h"

int	mqs_clean_up(struct mqs_log *, struct mqs_error *err);

#endif
