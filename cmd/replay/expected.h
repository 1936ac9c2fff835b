/* replay/expected.h - how many messages are to be printed, for progress */
#ifndef MQ_CMD_REPLAY_EXPECTED_H
#define MQ_CMD_REPLAY_EXPECTED_H

#include "mqspool.h"
#include "replay/merge.h"

/*
 * Begins the step of progress: *printed of what is expected, count at the most if it is not 0.
 */
void	expected_begin(const struct merge *, struct mqs_spool *,
	    const struct mqs_reader_options *, uint64_t count, const uint64_t *printed);

#endif
