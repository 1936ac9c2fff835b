/* settler.c - see settler.h */
#include <stdlib.h>

#include "amqp/settler.h"
#include "base/error.h"
#include "engine/settle_socket_client.h"

struct mqs_settler {
	struct mqs_handle		 handle;	/* the seam's; first */
	struct mqs_settle_client	*client;
};

int
mqs_amqp_settler_open(struct mqs_settler **out, struct mqs_spool *spool, mqs_settled_fn *settled,
    void *arg, struct mqs_error *err)
{
	struct mqs_settler *s = calloc(1, sizeof(*s));
	int rc;

	if (s == NULL)
		return mqs_fail_errno(err, "settle");
	rc = mqs_settle_client_open(&s->client, &spool->options, settled, arg, err);
	if (rc != MQS_OK) {
		free(s);
		return rc;
	}
	*out = s;
	return MQS_OK;
}

int
mqs_amqp_settler_add(struct mqs_settler *s, const char *receipt,
    const struct mqs_settlement *how, uint64_t tag, struct mqs_error *err)
{
	return mqs_settle_client_add(s->client, receipt, how, tag, err);
}

int
mqs_amqp_settler_flush(struct mqs_settler *s, struct mqs_error *err)
{
	return mqs_settle_client_flush(s->client, err);
}

void
mqs_amqp_settler_free(struct mqs_settler *s)
{
	if (s == NULL)
		return;
	mqs_settle_client_free(s->client);
	free(s);
}
