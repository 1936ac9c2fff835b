/* base64.h - bytes as text and back: RFC 4648 section 4, padded, one line */
#ifndef MQS_BASE_BASE64_H
#define MQS_BASE_BASE64_H

#include <stddef.h>

/* How many characters n bytes become, and how many bytes n characters become at most. */
#define MQS_BASE64_ENCODED(n)	(((n) + 2) / 3 * 4)
#define MQS_BASE64_DECODED(n)	((n) / 4 * 3)

/* Writes MQS_BASE64_ENCODED(n) characters at out, without NUL. */
void	mqs_base64_encode(char *out, const void *bytes, size_t n);

/*
 * Decodes n characters to out, which has room for MQS_BASE64_DECODED(n) bytes.  Returns
 * 0 and the number of bytes in *len; or -1, a constant phrase that says what is wrong,
 * and at which character, counted from 1.  Blanks, missing padding and stray bits in the
 * last character are errors, so that each run of bytes has exactly one text.
 */
int	mqs_base64_decode(void *out, size_t *len, const char *text, size_t n,
	    const char **why, size_t *at);

#endif
