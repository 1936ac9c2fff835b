/* sub/consumer.h - claiming and settling messages, and waiting for them */
#ifndef MQ_CMD_SUB_CONSUMER_H
#define MQ_CMD_SUB_CONSUMER_H

#include <poll.h>
#include <stddef.h>
#include <stdint.h>

#include "mqspool.h"
#include "sub/sub.h"

/* Up to this many are claimed at once; prefetch usually bounds it lower. */
#define SUB_CLAIM_MAX	((size_t)65536)

/* 1 while more messages may be claimed: no signal asked to stop, -c is not reached. */
int	sub_wants(const struct sub *);
/*
 * Claims up to max messages, if there may be some, and carries out the collected
 * settlements.  busy: messages are being worked on, so finding none does not end mq-sub.
 */
int	sub_claim(struct sub *, size_t max, int busy, struct mqs_error *err);
/* The next claimed message, or MQS_NOTHING. */
int	sub_next(struct sub *, struct mqs_message *, struct mqs_error *err);
/* Collects a settlement. */
int	sub_settle(struct sub *, const struct mqs_settlement *, struct mqs_error *err);
/*
 * An earlier run handled the message, and only its settling was lost: acks it, and returns
 * MQS_NOTHING (nothing is to be run) or an error.
 */
int	sub_done(struct sub *, const struct mqs_message *, struct mqs_error *err);
/* Releases the messages that were claimed and not read. */
int	sub_give_back(struct sub *, struct mqs_error *err);
/* As mqs_consumer_ack_through. */
int	sub_ack_through(struct sub *, uint64_t seq, uint64_t lease, size_t n,
	    struct mqs_error *err);
/* Whether it is time to carry out the collected settlements. */
int	sub_is_due(const struct sub *);
/* Carries them out if it is time to. */
int	sub_flush_due(struct sub *, struct mqs_error *err);
/* Carries them out now. */
int	sub_flush(struct sub *, struct mqs_error *err);
/*
 * Waits for the consumer (if messages are wanted), for fds[1] to fds[n - 1], for a signal,
 * or for `most' ns (-1: no limit).  fds[0] is for the consumer's descriptor.
 */
int	sub_wait(struct sub *, struct pollfd *fds, nfds_t n, int busy, int64_t most,
	    struct mqs_error *err);
/* The sooner of two timeouts, of which -1 is never. */
int64_t	sooner(int64_t a, int64_t b);
/* Ends in order: releases what is left.  Waits for locks even if `stopping' is set. */
int	sub_close(struct sub *, struct mqs_error *err);

#endif
