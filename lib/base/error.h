/* error.h - errors: a code, and one line of text that says what went wrong */
#ifndef MQS_BASE_ERROR_H
#define MQS_BASE_ERROR_H

#include "mqspool.h"

/* Writes code and text to *err (if not NULL); returns code. */
int	mqs_fail(struct mqs_error *err, int code, const char *fmt, ...)
	    __attribute__((format(printf, 3, 4)));

/*
 * The same after a failed system call: the code is the one that fits errno, and the text
 * ends in ": " and strerror(errno).
 */
int	mqs_fail_errno(struct mqs_error *err, const char *fmt, ...)
	    __attribute__((format(printf, 2, 3)));

/* Returns the code that fits an errno. */
int	mqs_code_of_errno(int error);

#endif
