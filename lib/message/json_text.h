/*
 * json_text.h - JSON as text: checks it and removes white space, but never decodes it
 *
 * A body that is JSON must keep what its author wrote: all digits of a number of any size,
 * the order of an object's members, escapes as they are.  A library that decodes values
 * promises none of these.  So this module works on the text, by the grammar of RFC 8259.
 * The text must be UTF-8.  Beyond the grammar it must not be nested deeper than MQS_JSON_DEPTH,
 * and an escape must not be half of a surrogate pair, which is no character.
 */
#ifndef MQS_MESSAGE_JSON_TEXT_H
#define MQS_MESSAGE_JSON_TEXT_H

#include "base/bytes.h"

#define MQS_JSON_DEPTH	1024	/* arrays and objects within each other, at most */

/*
 * Finds the value at the beginning of a text.  Returns its length, which includes white
 * space before it but none behind it.  0 if there is no value; then *at (unless NULL) is
 * the index of the byte that is wrong, or n if the text ends too early.
 */
size_t	mqs_json_value(const char *text, size_t n, size_t *at);

/* 1 if the text is one value, with nothing but white space around it. */
int	mqs_json_valid(const char *text, size_t n);

/*
 * Appends a value that mqs_json_value has accepted, without the white space between its
 * tokens: 0, or -1 with errno (ENOMEM).
 */
int	mqs_json_compact(struct mqs_buf *, const char *text, size_t n);

/*
 * Finds the first member of that name in an object.  The name must not need escapes.  1 and
 * where its value begins and how long it is; 0 if there is no such member, or the text is
 * not valid JSON up to the end of that member.  If its value keeps the grammar but is not
 * accepted (nested too deeply, half of a surrogate pair), *why says so; else it is NULL.
 */
int	mqs_json_member(const char *text, size_t n, const char *name, size_t *begin,
	    size_t *len, const char **why);

#endif
