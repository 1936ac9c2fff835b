/* settings_schema.c - see settings_schema.h */
#include <stdlib.h>
#include <string.h>

#include "base/error.h"
#include "embedded/queue/settings_schema.h"
#include "engine/setting.h"

#define SCHEMA_KEY	"set:schema"

int
mqs_settings_schema(struct mqs_tx *tx, struct mqs_slice *text, struct mqs_error *err)
{
	return mqs_tx_get(tx, MQS_DB_MAIN, SCHEMA_KEY, strlen(SCHEMA_KEY), text, err);
}

int
mqs_settings_schema_load(struct mqs_tx *tx, uint64_t *hash, struct mqs_error *err)
{
	struct mqs_slice text = { NULL, 0 };
	int rc;

	if ((rc = mqs_settings_schema(tx, &text, err)) < 0)
		return rc;
	*hash = rc == MQS_OK ? mqs_settings_schema_hash(text.p, text.n) : 0;
	return MQS_OK;
}

int
mqs_settings_schema_copy(struct mqs_tx *tx, char **copy, struct mqs_error *err)
{
	struct mqs_slice text;
	int rc;

	if ((rc = mqs_settings_schema(tx, &text, err)) != MQS_OK)
		return rc;
	if ((*copy = malloc(text.n + 1)) == NULL)
		return mqs_fail_errno(err, "%s: setting schema", mqs_tx_label(tx));
	memcpy(*copy, text.p, text.n);
	(*copy)[text.n] = '\0';
	return MQS_OK;
}
