/* settle_socket_batch.c - see settle_socket_batch.h */
#include <sys/socket.h>

#include <errno.h>
#include <stdlib.h>
#include <unistd.h>

#include "base/clock.h"
#include "base/error.h"
#include "engine/settle_socket_batch.h"
#include "engine/settle_socket_file.h"

#define READ_BYTES	((size_t)65536)
#define RETRY_AFTER	(10 * MQS_MSEC)
#define LOST_MAX	3u

static struct mqs_settle_item *
new_item(struct mqs_settle_batch *b)
{
	struct mqs_settle_item *items;
	size_t cap = b->cap == 0 ? 64 : 2 * b->cap;

	if (b->n == b->cap) {
		if ((items = reallocarray(b->items, cap, sizeof(*items))) == NULL)
			return NULL;
		b->items = items;
		b->cap = cap;
	}
	return &b->items[b->n];
}

int
mqs_settle_batch_add(struct mqs_settle_batch *b, size_t receipt,
    const struct mqs_settlement *how, uint64_t tag)
{
	struct mqs_settle_item *item = new_item(b);

	if (item == NULL)
		return -1;
	*item = (struct mqs_settle_item){ .tag = tag, .receipt = receipt, .frame = b->out.n };
	if (mqs_settle_put_request(&b->out, (uint32_t)b->n, how) != 0)
		return -1;
	if (b->left == 0)
		b->active = 0;		/* the time begins when it is sent */
	b->n++;
	b->left++;
	return 0;
}

void
mqs_settle_batch_disconnect(struct mqs_settle_batch *b)
{
	if (b->fd != -1)
		(void)close(b->fd);
	b->fd = -1;
	b->in.n = 0;
}

void
mqs_settle_batch_clear(struct mqs_settle_batch *b)
{
	if (b->left > 0 || b->in.n > 0)
		mqs_settle_batch_disconnect(b);
	b->n = b->left = b->sent = b->out.n = 0;
	b->lost = 0;
	b->retry = b->active = 0;
}

void
mqs_settle_batch_free(struct mqs_settle_batch *b)
{
	mqs_settle_batch_disconnect(b);
	mqs_buf_free(&b->out);
	mqs_buf_free(&b->in);
	free(b->items);
	b->items = NULL;
}

/* Leaves nothing but the requests that are not answered, to be sent on a new connection. */
static void
begin_again(struct mqs_settle_batch *b)
{
	size_t i, end = 0, length;

	for (i = 0; i < b->n; i++) {
		if (b->items[i].answered)
			continue;
		length = 4 + (size_t)mqs_get_le32(b->out.p + b->items[i].frame);
		memmove(b->out.p + end, b->out.p + b->items[i].frame, length);
		b->items[i].frame = end;
		end += length;
	}
	b->out.n = end;
	b->sent = 0;
}

static int
connect_now(struct mqs_settle_batch *b, struct mqs_error *err)
{
	int rc;

	if (mqs_boottime() < b->retry)
		return MQS_OK;
	if ((rc = mqs_settle_socket_connect(b->token, &b->fd, err)) == MQS_EBUSY) {
		b->retry = mqs_boottime() + RETRY_AFTER;
		return MQS_OK;
	}
	if (rc != MQS_OK)
		return rc;
	b->greeted = 0;
	begin_again(b);
	/* The first bytes on a new connection always find room. */
	if (send(b->fd, MQS_SETTLE_GREETING, MQS_SETTLE_GREETING_LEN,
	    MSG_DONTWAIT | MSG_NOSIGNAL) != MQS_SETTLE_GREETING_LEN) {
		mqs_settle_batch_disconnect(b);
		b->retry = mqs_boottime() + RETRY_AFTER;
	}
	return MQS_OK;
}

/* The connection has ended.  A consumer that has not greeted had no room. */
static int
lost(struct mqs_settle_batch *b, struct mqs_error *err)
{
	if (b->greeted && ++b->lost >= LOST_MAX)
		return mqs_fail(err, MQS_EIO, "its consumer (process %lld) ends each connection",
		    (long long)mqs_settle_token_pid(b->token));
	mqs_settle_batch_disconnect(b);
	b->retry = b->greeted ? 0 : mqs_boottime() + RETRY_AFTER;
	return MQS_OK;
}

