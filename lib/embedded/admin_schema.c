/* admin_schema.c - see admin_schema.h */
#include <stdlib.h>
#include <string.h>

#include "base/error.h"
#include "embedded/admin_schema.h"
#include "embedded/schema_checker.h"
#include "message/json_text.h"

#define SCHEMA		"schema="
#define SCHEMA_LEN	(sizeof(SCHEMA) - 1)

/* The schema that a pair gives, or NULL; an empty one removes it and needs no check. */
static const char *
schema_of(const char *pair)
{
	return strncmp(pair, SCHEMA, SCHEMA_LEN) == 0 && pair[SCHEMA_LEN] != '\0' ?
	    pair + SCHEMA_LEN : NULL;
}

/* Compiles a schema, and makes the pair that is stored of it. */
static int
make_pair(struct mqs_buf *pair, const struct mqs_spool *spool, const char *queue,
    const char *text, struct mqs_error *err)
{
	struct mqs_schema_checker *checker;
	size_t n = strlen(text);
	int rc;

	if (n > MQS_SCHEMA_MAX)
		return mqs_fail(err, MQS_EDATA, "%s: the schema is longer than %zu bytes", queue,
		    MQS_SCHEMA_MAX);
	if ((rc = mqs_schema_checker_new(&checker, &spool->options, queue, text, n,
	    err)) != MQS_OK)
		return rc;
	mqs_schema_checker_free(checker);
	pair->n = 0;
	if ((n = mqs_json_value(text, n, NULL)) == 0)
		return mqs_fail(err, MQS_EDATA, "%s: the schema is no JSON", queue);
	return mqs_buf_add(pair, SCHEMA, SCHEMA_LEN) == 0 &&
	    mqs_json_compact(pair, text, n) == 0 && mqs_buf_addc(pair, '\0') == 0 ? MQS_OK :
	    mqs_fail_errno(err, "%s: schema", queue);
}

int
mqs_admin_schema_pairs(struct mqs_schema_pairs *made, const struct mqs_spool *spool,
    const char *queue, const char *const *pairs, size_t n, struct mqs_error *err)
{
	size_t i, last = n;
	int rc = MQS_OK;

	*made = (struct mqs_schema_pairs){ .pairs = NULL };
	for (i = 0; i < n; i++)
		if (schema_of(pairs[i]) != NULL)
			last = i;
	if (last == n)
		return MQS_OK;
	if ((made->pairs = calloc(n, sizeof(*made->pairs))) == NULL)
		return mqs_fail_errno(err, "%s", queue);
	for (i = 0; i < n && rc == MQS_OK; i++) {
		made->pairs[i] = pairs[i];
		if (schema_of(pairs[i]) == NULL)
			continue;
		rc = make_pair(&made->schema, spool, queue, schema_of(pairs[i]), err);
		/* Of several, the last counts. */
		made->pairs[i] = i == last ? made->schema.p : SCHEMA;
	}
	return rc;
}

void
mqs_admin_schema_pairs_free(struct mqs_schema_pairs *made)
{
	free(made->pairs);
	mqs_buf_free(&made->schema);
}
