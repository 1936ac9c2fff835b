/*
 * binding.h - which messages a group gets
 *
 * A binding names messages by their key (a pattern, or one key literally) or by their
 * headers (all of those given, or any).  A group gets what at least one of its
 * bindings matches; one without bindings gets everything.
 *
 * A binding is stored, compared and hashed in its normal form: the kind in 1 byte,
 * then the pattern, the key, or the headers, sorted and each once.
 *
 * As text, for settings: "pattern:orders.#", "key:orders", "all:NAME=VALUE&NAME=VALUE",
 * "any:...", where %XX stands for control characters, for '%', and in headers for '&'
 * and (in names) '='.
 */
#ifndef MQS_MESSAGE_BINDING_H
#define MQS_MESSAGE_BINDING_H

#include "base/bytes.h"
#include "mqspool.h"

/* 0, or MQS_EINVAL and what is wrong. */
int	mqs_binding_check(const struct mqs_binding *, struct mqs_error *err);
/* 1 if the message matches. */
int	mqs_binding_match(const struct mqs_binding *, const struct mqs_message *);

/* Appends the normal form of one that was checked: 0, or -1 with errno (ENOMEM). */
int	mqs_binding_normal(struct mqs_buf *, const struct mqs_binding *);
/* The binding that a normal form is of, borrowed from it: 0, or MQS_EDAMAGED. */
int	mqs_binding_decode(struct mqs_binding *, struct mqs_slice normal, struct mqs_error *err);

/* Appends the text, with NUL behind it: 0, or -1 with errno (ENOMEM). */
int	mqs_binding_format(struct mqs_buf *, const struct mqs_binding *);
/* Reads the text; what the binding points to goes to *room.  0, or MQS_EINVAL and why. */
int	mqs_binding_parse(struct mqs_binding *, struct mqs_buf *room, const char *text,
	    struct mqs_error *err);
/* Appends the options of a command line that give it ("-k 'a.*'"), quoted for sh(1). */
int	mqs_binding_options(struct mqs_buf *, const struct mqs_binding *);

#endif
