/* holding/settle.c - see holding/settle.h */
#include <stdlib.h>

#include "engine/settle_socket_client.h"
#include "holding/settle.h"
#include "record/record.h"

struct mqs_settler {
	struct mqs_handle handle;
	struct mqs_settle_client *client;
};

int
holding_settler_open(struct mqs_settler **out, struct mqs_spool *spool, mqs_settled_fn *settled,
    void *arg, struct mqs_error *err)
{
	int rc;

	(void)spool;
	if ((rc = record_make(out, sizeof(**out), err)) != MQS_OK)
		return rc;
	if ((rc = mqs_settle_client_open(&(*out)->client, NULL, settled, arg, err)) != MQS_OK)
		free(*out);
	return rc;
}

int
holding_settler_add(struct mqs_settler *s, const char *receipt, const struct mqs_settlement *how,
    uint64_t tag, struct mqs_error *err)
{
	return mqs_settle_client_add(s->client, receipt, how, tag, err);
}

int
holding_settler_flush(struct mqs_settler *s, struct mqs_error *err)
{
	return mqs_settle_client_flush(s->client, err);
}

void
holding_settler_free(struct mqs_settler *s)
{
	mqs_settle_client_free(s->client);
	free(s);
}

int
holding_show(struct mqs_spool *spool, const char *queue, const char *group, mqs_setting_fn *fn,
    void *arg, struct mqs_error *err)
{
	const char *lease = getenv("MQ_HOLDING_LEASE");

	(void)spool;
	(void)queue;
	(void)group;
	(void)err;
	return fn(arg, "lease", lease == NULL ? "1h" : lease, 0);
}
