/* sub/sub.h - mq-sub's state: what the command line asked for, and how far it is */
#ifndef MQ_CMD_SUB_SUB_H
#define MQ_CMD_SUB_SUB_H

#include <poll.h>
#include <stddef.h>
#include <stdint.h>

#include "common/binding_options.h"
#include "common/printer.h"
#include "mqspool.h"

struct sub {
	struct mqs_spool	*spool;
	struct mqs_consumer	*consumer;
	/*
	 * Deliveries end with the consumer, so others settle by asking it: it has to be
	 * serviced all the time.
	 */
	int			 serves;

	/* What was asked for. */
	char		 queue[MQS_NAME_MAX + 1];
	char		 group[MQS_NAME_MAX + 1];
	char		 uuid[MQS_UUID_SIZE];
	const char	*queue_uuid;	/* of the queue; NULL: envelopes do not need it, or have none */
	struct bindings	 bindings;
	struct mqs_consumer_options options;
	const char	*settings[4];	/* of a new group; options point here */
	uint64_t	 count;		/* deliveries wanted; 0: no limit */
	int64_t		 idle;		/* stop after nothing for so long; -1: never */
	int		 must_exist;	/* -e: the queue is not to be made */
	size_t		 workers;
	size_t		 hold;		/* claim ahead at least so many; options.prefetch at most */
	char		**command;	/* NULL: to stdout */
	char		 to[MQS_NAME_MAX + 1];	/* --to: queue of the command's output; "": none */
	int		 copy_meta;	/* --to: outputs have the key and headers of the input */
	int		 whole;		/* --to: all of an output is one message */
	size_t		 batch;		/* messages for a command at most; 0: just one */
	int64_t		 timeout;	/* ns that a command may take; 0: no limit */
	struct printer	 printer;

	/* How far it is. */
	uint64_t	 read;		/* messages that sub_next gave */
	size_t		 unread;	/* claimed, not yet read (removed ones included) */
	uint64_t	 delivered;
	int64_t		 handed_out;	/* -m: when that was done last; boot time */
	int		 look;		/* a claim may find something */
	int		 held;		/* a limit held the last claim back; or MQS_UNREACHABLE */
	int		 ending;	/* claim no more */
	int64_t		 idle_since;
	size_t		 collected;	/* settlements not yet carried out */
	int64_t		 flush_by;	/* when they are carried out, at the latest */
	int		 status;	/* of a command that can't be executed: 126, 127; or 0 */
};

#endif
