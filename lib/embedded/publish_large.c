/* publish_large.c - see publish_large.h */
#include <stdlib.h>

#include "base/error.h"
#include "base/units.h"
#include "embedded/publish_batch.h"
#include "embedded/publish_large.h"

int
mqs_embedded_large_new(struct mqs_large **out, struct mqs_publisher *p,
    struct mqs_error *err)
{
	struct mqs_large *large;
	int rc;

	if ((large = calloc(1, sizeof(*large))) == NULL)
		return mqs_fail_errno(err, "%s", p->log->dir.name);
	large->max = p->log->settings.max_message;
	large->queue = p->log->dir.name;
	if ((rc = mqs_blob_new(&large->blob, &p->log->dir, err)) != MQS_OK) {
		free(large);
		return rc;
	}
	*out = large;
	return MQS_OK;
}

int
mqs_message_too_long(const char *queue, uint64_t max, const char *setting, struct mqs_error *err)
{
	return mqs_fail(err, MQS_EDATA, "%s: message of more than %llu byte%s (%s)",
	    queue, (unsigned long long)max, mqs_plural(max), setting);
}

int
mqs_embedded_large_write(struct mqs_large *large, const void *bytes, size_t n,
    struct mqs_error *err)
{
	if (mqs_blob_size(large->blob) + n > large->max)
		return mqs_message_too_long(large->queue, large->max, "max-message", err);
	return mqs_blob_write(large->blob, bytes, n, err);
}

uint64_t
mqs_embedded_large_size(const struct mqs_large *large)
{
	return mqs_blob_size(large->blob);
}

void
mqs_embedded_large_free(struct mqs_large *large)
{
	if (large == NULL)
		return;
	mqs_blob_free(large->blob, 0);
	free(large);
}
