/*
 * settle_socket_receipt.h - receipts that name the consumer which can settle them
 *
 *	QUEUE/GROUP/ID.TOKEN-SEQ-LEASE-CHECK
 *
 * A broker takes an acknowledgement only on the connection that delivered the message.  So
 * a receipt names its consumer, by the token under which that listens
 * (settle_socket_server.h), and the delivery, by the two numbers that the engine calls it
 * by: seq and lease of struct mqs_message.  All that follows the last dot is in lower-case
 * hexadecimal.  CHECK is a hash of everything before it: a receipt that was cut short or
 * changed by hand is refused as no receipt, since it would name another delivery.
 */
#ifndef MQS_ENGINE_SETTLE_SOCKET_RECEIPT_H
#define MQS_ENGINE_SETTLE_SOCKET_RECEIPT_H

#include <stdint.h>

#include "mqspool.h"

/*
 * Names a consumer on this machine: its process, and a random number.  In text it has
 * MQS_SETTLE_TOKEN_SIZE - 1 hexadecimal digits.
 */
struct mqs_settle_token {
	uint64_t	 value;
};
#define MQS_SETTLE_TOKEN_SIZE	17

/* Makes a token for a consumer of this process. */
struct mqs_settle_token mqs_settle_token_new(void);
/* The process of the consumer. */
int64_t	mqs_settle_token_pid(struct mqs_settle_token);
/* Writes a token; returns buf. */
char	*mqs_settle_token_format(struct mqs_settle_token, char buf[MQS_SETTLE_TOKEN_SIZE]);
/* Reads a token of n bytes: 0, or -1. */
int	mqs_settle_token_parse(const char *, size_t n, struct mqs_settle_token *);

/*
 * Writes the receipt of a delivery; returns buf.  id may be empty, and may have any bytes but
 * '/', blanks and control characters; it is cut to MQS_ID_SIZE - 1 bytes.
 */
char	*mqs_settle_receipt_format(const char *queue, const char *group, const char *id,
	    struct mqs_settle_token, uint64_t seq, uint64_t lease, char buf[MQS_RECEIPT_SIZE]);

/* What a receipt says to the one who settles. */
struct mqs_settle_receipt {
	struct mqs_settle_token token;
	uint64_t	 seq, lease;
};

/* Reads a receipt: 0, or -1 and why (a constant phrase). */
int	mqs_settle_receipt_parse(const char *, struct mqs_settle_receipt *, const char **why);

#endif
