/*
 * binding.h - bindings: which messages a group gets
 *
 * A binding selects messages by their key (a pattern, or one key literally) or by their
 * headers (all of the given ones, or any).  A group gets a message if at least one of its
 * bindings matches it.  A group without bindings gets every message.
 *
 * A binding has a normal form, in which it is stored, compared and hashed: the kind in 1
 * byte, then the pattern, the key, or the headers, sorted and without repeats.
 *
 * It also has a text form, for settings: "pattern:orders.#", "key:orders",
 * "all:NAME=VALUE&NAME=VALUE", "any:...".  There, %XX stands for control characters and
 * '%', in headers also for '&', and in their names for '='.
 */
#ifndef MQS_MESSAGE_BINDING_H
#define MQS_MESSAGE_BINDING_H

#include "base/bytes.h"
#include "mqspool.h"

/* Checks a binding that a caller has given: 0, or MQS_EINVAL and what is wrong. */
int	mqs_binding_check(const struct mqs_binding *, struct mqs_error *err);
/* 1 if the message matches. */
int	mqs_binding_match(const struct mqs_binding *, const struct mqs_message *);
/* The same where of a header that comes more than once only the first value counts. */
int	mqs_binding_match_first(const struct mqs_binding *, const struct mqs_message *);

/* Appends the normal form of a checked binding: 0, or -1 with errno (ENOMEM). */
int	mqs_binding_normal(struct mqs_buf *, const struct mqs_binding *);
/* Reads a binding from its normal form; the result points into it.  0, or MQS_EDAMAGED. */
int	mqs_binding_decode(struct mqs_binding *, struct mqs_slice normal, struct mqs_error *err);

/* Appends the text form, with NUL behind it: 0, or -1 with errno (ENOMEM). */
int	mqs_binding_format(struct mqs_buf *, const struct mqs_binding *);
/* Reads the text form; the binding points into *room.  0, or MQS_EINVAL and why. */
int	mqs_binding_parse(struct mqs_binding *, struct mqs_buf *room, const char *text,
	    struct mqs_error *err);
/*
 * Appends the command line options for a binding ("-k 'a.*'"), quoted for sh(1): 0, or -1
 * with errno.
 */
int	mqs_binding_options(struct mqs_buf *, const struct mqs_binding *);

#endif
