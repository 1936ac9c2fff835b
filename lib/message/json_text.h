/*
 * json_text.h - JSON as text: checked and shortened, never taken apart
 *
 * A body that is JSON must keep what was written: numbers of any size with all their
 * digits, the order of an object's members, escapes as they are.  A library that decodes
 * values keeps none of these for certain, so this module works on the text itself, by the
 * grammar of RFC 8259.  Text must be UTF-8.
 */
#ifndef MQS_MESSAGE_JSON_TEXT_H
#define MQS_MESSAGE_JSON_TEXT_H

#include "base/bytes.h"

#define MQS_JSON_DEPTH	1024	/* arrays and objects within each other, at most */

/*
 * The value that text begins with, white space before it included: its length, with none
 * of the white space behind it.  0 if there is none; then *at (may be NULL) is the byte
 * that makes no sense, from 0, or n if the text ends too early.
 */
size_t	mqs_json_value(const char *text, size_t n, size_t *at);

/* 1 if text is one value and nothing else but white space. */
int	mqs_json_valid(const char *text, size_t n);

/*
 * Appends a value that mqs_json_value has accepted, without the white space between its
 * tokens: 0, or -1 with errno (ENOMEM).
 */
int	mqs_json_compact(struct mqs_buf *, const char *text, size_t n);

/*
 * Finds the member of an object by its name, which has no character that needs an escape:
 * 1 and where its value begins and how long it is, or 0 if text is no object that is
 * sound up to there, or has no such member.  Of several the first.
 */
int	mqs_json_member(const char *text, size_t n, const char *name, size_t *begin,
	    size_t *len);

#endif
