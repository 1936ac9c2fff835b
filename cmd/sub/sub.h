/*
 * sub/sub.h - mq-sub's state, and its dealings with the consumer
 *
 * mq-sub.c reads the command line and ends; sub/consumer.c claims, settles and waits;
 * sub/deliver_to_stdout.c delivers to stdout (settling as sub/stdout_acks.c does, or leaving that to
 * others: sub/stdout_receipts.c); sub/deliver_to_command.c delivers to commands, and sub/filter.c publishes what
 * they print.
 */
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

	/* What was asked for. */
	char		 queue[MQS_NAME_MAX + 1];
	char		 group[MQS_NAME_MAX + 1];
	struct bindings	 bindings;
	struct mqs_consumer_options options;
	const char	*settings[4];	/* of a new group; options point here */
	uint64_t	 count;		/* deliveries wanted; 0: no limit */
	int64_t		 idle;		/* stop after nothing for so long; -1: never */
	int		 must_exist;	/* -e: the queue is not to be made */
	size_t		 workers;
	size_t		 hold;		/* messages to hold at least, prefetch at most */
	char		**command;	/* NULL: to stdout */
	char		 to[MQS_NAME_MAX + 1];	/* its output goes to this queue; "": to stdout */
	int		 copy_meta;	/* with the key and headers of the input */
	int		 whole;		/* all of it is one message */
	size_t		 batch;		/* messages for a command at most; 0: just one */
	int64_t		 timeout;	/* commands may take so long, ns; 0: as long as they like */
	struct printer	 printer;

	/* How far it is. */
	uint64_t	 read;		/* messages that sub_next gave */
	size_t		 unread;	/* claimed, not yet read (removed ones included) */
	uint64_t	 delivered;
	int		 look;		/* a claim may find something */
	int		 held;		/* the last claim was held back */
	int		 ending;	/* claim no more */
	int64_t		 idle_since;
	size_t		 collected;	/* settlements not yet carried out */
	int64_t		 flush_by;	/* when they should be, at the latest */
	int		 status;	/* of a handler that ends it all: 126, 127, or 0 */
};

#endif
