/*
 * request_reply.c - request and reply
 *
 * The steps: the caller makes a mailbox and locks it; it publishes the request, with the
 * header mq-reply-to: QUEUE/NAME; a consumer's handler runs, and its output is put into the
 * mailbox; the request is acked; the caller reads the mailbox and removes it.
 *
 * A caller that dies leaves a mailbox without a lock, which repliers, later callers and
 * mq-ctl trim remove.  If a consumer dies before the reply is in the mailbox, the handler runs
 * again; if after that, the request is acked without another run.
 */
#include <sys/inotify.h>
#include <sys/stat.h>

#include <errno.h>
#include <poll.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>
#include <unistd.h>

#include "base/clock.h"
#include "base/error.h"
#include "base/interrupted.h"
#include "base/name.h"
#include "embedded/spool.h"
#include "embedded/store/file.h"
#include "embedded/store/mailbox.h"
#include "message/headers.h"

#define TICK_MS		200	/* how often it is looked at, and whether to stop */
#define POLL_MS		10	/* where the mailbox can't be watched */
#define ADDRESS		(MQS_NAME_MAX + 1 + MQS_FILE_NAME)

struct mqs_call {
	struct mqs_handle	 handle;	/* the seam's; first */
	struct mqs_spool	*spool;
	struct mqs_log		*log;
	uint64_t		 number;
	int			 fd, watch;	/* watch: -1 if it can't be had */
	char			 address[ADDRESS];
	struct mqs_mailbox_reply reply;
};

/* A descriptor that polls readable when the mailbox was written to, or -1. */
static int
watch(int fd)
{
	char path[32];
	int in = inotify_init1(IN_NONBLOCK | IN_CLOEXEC);

	(void)snprintf(path, sizeof(path), "/proc/self/fd/%d", fd);
	if (in == -1 || inotify_add_watch(in, path, IN_MODIFY) != -1)
		return in;
	close(in);
	return -1;
}

int
mqs_embedded_call_open(struct mqs_call **out, struct mqs_spool *spool, const char *queue,
    struct mqs_error *err)
{
	char name[MQS_FILE_NAME];
	struct mqs_call *call;
	uint64_t removed;
	int rc;

	if ((call = calloc(1, sizeof(*call))) == NULL)
		return mqs_fail_errno(err, "call");
	call->spool = spool;
	if ((rc = mqs_spool_log(spool, queue, 1, &call->log, err)) == MQS_OK) {
		/* What other callers left is in nobody's way: no reason to fail. */
		(void)mqs_mailbox_sweep(&call->log->dir, &removed, NULL);
		rc = mqs_mailbox_new(&call->log->dir, &call->number, &call->fd, err);
	}
	if (rc != MQS_OK) {
		free(call);
		return rc;
	}
	call->watch = watch(call->fd);
	(void)snprintf(call->address, sizeof(call->address), "%s/%s",
	    call->log->dir.name, mqs_file_name(call->number, name));
	spool->handles++;
	*out = call;
	return MQS_OK;
}

const char *
mqs_embedded_call_address(const struct mqs_call *call)
{
	return call->address;
}

void
mqs_embedded_call_free(struct mqs_call *call)
{
	if (call == NULL)
		return;
	call->spool->handles--;
	mqs_mailbox_end(&call->log->dir, call->number, call->fd);
	if (call->watch != -1)
		close(call->watch);
	free(call);
}

/* Waits for a write, for a moment; who was interrupted looks. */
static int
wait_a_moment(struct mqs_call *call, int64_t deadline)
{
	struct pollfd p = { .fd = call->watch, .events = POLLIN };
	int64_t left = deadline == 0 ? INT64_MAX : deadline - mqs_boottime();
	int ms = call->watch == -1 ? POLL_MS : TICK_MS;
	char events[4096];
	struct stat st;

	if (left < ms * MQS_MSEC)
		ms = left > 0 ? (int)(left / MQS_MSEC) + 1 : 0;
	if (poll(&p, 1, ms) == 1)
		(void)!read(call->watch, events, sizeof(events));
	return fstat(call->fd, &st) == 0 && st.st_nlink == 0 ? MQS_ENOENT : MQS_OK;
}

