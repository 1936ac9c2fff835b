/* spool.c - see spool.h */
#include <stdio.h>
#include <stdlib.h>

#include "amqp/spool.h"
#include "amqp/topology.h"
#include "base/advice.h"
#include "base/error.h"
#include "base/name.h"
#include "base/redact.h"
#include "engine/dead_letter.h"

int
mqs_amqp_spool_open(struct mqs_spool **out, const char *where, const struct mqs_options *options,
    struct mqs_error *err)
{
	struct mqs_spool *spool = calloc(1, sizeof(*spool));
	int rc;

	if (spool == NULL)
		return mqs_fail_errno(err, "amqp spool");
	if ((rc = mqs_amqp_address_parse(&spool->address, where, err)) == MQS_OK)
		rc = mqs_amqp_configuration_read(&spool->configuration, &spool->address, err);
	if (rc != MQS_OK) {
		mqs_amqp_spool_free(spool);
		return rc;
	}
	(void)mqs_redact(where, spool->shown, sizeof(spool->shown));
	if (options != NULL)
		spool->options = *options;
	*out = spool;
	return MQS_OK;
}

void
mqs_amqp_spool_free(struct mqs_spool *spool)
{
	int ended;

	if (spool == NULL)
		return;
	ended = mqs_amqp_connection_free(spool->connection);
	mqs_amqp_management_free(spool->management);
	if (!ended)	/* a thread that hangs in the network reads them still */
		return;
	mqs_amqp_configuration_free(&spool->configuration);
	mqs_amqp_address_free(&spool->address);
	free(spool);
}

int
mqs_amqp_spool_connection(struct mqs_amqp_connection **out, struct mqs_spool *spool,
    struct mqs_error *err)
{
	int rc;

	if (spool->connection == NULL &&
	    (rc = mqs_amqp_connect(&spool->connection, &spool->address, &spool->configuration,
	    &spool->options, err)) != MQS_OK)
		return rc;
	*out = spool->connection;
	return MQS_OK;
}

int
mqs_amqp_no_queue(const struct mqs_spool *spool, const char *queue, struct mqs_error *err)
{
	return mqs_fail(err, MQS_ENOENT, "%s: no such queue in %s", queue, spool->shown);
}

int
mqs_amqp_expect_queue(const struct mqs_amqp_link *link, const struct mqs_spool *spool,
    const char *queue, struct mqs_error *err)
{
	int rc = mqs_amqp_queue_name(queue, err);

	if (rc == MQS_OK)
		rc = mqs_amqp_exchange_exists(link, queue, err);
	return rc == MQS_ENOENT ? mqs_amqp_no_queue(spool, queue, err) : rc;
}

void
mqs_amqp_note_name(const struct mqs_spool *spool, const char *queue)
{
	char ctl[MQS_CTL_SIZE], dead[MQS_DEAD_LETTER_NAME], text[MQS_ERROR_TEXT], *path = NULL;

	if (spool->options.notice == NULL || !mqs_dead_letter_queue(queue, "", dead) ||
	    mqs_name_check(dead, NULL) == 0 || asprintf(&path, "%s/%s", spool->shown, queue) == -1)
		return;
	(void)snprintf(text, sizeof(text), "%s: its name is too long to add .dead, so messages "
	    "can't die: %s set %s dead-letter=NAME", queue, mqs_ctl(ctl, path), queue);
	spool->options.notice(spool->options.arg, text);
	free(path);
}
