/* error.h - how every layer reports what went wrong */
#ifndef MQS_BASE_ERROR_H
#define MQS_BASE_ERROR_H

#include "mqspool.h"

/* Fills *err (if not NULL) and returns code. */
int	mqs_fail(struct mqs_error *err, int code, const char *fmt, ...)
	    __attribute__((format(printf, 3, 4)));

/*
 * The same for a failed system call: picks the code that fits errno and ends
 * the text in ": " and strerror(errno).
 */
int	mqs_fail_errno(struct mqs_error *err, const char *fmt, ...)
	    __attribute__((format(printf, 2, 3)));

/* The code that fits an errno. */
int	mqs_code_of_errno(int error);

#endif
