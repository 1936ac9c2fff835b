/* record/read.c - see record/read.h */
#include <stdlib.h>
#include <sys/eventfd.h>
#include <unistd.h>

#include "base/error.h"
#include "record/read.h"
#include "record/record.h"

struct mqs_reader { struct mqs_handle handle; size_t read; int fd; };

int
record_reader_open(struct mqs_reader **out, struct mqs_spool *spool, const char *queue,
    const char *group, const struct mqs_reader_options *o, struct mqs_error *err)
{
	int rc;

	(void)spool;
	record("reader_open %s/%s since_id=%s until_id=%s since=%lld last=%llu follow=%d latest=%d bindings=%zu",
	    queue, record_dash(group), o == NULL ? "-" : record_dash(o->since_id),
	    o == NULL ? "-" : record_dash(o->until_id), o == NULL ? 0 : (long long)o->since,
	    o == NULL ? 0 : (unsigned long long)o->last, o == NULL ? 0 : o->follow,
	    o == NULL ? 0 : o->latest, o == NULL ? (size_t)0 : o->nbindings);
	if ((rc = record_make(out, sizeof(**out), err)) != MQS_OK)
		return rc;
	if (((*out)->fd = eventfd(0, EFD_CLOEXEC)) != -1)
		return MQS_OK;
	free(*out);
	return mqs_fail_errno(err, "record");
}

int
record_reader_next(struct mqs_reader *r, struct mqs_message *m, struct mqs_error *err)
{
	(void)err;
	if (r->read == 2)
		return MQS_NOTHING;
	record_give(m, r->read++);
	m->attempt = 0;
	m->lease = 0;
	return MQS_OK;
}

void
record_reader_rest(struct mqs_reader *r)
{
	(void)r;
}

int
record_reader_fd(struct mqs_reader *r, struct mqs_error *err)
{
	(void)err;
	return r->fd;
}

int
record_reader_service(struct mqs_reader *r, struct mqs_error *err)
{
	(void)r;
	(void)err;
	return MQS_OK;
}

void
record_reader_free(struct mqs_reader *r)
{
	close(r->fd);
	free(r);
}
