/*
 * pattern.h - routing keys, and the patterns that match them
 *
 * The rules are those of RabbitMQ's topic exchanges.  Keys and patterns are words separated
 * by '.'.  In a pattern, the word `*' matches exactly one word, the word `#' matches any
 * number of words or none, and any other word matches itself.  There is a word on each side
 * of a dot, even if it is empty ("a..b" has three words).  The empty key has no words: `#'
 * matches it, `*' does not.
 */
#ifndef MQS_MESSAGE_PATTERN_H
#define MQS_MESSAGE_PATTERN_H

#include "base/bytes.h"
#include "mqspool.h"

/* Checks a pattern or key: 0, or MQS_EINVAL and what is wrong ("is not UTF-8 (byte 3)"). */
int	mqs_pattern_check(const char *text, size_t n, struct mqs_error *err);
/* 1 if the pattern matches the key. */
int	mqs_pattern_match(struct mqs_slice pattern, struct mqs_slice key);

#endif
