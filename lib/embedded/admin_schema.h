/*
 * admin_schema.h - a schema among settings that are to be stored
 *
 * A schema is compiled before the transaction, by the program that will check messages
 * with it, so no queue has one that its publishers could not use.  It is stored without
 * white space, so that it is one line, which `mq-ctl show' can print and `set' can read.
 */
#ifndef MQS_EMBEDDED_ADMIN_SCHEMA_H
#define MQS_EMBEDDED_ADMIN_SCHEMA_H

#include "base/bytes.h"
#include "embedded/spool.h"

struct mqs_schema_pairs {
	const char	**pairs;	/* NULL: those that were given will do */
	struct mqs_buf	 schema;
};

/*
 * Makes the n strings NAME=VALUE that are to be stored in place of those given.  MQS_EDATA:
 * a schema is no JSON, no schema, or too long.
 */
int	mqs_admin_schema_pairs(struct mqs_schema_pairs *, const struct mqs_spool *, const char *queue,
	    const char *const *pairs, size_t n, struct mqs_error *err);
void	mqs_admin_schema_pairs_free(struct mqs_schema_pairs *);

#endif
