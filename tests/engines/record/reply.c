/* record/reply.c - see record/reply.h */
#include <stdlib.h>

#include "base/error.h"
#include "record/record.h"
#include "record/reply.h"

struct mqs_call { struct mqs_handle handle; };

int
record_call_open(struct mqs_call **out, struct mqs_spool *spool, const char *queue,
    struct mqs_error *err)
{
	(void)spool;
	record("call_open %s", queue);
	return record_make(out, sizeof(**out), err);
}

const char *
record_call_address(const struct mqs_call *call)
{
	(void)call;
	return "q/mailbox";
}

int
record_call_wait(struct mqs_call *call, int64_t timeout, struct mqs_reply *reply,
    struct mqs_error *err)
{
	(void)call;
	(void)timeout;
	(void)reply;
	record("call_wait");
	return mqs_fail(err, MQS_ETIMEOUT, "q: no reply in time");
}

void
record_call_free(struct mqs_call *call)
{
	free(call);
}

int
record_reply_wanted(struct mqs_spool *spool, const struct mqs_message *m, const char **address,
    struct mqs_error *err)
{
	(void)spool;
	(void)m;
	(void)address;
	(void)err;
	return MQS_NOTHING;
}

int
record_reply(struct mqs_spool *spool, const char *address, const char *reason, int fd,
    struct mqs_error *err)
{
	(void)spool;
	(void)reason;
	(void)fd;
	(void)err;
	record("reply %s", address);
	return MQS_NOTHING;
}
