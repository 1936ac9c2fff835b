/*
 * header_value.h - values of headers on RabbitMQ as text
 *
 * Our headers are strings.  Other clients send any type of AMQP; each becomes text:
 *
 *	string, bytes		as they are; a byte that is not UTF-8, and NUL, becomes \xNN
 *	boolean			true, false
 *	integers		decimal
 *	float, double		the shortest decimal that reads back as the same; nan, inf, -inf
 *	decimal			exact, such as 12.50
 *	timestamp		RFC 3339 in UTC, such as 2026-01-02T03:04:05Z
 *	void			empty
 *	table			a JSON object
 *	array			a header for each element (several of the same name); an empty
 *				array is the text []
 *
 * Within tables, and within arrays of arrays, all is JSON: numbers and booleans as such,
 * timestamps and decimals as strings, void and numbers that JSON lacks as null.  Bytes that are
 * not UTF-8 become U+FFFD there.  What is nested deeper than MQS_AMQP_VALUE_DEPTH is null.  A
 * value of a type that is not known is empty.
 */
#ifndef MQS_AMQP_HEADER_VALUE_H
#define MQS_AMQP_HEADER_VALUE_H

#include <stdint.h>

#include "amqp/librabbitmq.h"
#include "base/bytes.h"

#define MQS_AMQP_VALUE_DEPTH	32

/* Appends the text of a value; of an array, JSON.  0, or -1 with errno (ENOMEM). */
int	mqs_amqp_value_text(struct mqs_buf *, const amqp_field_value_t *);
/* Appends bytes as they are, and those that are not UTF-8, and NUL, as \xNN: 0, or -1. */
int	mqs_amqp_text_escape(struct mqs_buf *, const void *p, size_t n);

/* Reads an integer of any type, or decimal text: 1, or 0 if it is neither or below 0. */
int	mqs_amqp_value_number(const amqp_field_value_t *, uint64_t *);
/* Reads a point in time: RFC 3339, or a timestamp: 1 and ns since the epoch, or 0. */
int	mqs_amqp_value_time(const amqp_field_value_t *, int64_t *ns);

#endif
