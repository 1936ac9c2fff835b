/*
 * pub/call.c - mq-pub --call: publishing one message, and waiting for the reply
 *
 * The mailbox is made before the message is published, so that no reply can miss it.
 * This process removes it when it ends; after a kill, the next caller does.  All of the
 * input is read before anything is published: a second message is an error, and the
 * first is not published either.  With -W the message expires when the wait is over.
 */
#include <errno.h>
#include <stdlib.h>
#include <string.h>
#include <unistd.h>

#include "base/clock.h"
#include "common/common_options.h"
#include "common/diagnostics.h"
#include "common/exit_status.h"
#include "common/progress.h"
#include "common/signals.h"
#include "common/terminal.h"
#include "message/headers.h"
#include "pub/batch.h"
#include "pub/call.h"

static struct mqs_call *mailbox;

static void
remove_mailbox(void)
{
	mqs_call_free(mailbox);
	mailbox = NULL;
}

static void __attribute__((noreturn))
give_up(const struct mqs_error *err, const char *queue)
{
	if (err->code == MQS_EINTR && stopping != 0) {
		complain("%s: stopped by a signal: the message was published, "
		    "there is no reply yet", queue);
		signal_end(STATUS_AGAIN);
	}
	fail_error(err);
}

void
call_begin(struct pub_call *c, struct mqs_spool *spool, const char *queue,
    struct mqs_buf *headers)
{
	const char *address;
	struct mqs_error err;

	if (mqs_call_open(&c->call, spool, queue, &err) != MQS_OK)
		fail_error(&err);
	mailbox = c->call;
	at_end(remove_mailbox);
	address = mqs_call_address(c->call);
	if (mqs_headers_add(headers, MQS_REPLY_TO, strlen(MQS_REPLY_TO), address,
	    strlen(address)) != 0)
		fail(STATUS_SYSTEM, "%s: %s", queue, strerror(errno));
	c->until = c->wait == -1 ? 0 : mqs_later(mqs_boottime(), c->wait);
	c->expires = c->wait == -1 ? 0 : mqs_later(judged_now(), c->wait);
}

const char *
call_fill(struct pub_call *c, struct mqs_message *m)
{
	const char *there = mqs_headers_get(m->headers, m->headers_len, MQS_REPLY_TO);

	if (c->taken)
		return "a second one, but --call is for one message";
	if (m->message_id != NULL)
		return "a message id: there may be no reply to what was published before";
	if (there == NULL || strcmp(there, mqs_call_address(c->call)) != 0)
		return "has a header " MQS_REPLY_TO " of its own";
	if (c->expires != 0 && (m->expires == 0 || m->expires > c->expires))
		m->expires = c->expires;
	c->taken = 1;
	return NULL;
}

static void
write_out(const char *p, size_t n)
{
	ssize_t done;

	for (; n > 0; n -= (size_t)done, p += done) {
		done = write(STDOUT_FILENO, p, n);
		if (done < 0 && errno != EINTR)
			fail(STATUS_IO, "standard output: %s", strerror(errno));
		if (done < 0)
			done = 0;
	}
}

static void
print(const struct mqs_reply *reply)
{
	static char chunk[64 * 1024], shown[TERMINAL_SIZE(sizeof(chunk))];
	int terminal = isatty(STDOUT_FILENO);
	uint64_t left = reply->size;
	ssize_t n;

	for (; left > 0; left -= (uint64_t)n) {
		n = read(reply->fd, chunk, left < sizeof(chunk) ? (size_t)left :
		    sizeof(chunk));
		if (n <= 0)
			fail(STATUS_IO, "reply: %s", n == 0 ? "is cut short" :
			    strerror(errno));
		if (terminal)
			write_out(shown, terminal_harmless(shown, chunk, (size_t)n));
		else
			write_out(chunk, (size_t)n);
	}
}

int
call_finish(struct pub_call *c, const struct batch *b)
{
	const char *queue = b->queue;
	int64_t left = c->until == 0 ? -1 : c->until - mqs_boottime();
	struct mqs_reply reply;
	struct mqs_error err;
	int status = STATUS_OK;

	if (b->published == 0)
		fail(STATUS_DATA, "stdin: no message");
	if (mqs_call_wait(c->call, c->until != 0 && left < 0 ? 0 : left, &reply,
	    &err) != MQS_OK)
		give_up(&err, queue);
	progress_end();
	print(&reply);
	if (reply.reason != NULL) {
		report("%s: %s", queue, reply.reason);
		status = STATUS_NOTHING;
	}
	return status;
}
