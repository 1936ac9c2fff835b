/* common/queue_identity.c - see queue_identity.h */
#include "common/queue_identity.h"

int
queue_identity(struct mqs_spool *spool, const char *queue, char buf[MQS_UUID_SIZE],
    const char **uuid, struct mqs_error *err)
{
	int rc = mqs_queue_uuid(spool, queue, buf, err);

	*uuid = rc == MQS_OK ? buf : NULL;
	return rc == MQS_ENOTSUP ? MQS_OK : rc;
}
