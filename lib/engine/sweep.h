/* sweep.h - collecting what crashes left in a queue's directory */
#ifndef MQS_ENGINE_SWEEP_H
#define MQS_ENGINE_SWEEP_H

#include "queue/log.h"

int	mqs_sweep(struct mqs_log *, struct mqs_error *err);

#endif
