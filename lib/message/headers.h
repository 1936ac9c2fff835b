/*
 * headers.h - a message's headers: name NUL value NUL name NUL value NUL ...
 *
 * They stay in the order in which they were given.  A name has at least 1 byte, and may
 * come more than once.  mqs_headers_next (mqspool.h) steps through them.
 */
#ifndef MQS_MESSAGE_HEADERS_H
#define MQS_MESSAGE_HEADERS_H

#include "base/bytes.h"
#include "mqspool.h"

/* Appends one header: 0, or -1 with errno (ENOMEM). */
int	mqs_headers_add(struct mqs_buf *, const char *name, size_t name_len,
	    const char *value, size_t value_len);
/* Finds the first header of that name: its value, or NULL. */
const char *mqs_headers_get(const char *headers, size_t len, const char *name);
/* Appends each header of `more' whose name is not in `headers': 0, or -1 with errno (ENOMEM). */
int	mqs_headers_fill(struct mqs_buf *, const char *headers, size_t len,
	    const char *more, size_t more_len);
/*
 * Appends headers as one JSON object ({"a":"b"}).  A name that comes more than once gets an
 * array of its values ({"a":["b","c"]}).  0, or -1 with errno (ENOMEM).
 */
int	mqs_headers_json(struct mqs_buf *, const char *headers, size_t len);

/*
 * Checks everything about a message that does not depend on a queue: lengths,
 * UTF-8, well-formed headers, priority, times.  0, or MQS_EDATA and what is
 * wrong ("key is not UTF-8 (byte 3)").
 */
int	mqs_message_check(const struct mqs_message *, struct mqs_error *err);

#endif