int
mqs_embedded_call_wait(struct mqs_call *call, int64_t timeout, struct mqs_reply *reply,
    struct mqs_error *err)
{
	const char *queue = call->log->dir.name;
	int64_t deadline = timeout < 0 ? 0 : mqs_later(mqs_boottime(), timeout);
	int rc, gone = MQS_OK;

	while ((rc = mqs_mailbox_get(call->fd, &call->reply, err)) == MQS_NOTHING) {
		if (gone != MQS_OK)
			return mqs_fail(err, MQS_ENOENT, "%s: queue was deleted", queue);
		if (mqs_interrupted(&call->spool->options))
			return mqs_fail(err, MQS_EINTR, "%s: interrupted", queue);
		if (deadline != 0 && mqs_boottime() >= deadline)
			return mqs_fail(err, MQS_ETIMEOUT, "%s: no reply in time", queue);
		mqs_progress(call->spool, 0, 0, "%s: waiting for a reply", queue);
		gone = wait_a_moment(call, deadline);
	}
	if (rc != MQS_OK)
		return rc;
	if (lseek(call->fd, MQS_MAILBOX_BODY, SEEK_SET) == -1)
		return mqs_fail_errno(err, "%s: reply", queue);
	reply->reason = call->reply.reason[0] == '\0' ? NULL : call->reply.reason;
	reply->fd = call->fd;
	reply->size = call->reply.size;
	return MQS_OK;
}

/* ------------------------------------------------------------ replying -- */

/* Opens the mailbox of an address; MQS_NOTHING: nobody has it. */
static int
open_address(struct mqs_spool *spool, const char *address, int *fd,
    struct mqs_error *err)
{
	const char *slash = strchr(address, '/');
	char queue[MQS_NAME_MAX + 1];
	struct mqs_log *log;
	uint64_t number;
	int rc;

	if (slash == NULL || slash - address > MQS_NAME_MAX ||
	    mqs_file_number(slash + 1, &number) == -1)
		return MQS_NOTHING;
	(void)snprintf(queue, sizeof(queue), "%.*s", (int)(slash - address), address);
	if (mqs_spool_check_name(queue, NULL) != MQS_OK)
		return MQS_NOTHING;
	rc = mqs_spool_log(spool, queue, 0, &log, err);
	if (rc == MQS_OK)
		rc = mqs_mailbox_open(&log->dir, number, fd, err);
	/* An address is what anybody may have written. */
	return rc == MQS_ENOENT || rc == MQS_EPERM ? MQS_NOTHING : rc;
}

int
mqs_embedded_reply_wanted(struct mqs_spool *spool, const struct mqs_message *m,
    const char **address, struct mqs_error *err)
{
	struct mqs_mailbox_reply reply;
	int rc, fd;

	*address = mqs_headers_get(m->headers, m->headers_len, MQS_REPLY_TO);
	if (*address == NULL)
		return MQS_NOTHING;
	if ((rc = open_address(spool, *address, &fd, err)) != MQS_OK)
		return rc;
	rc = mqs_mailbox_get(fd, &reply, err);
	close(fd);
	if (rc < 0)
		return rc;
	return rc == MQS_OK ? MQS_EEXIST : MQS_OK;
}

int
mqs_embedded_reply(struct mqs_spool *spool, const char *address, const char *reason, int body,
    struct mqs_error *err)
{
	int rc, fd;

	if ((rc = open_address(spool, address, &fd, err)) != MQS_OK)
		return rc;
	rc = mqs_mailbox_put(fd, reason, body, err);
	close(fd);
	return rc;
}
