/* log_large_body.c - see log_large_body.h */
#include <unistd.h>

#include "base/error.h"
#include "embedded/queue/log_large_body.h"

static struct mqs_blob_ref
ref_of(const struct mqs_record *r)
{
	return (struct mqs_blob_ref){ r->blob_name, r->message.body_len, r->blob_hash };
}

int
mqs_log_body(struct mqs_log *log, const struct mqs_record *record, int verify,
    int *fd, struct mqs_error *err)
{
	const struct mqs_blob_ref ref = ref_of(record);

	return mqs_blob_open(&log->dir, &ref, verify, fd, err);
}

static int
copy(struct mqs_log *log, struct mqs_log *from, const struct mqs_record *r,
    struct mqs_blob_ref *ref, struct mqs_blob **blob, struct mqs_error *err)
{
	int rc, fd;

	if ((rc = mqs_log_body(from, r, 0, &fd, err)) != MQS_OK)
		return rc == MQS_NOTHING ? mqs_fail(err, MQS_EDAMAGED,
		    "%s: message %llu: its body is gone", from->dir.name,
		    (unsigned long long)r->message.seq) : rc;
	if ((rc = mqs_blob_new(blob, &log->dir, err)) == MQS_OK &&
	    ((rc = mqs_blob_copy(*blob, fd, r->message.body_len, err)) != MQS_OK ||
	    (rc = mqs_blob_finish(*blob, ref, err)) != MQS_OK)) {
		mqs_blob_free(*blob, 0);
		*blob = NULL;
	}
	close(fd);
	return rc;
}

int
mqs_log_adopt(struct mqs_log *log, struct mqs_log *from, struct mqs_record *r,
    struct mqs_blob **blob, struct mqs_error *err)
{
	struct mqs_blob_ref ref = ref_of(r);
	int rc;

	rc = mqs_blob_link(blob, &log->dir, &from->dir, &ref, err);
	if (rc == MQS_NOTHING)
		rc = copy(log, from, r, &ref, blob, err);
	if (rc != MQS_OK)
		return rc;
	r->blob_name = ref.name;
	r->blob_hash = ref.hash;
	return MQS_OK;
}
