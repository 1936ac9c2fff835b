/*
 * message_id.h - ids of messages on RabbitMQ: NS-HEX8
 *
 * NS is the time of publishing, in nanoseconds since the epoch, in decimal.  HEX8 is 8 lower
 * case hexadecimal digits: a random number that the publisher drew when it was opened.
 *
 *	1764207421000000000-1a2b3c4d
 *
 * A publisher never repeats an NS: it takes max(last + 1, now).  Two publishers make the same
 * id only if they draw the same number and publish in the same nanosecond.  A message that is
 * sent again, after a loss or as a retry, keeps its id; a dead letter is a new message.
 *
 * The id is the header mq-id.  The broker does not know it: it finds nothing by it, and ids of
 * different publishers need not be in the order of the log.
 */
#ifndef MQS_AMQP_MESSAGE_ID_H
#define MQS_AMQP_MESSAGE_ID_H

#include <stddef.h>
#include <stdint.h>

#include "mqspool.h"

/* Makes the ids of one publisher. */
struct mqs_amqp_ids {
	int64_t		last;		/* the NS of the last id */
	uint32_t	random;
};

/* Draws the random number. */
void	mqs_amqp_ids_init(struct mqs_amqp_ids *);
/* Makes the next id at that time; returns its NS. */
int64_t	mqs_amqp_ids_next(struct mqs_amqp_ids *, int64_t now, char id[MQS_ID_SIZE]);

/* Reads n bytes that should be an id: 1 and its NS (unless time is NULL), or 0. */
int	mqs_amqp_id_read(const void *p, size_t n, int64_t *time);
/* 1 if a text is an id that the engine made. */
int	mqs_amqp_is_id(const char *text);
/*
 * 1 if it is an offset in the stream, which stands for the id of another client's message; sets
 * *offset unless that is NULL.
 */
int	mqs_amqp_is_offset(const char *text, int64_t *offset);
/* 1 if it is either: what may be named as an id on a command line. */
int	mqs_amqp_is_place(const char *text);
/* Compares two ids by NS, then by number: less than, equal to or more than 0. */
int	mqs_amqp_id_compare(const char *a, const char *b);

#endif
