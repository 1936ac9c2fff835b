/* base64.h - bytes as text and back: RFC 4648 section 4, padded, one line */
#ifndef MQS_BASE_BASE64_H
#define MQS_BASE_BASE64_H

#include <stddef.h>

/* Characters that n bytes take, and bytes that n characters take at most. */
#define MQS_BASE64_ENCODED(n)	(((n) + 2) / 3 * 4)
#define MQS_BASE64_DECODED(n)	((n) / 4 * 3)

/* Writes MQS_BASE64_ENCODED(n) characters at out, without NUL. */
void	mqs_base64_encode(char *out, const void *bytes, size_t n);

/*
 * Decodes n characters to out, which has MQS_BASE64_DECODED(n) bytes: 0 and
 * their number in *len, or -1, what is wrong (a constant phrase), and the
 * character, counted from 1, where it is.  Blanks, missing padding and bits that
 * no byte holds are wrong: what decodes encodes to the same text.
 */
int	mqs_base64_decode(void *out, size_t *len, const char *text, size_t n,
	    const char **why, size_t *at);

#endif
