/* consume_run.h - the end of runs: handlers that work on deliveries */
#ifndef MQS_EMBEDDED_CONSUME_RUN_H
#define MQS_EMBEDDED_CONSUME_RUN_H

#include "embedded/consume_state.h"

/* Ends the runs whose deliveries are settled by now: clears their slots in the owner file. */
void	mqs_runs_end(struct mqs_consumer *);
/* Frees the runs whose deliveries were never settled; their slots stay, for consume_reclaim.h. */
void	mqs_runs_forget(struct mqs_consumer *);

#endif
