/*
 * vanish.h - removing the groups whose time is over (queue/over.h)
 *
 * Publishers do it when they trim; this is for those who have no reason to: who opens a
 * consumer, or is told to clean up.  A page of another boot tells nothing, and is
 * mended first.
 */
#ifndef MQS_ENGINE_VANISH_H
#define MQS_ENGINE_VANISH_H

#include "engine/spool.h"

int	mqs_vanish(struct mqs_spool *, struct mqs_log *, struct mqs_error *err);
/* Removes a temporary group at the end of its own consumer. */
int	mqs_vanish_own(struct mqs_group *, struct mqs_error *err);

#endif
