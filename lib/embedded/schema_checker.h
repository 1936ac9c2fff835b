/*
 * schema_checker.h - holds bodies against a JSON Schema
 *
 * The checking is done by another program (schema_process.h); cmd/schema/mq-schema.cc has
 * the protocol.  A whole batch is on its way at once, so one body costs no round trip.  If
 * the program dies, hangs or answers nonsense, the call fails, and nothing is known about
 * the bodies; the checker has to be freed then.
 */
#ifndef MQS_EMBEDDED_SCHEMA_CHECKER_H
#define MQS_EMBEDDED_SCHEMA_CHECKER_H

#include "mqspool.h"

struct mqs_schema_checker;

/* n bytes at p, or, if p is NULL, from offset 0 of a file. */
struct mqs_schema_body {
	const void	*p;
	uint64_t	 n;
	int		 fd;
};

/* Gives body i. */
typedef struct mqs_schema_body mqs_schema_body_fn(void *arg, size_t i);
/*
 * Called with each body that is no JSON or breaks the schema, in order; `why' completes the
 * sentence "message 7 ...".  A positive return stops: it is not called again.
 */
typedef int	mqs_schema_broken_fn(void *arg, size_t i, const char *why);

/*
 * Starts a checker for a schema.  MQS_EDATA: the text is no JSON, or no schema; the error
 * says where and why.  MQS_ENOTSUP: the program is not installed.
 */
int	mqs_schema_checker_new(struct mqs_schema_checker **out, const struct mqs_options *,
	    const char *queue, const void *schema, size_t len, struct mqs_error *err);
/*
 * Checks n bodies; returns what `broken' returned last.  MQS_ESYSTEM: the program failed;
 * MQS_EINTR.
 */
int	mqs_schema_check(struct mqs_schema_checker *, mqs_schema_body_fn *body, size_t n,
	    mqs_schema_broken_fn *broken, void *arg, struct mqs_error *err);
void	mqs_schema_checker_free(struct mqs_schema_checker *);

#endif
