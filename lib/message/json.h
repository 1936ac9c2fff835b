/* json.h - writes text as JSON strings, faster than the JSON library does */
#ifndef MQS_MESSAGE_JSON_H
#define MQS_MESSAGE_JSON_H

#include "base/bytes.h"

/*
 * Appends text as a JSON string, in quotes: ", \ and control characters are escaped, UTF-8
 * is copied, and each byte that is not UTF-8 becomes U+FFFD.  0, or -1 with errno (ENOMEM).
 */
int	mqs_json_string(struct mqs_buf *, const void *text, size_t n);
/* The same for text that is known to be UTF-8, at less cost. */
int	mqs_json_utf8(struct mqs_buf *, const void *text, size_t n);

#endif
