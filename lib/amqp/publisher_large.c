/* publisher_large.c - see publisher.h: bodies that are written piece by piece */
#include <stdlib.h>
#include <unistd.h>

#include "amqp/publisher.h"
#include "amqp/publisher_limit.h"
#include "amqp/temporary_file.h"
#include "base/error.h"

int
mqs_amqp_large_new(struct mqs_large **out, struct mqs_publisher *p, struct mqs_error *err)
{
	struct mqs_large *large = calloc(1, sizeof(*large));
	int rc;

	if (large == NULL)
		return mqs_fail_errno(err, "%s", p->queue);
	large->queue = p->queue;
	large->max = p->max_message;
	if ((rc = mqs_amqp_temporary_file(&large->fd, err)) != MQS_OK) {
		free(large);
		return rc;
	}
	*out = large;
	return MQS_OK;
}

int
mqs_amqp_large_write(struct mqs_large *large, const void *bytes, size_t n, struct mqs_error *err)
{
	int rc;

	if (n > large->max || large->size > large->max - n)
		return mqs_amqp_too_large(large->queue, large->max, err);
	if ((rc = mqs_amqp_temporary_write(large->fd, bytes, n, err)) == MQS_OK)
		large->size += n;
	return rc;
}

uint64_t
mqs_amqp_large_size(const struct mqs_large *large)
{
	return large->size;
}

void
mqs_amqp_large_free(struct mqs_large *large)
{
	if (large == NULL)
		return;
	(void)close(large->fd);
	free(large);
}
