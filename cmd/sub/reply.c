/*
 * sub/reply.c - sending what a command prints to the caller who published its message
 *
 * This is for a message with the header mq-reply-to whose caller still waits (mq-pub
 * --call).  The command's stdout is an unnamed file.  When the command has ended, the
 * file and the exit status go into the caller's mailbox, and the message is acked
 * whatever the status, unless the command could not be executed.
 *
 * Killed before the reply: the message is delivered again, and the command runs again.
 * Killed after it: the message is delivered again, and acked without a run.
 *
 * If the caller has gone, the message is treated as any other.  If it goes while the
 * command runs, the output is lost.
 */
#include <string.h>

#include "base/error.h"
#include "common/diagnostics.h"
#include "common/signals.h"
#include "common/temporary_file.h"
#include "mqspool.h"
#include "sub/consumer.h"
#include "sub/handler.h"
#include "sub/reply.h"
#include "sub/sub.h"

/* To send a reply, after a signal: a cluster's broker is asked for it. */
#define GRACE_MS	10000

int
reply_prepare(struct sub *s, struct handler *h, const struct mqs_message *m,
    struct mqs_error *err)
{
	const char *address;
	int rc;

	rc = mqs_reply_wanted(s->spool, m, &address, err);
	if (rc == MQS_EEXIST)
		return sub_done(s, m, err);	/* there is a reply */
	if (rc != MQS_OK)
		return rc == MQS_NOTHING ? MQS_OK : rc;
	if (mqs_buf_add(&h->meta, address, strlen(address) + 1) != 0)
		return mqs_fail_errno(err, "%s", s->command[0]);
	return temporary_file_open(&h->output, err);
}

void
reply_send(struct sub *s, const struct handler *h, struct mqs_settlement *how)
{
	struct mqs_error err;
	int rc;

	if (h->output == -1 || how->verb == MQS_RELEASE)
		return;
	stop_grace(GRACE_MS);
	rc = mqs_reply(s->spool, h->meta.p, how->verb == MQS_ACK ? NULL : how->reason,
	    h->output, &err);
	if (rc == MQS_OK) {
		how->verb = MQS_ACK;
	} else if (rc < 0) {
		report("%s/%s: %s: %s", s->queue, s->group, h->id, err.text);
		how->verb = MQS_RETRY;
		how->reason = "reply not written";
	}
}
