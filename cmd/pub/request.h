/* pub/request.h - mq-pub's command line */
#ifndef MQ_CMD_PUB_REQUEST_H
#define MQ_CMD_PUB_REQUEST_H

#include "base/bytes.h"
#include "message/framing.h"
#include "mqspool.h"
#include "pub/delivery_options.h"

/* What the command line said. */
struct request {
	int		 files, one, json, print_ids, receipts, atomic, mandatory, mirror, call;
	int		 progress;
	int64_t		 wait;		/* ns; -1: for ever */
	const char	*key, *reject_to, *expect_last;
	char		 delim[MQS_DELIM_MAX], key_delim[MQS_DELIM_MAX];
	size_t		 delim_len, key_delim_len;
	int		 delim_given;
	struct mqs_buf	 headers;
	struct delivery_options	 delivery;
	char		 queue[MQS_NAME_MAX + 1];
	char		**operands;
	int		 n_operands;
};

/* Starts the tool and reads its command line; ends it if that makes no sense. */
void	request_read(struct request *, int argc, char **argv);

#endif
