/*
 * pattern.h - routing keys and the patterns they are matched with
 *
 * As RabbitMQ matches topics: keys and patterns are words split by '.'; in a pattern
 * the word `*' stands for exactly one word, the word `#' for any number of them, none
 * included; all else stands for itself.  Beside a dot there is always a word, perhaps
 * an empty one ("a..b" has three), but the empty key has no words at all: `#' matches
 * it, `*' does not.
 */
#ifndef MQS_MESSAGE_PATTERN_H
#define MQS_MESSAGE_PATTERN_H

#include "base/bytes.h"
#include "mqspool.h"

/* 0, or MQS_EINVAL and what is wrong with a pattern or key ("is not UTF-8 (byte 3)"). */
int	mqs_pattern_check(const char *text, size_t n, struct mqs_error *err);
/* 1 if the key matches. */
int	mqs_pattern_match(struct mqs_slice pattern, struct mqs_slice key);

#endif