static int
send_some(struct mqs_settle_batch *b, struct mqs_error *err)
{
	ssize_t n;

	while (b->sent < b->out.n) {
		n = send(b->fd, b->out.p + b->sent, b->out.n - b->sent,
		    MSG_DONTWAIT | MSG_NOSIGNAL);
		if (n < 0 && errno == EINTR)
			continue;
		if (n < 0 && (errno == EAGAIN || errno == EWOULDBLOCK))
			break;
		if (n < 0)
			return lost(b, err);
		b->sent += (size_t)n;
	}
	return MQS_OK;
}

static int
nonsense(const struct mqs_settle_batch *b, struct mqs_error *err)
{
	return mqs_fail(err, MQS_EVERSION, "its consumer (process %lld) is of another version of mq",
	    (long long)mqs_settle_token_pid(b->token));
}

/* Takes the whole answers at the front of what came. */
static int
take_answers(struct mqs_settle_batch *b, mqs_settle_answered_fn *answered, void *arg,
    struct mqs_error *err)
{
	struct mqs_settle_answer_frame a;
	struct mqs_settle_item *item;
	size_t at = 0;
	long n = 0;

	if (!b->greeted && (n = mqs_settle_get_greeting(b->in.p, b->in.n)) > 0) {
		b->greeted = 1;
		at = (size_t)n;
	}
	while (b->greeted && at < b->in.n &&
	    (n = mqs_settle_get_answer(b->in.p + at, b->in.n - at, &a)) > 0) {
		at += (size_t)n;
		item = a.number < b->n ? &b->items[a.number] : NULL;
		if (item == NULL || item->answered)
			return nonsense(b, err);
		item->answered = 1;
		b->left--;
		b->lost = 0;
		b->active = mqs_boottime();
		answered(arg, item, a.code, a.text);
	}
	mqs_buf_drop(&b->in, at);
	return n < 0 ? nonsense(b, err) : MQS_OK;
}

static int
read_some(struct mqs_settle_batch *b, mqs_settle_answered_fn *answered, void *arg,
    struct mqs_error *err)
{
	ssize_t n;
	int rc;

	while (b->left > 0 && b->fd != -1) {
		if (mqs_buf_reserve(&b->in, READ_BYTES) != 0)
			return mqs_fail_errno(err, "answers");
		n = recv(b->fd, b->in.p + b->in.n, READ_BYTES, MSG_DONTWAIT);
		if (n < 0 && errno == EINTR)
			continue;
		if (n < 0 && (errno == EAGAIN || errno == EWOULDBLOCK))
			break;
		if (n <= 0)
			return lost(b, err);
		b->in.n += (size_t)n;
		if ((rc = take_answers(b, answered, arg, err)) != MQS_OK)
			return rc;
	}
	return MQS_OK;
}

int
mqs_settle_batch_go_on(struct mqs_settle_batch *b, int64_t patience,
    mqs_settle_answered_fn *answered, void *arg, struct mqs_error *err)
{
	int rc;

	if (b->active == 0)
		b->active = mqs_boottime();
	if (b->fd == -1 && (rc = connect_now(b, err)) != MQS_OK)
		return rc;
	if (b->fd != -1 && (rc = send_some(b, err)) != MQS_OK)
		return rc;
	if (b->fd != -1 && (rc = read_some(b, answered, arg, err)) != MQS_OK)
		return rc;
	if (b->left > 0 && mqs_boottime() - b->active >= patience)
		return mqs_fail(err, MQS_ETIMEOUT, "its consumer (process %lld) does not answer: "
		    "perhaps the delivery is settled, perhaps not",
		    (long long)mqs_settle_token_pid(b->token));
	return MQS_OK;
}

int64_t
mqs_settle_batch_waits(const struct mqs_settle_batch *b, int64_t patience, struct pollfd *fd)
{
	int64_t now = mqs_boottime(), wait = b->active + patience - now;

	*fd = (struct pollfd){ .fd = b->fd, .events = POLLIN };
	if (b->fd != -1 && b->sent < b->out.n)
		fd->events |= POLLOUT;
	if (b->fd == -1 && b->retry - now < wait)
		wait = b->retry - now;
	return wait > 0 ? wait : 0;
}
