/* replay/request.h - what a call of mq-replay asks for */
#ifndef MQ_CMD_REPLAY_REQUEST_H
#define MQ_CMD_REPLAY_REQUEST_H

#include "base/clock.h"
#include "common/binding_options.h"
#include "common/printer.h"
#include "mqspool.h"
#include "replay/pace.h"

#define REPLAY_GRACE	MQS_SECOND	/* for what was published just before --until */

struct replay_request {
	struct mqs_reader_options reading;
	struct bindings	 bindings;
	struct pace	 pace;
	uint64_t	 count;		/* stop after so many; 0: no limit */
	int64_t		 deadline;	/* following: nothing comes after it; 0: none */
	struct printer	 printer;
	int		 rewind, dry_run, progress;
	const char	*to;
};

/* Reads the options; what makes no sense is a usage error, which ends the tool. */
void	replay_request(struct replay_request *, int argc, char **argv);

#endif
