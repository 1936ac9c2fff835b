/*
 * sub/sub.h - mq-sub's state, and its dealings with the consumer
 *
 * mq-sub.c reads the command line and ends; sub/claim.c claims, settles and waits;
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
#include "common/output.h"
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

/* Up to this many are claimed at once; prefetch usually bounds it lower. */
#define SUB_CLAIM_MAX	((size_t)65536)

/* 1 while more messages may be claimed: neither asked to stop, nor enough. */
int	sub_wants(const struct sub *);
/*
 * Claims up to max messages, if there may be some, and carries out what was collected.
 * busy: deliveries are being worked on, so that finding nothing is not the end.
 */
int	sub_claim(struct sub *, size_t max, int busy, struct mqs_error *err);
/* The next claimed message, or MQS_NOTHING. */
int	sub_next(struct sub *, struct mqs_message *, struct mqs_error *err);
int	sub_settle(struct sub *, const struct mqs_settlement *, struct mqs_error *err);
/*
 * An earlier run dealt with the message, and only its settling was lost: acks it, and
 * returns MQS_NOTHING, for nothing is to be run, or an error.
 */
int	sub_done(struct sub *, const struct mqs_message *, struct mqs_error *err);
/* Releases what was claimed and not read. */
int	sub_give_back(struct sub *, struct mqs_error *err);
/* As mqs_consumer_ack_through. */
int	sub_ack_through(struct sub *, uint64_t seq, uint64_t lease, size_t n,
	    struct mqs_error *err);
/* Carries out what was collected: when it is time to, or now; whether it is time to. */
int	sub_is_due(const struct sub *);
int	sub_flush_due(struct sub *, struct mqs_error *err);
int	sub_flush(struct sub *, struct mqs_error *err);
/*
 * Waits for the consumer (if a claim is wanted and none is due), for fds[1] to
 * fds[n - 1], for a signal, or for `most' ns (-1: no limit); fds[0] is its own.
 */
int	sub_wait(struct sub *, struct pollfd *fds, nfds_t n, int busy, int64_t most,
	    struct mqs_error *err);
/* The sooner of two timeouts, of which -1 is never. */
int64_t	sooner(int64_t a, int64_t b);
/* Ends well: releases what is left.  Waits for locks although `stopping' is set. */
int	sub_close(struct sub *, struct mqs_error *err);

/* Delivers until it is time to stop: 0 or an error. */
int	sub_stream(struct sub *, struct mqs_error *err);
int	sub_handlers(struct sub *, struct mqs_error *err);

#endif
