/*
 * reply_error.h - what librabbitmq and the broker report, as errors of mqspool.h
 *
 * The broker closes a channel, or the connection, with a number and a text:
 *
 *	403 access refused	MQS_EPERM
 *	404 not found		MQS_ENOENT
 *	405 resource locked	MQS_EBUSY
 *	406 precondition failed	MQS_ECONFIG
 *	311 content too large	MQS_EDATA
 *	530 not allowed		MQS_EPERM	(of a connection: no such vhost, no access to it)
 *	540 not implemented	MQS_ENOTSUP
 *	320, 506, 541		MQS_EBUSY	(closed by force, resource error, internal error)
 *
 * The broker's text is kept: it names what was refused, for which user, and in which vhost; with
 * 406 it has both values.  It never has a password.
 *
 * Not all that is "not found" is not there: a node may have lost sight of a queue, as it does of streams
 * for seconds after all nodes were killed (3.10.8), and tells so in the text ("home node ... is down or
 * inaccessible").  What is published there then goes past the queue and is confirmed.  So that is
 * no missing queue but MQS_EBUSY, and mostly (answer.h) the node is of no use.
 *
 * The library's statuses say that the connection is of no use any more.  They become
 * MQS_AMQP_LOST: the thread of the connection (connection.h) connects anew, and runs again what
 * was interrupted.
 */
#ifndef MQS_AMQP_REPLY_ERROR_H
#define MQS_AMQP_REPLY_ERROR_H

#include "amqp/librabbitmq.h"
#include "mqspool.h"

/*
 * The connection was lost while a call ran.  Not a failure that a caller of mqspool.h ever
 * sees: jobs return it, and are run again.
 */
#define MQS_AMQP_LOST	2

/* The code for a number of channel.close or connection.close. */
int	mqs_amqp_code(int amqp_code);
/* An error of the broker's number and text, about an object ("orders"); returns its code. */
int	mqs_amqp_fail_closed(struct mqs_error *err, const char *object, int amqp_code,
	    amqp_bytes_t text);
/* A status of the library; MQS_OK for AMQP_STATUS_OK, else MQS_AMQP_LOST with a text. */
int	mqs_amqp_fail_status(struct mqs_error *err, const char *object, int status);
/* The reply of a call of the library: MQS_OK if that was normal. */
int	mqs_amqp_fail_reply(struct mqs_error *err, const char *object, amqp_rpc_reply_t);
/* 1 if the broker closed a channel since a delivery was not settled within its consumer_timeout. */
int	mqs_amqp_is_ack_timeout(int amqp_code, const struct mqs_error *why);
/*
 * The text of why a channel was closed, without the "channel: " that the connection begins it with: who
 * tells it names a queue or group instead.  Points into why.
 */
const char *mqs_amqp_closed_text(const struct mqs_error *why);
/* The number with which the broker closed the channel in a reply; 0 if it did not. */
int	mqs_amqp_reply_number(amqp_rpc_reply_t);

#endif
