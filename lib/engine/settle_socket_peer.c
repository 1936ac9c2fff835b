/* settle_socket_peer.c - see settle_socket_peer.h */
#include <sys/epoll.h>
#include <sys/socket.h>

#include <errno.h>
#include <poll.h>
#include <stdlib.h>
#include <unistd.h>

#include "base/clock.h"
#include "engine/settle_socket_peer.h"

#define UNANSWERED_MAX	((size_t)8192)	/* requests of a peer, after which nothing is read */
#define UNSENT_MAX	((size_t)256 * 1024)	/* bytes of answers, likewise */
#define KEEP_BYTES	((size_t)4096)	/* of an empty buffer */

/* The events for which it should be watched now; 0: it can be closed. */
static uint32_t
wants(const struct mqs_settle_peer *p)
{
	size_t unsent = p->out.n - p->sent;
	uint32_t events = EPOLLERR;	/* which is told in any case */

	if (p->broken || (p->ended && p->unanswered == 0 && unsent == 0))
		return 0;
	if (unsent > 0)
		events |= EPOLLOUT;
	if (!p->ended && p->unanswered < UNANSWERED_MAX && unsent < UNSENT_MAX)
		events |= EPOLLIN;
	return events;
}

static int
watch_for(struct mqs_settle_peer *p, int epoll, uint32_t events)
{
	struct epoll_event event = { .events = events, .data = { .u64 = p->id } };
	int op = p->events == 0 ? EPOLL_CTL_ADD : EPOLL_CTL_MOD;

	if (events == p->events)
		return 0;
	p->events = events;
	return epoll_ctl(epoll, op, p->fd, &event);
}

int
mqs_settle_peer_watch(struct mqs_settle_peer *p, int epoll)
{
	uint32_t events = wants(p);

	return events == 0 ? -1 : watch_for(p, epoll, events);
}

void
mqs_settle_peer_wake(struct mqs_settle_peer *p, int epoll)
{
	if (watch_for(p, epoll, p->events | EPOLLOUT) != 0)
		p->broken = 1;
}

static void
empty(struct mqs_buf *b)
{
	if (b->cap > KEEP_BYTES)
		mqs_buf_free(b);
	b->n = 0;
}

/* Takes the whole requests at the front of what came. */
static void
take_requests(struct mqs_settle_peer *p, struct mqs_settle_strings *strings,
    mqs_settle_peer_fn *asked, void *arg)
{
	struct mqs_settle_request_frame request;
	size_t at = 0;
	long n = 0;

	if (!p->greeted && (n = mqs_settle_get_greeting(p->in.p, p->in.n)) > 0) {
		p->greeted = 1;
		at = (size_t)n;
	}
	while (p->greeted && at < p->in.n && !p->broken &&
	    (n = mqs_settle_get_request(p->in.p + at, p->in.n - at, &request, strings)) > 0) {
		at += (size_t)n;
		p->unanswered++;
		asked(arg, p, &request);
	}
	if (n < 0)
		p->broken = 1;
	mqs_buf_drop(&p->in, at);
	if (p->in.n == 0)
		empty(&p->in);
}

void
mqs_settle_peer_read(struct mqs_settle_peer *p, int gone, struct mqs_settle_scratch *scratch,
    mqs_settle_peer_fn *asked, void *arg)
{
	ssize_t n;

	do {
		n = recv(p->fd, scratch->bytes, sizeof(scratch->bytes), MSG_DONTWAIT);
		if (n == 0)
			p->ended = 1;
		else if (n < 0 && errno != EAGAIN && errno != EWOULDBLOCK && errno != EINTR)
			p->broken = 1;
		else if (n > 0 && mqs_buf_add(&p->in, scratch->bytes, (size_t)n) != 0)
			p->broken = 1;
		if (n <= 0 || p->broken)
			return;
		p->active = mqs_boottime();
		take_requests(p, &scratch->strings, asked, arg);
	} while (gone && !p->broken);
}

void
mqs_settle_peer_send(struct mqs_settle_peer *p)
{
	ssize_t n;

	while (!p->broken && p->sent < p->out.n) {
		n = send(p->fd, p->out.p + p->sent, p->out.n - p->sent,
		    MSG_DONTWAIT | MSG_NOSIGNAL);
		if (n < 0 && errno == EINTR)
			continue;
		if (n < 0 && (errno == EAGAIN || errno == EWOULDBLOCK))
			return;
		if (n < 0) {
			p->sent = p->out.n;	/* it takes none; what it has sent still counts */
			break;
		}
		p->sent += (size_t)n;
		p->active = mqs_boottime();
	}
	if (p->sent == p->out.n) {
		empty(&p->out);
		p->sent = 0;
	}
}

void
mqs_settle_peer_send_last(struct mqs_settle_peer *p, int64_t until)
{
	struct pollfd room = { .fd = p->fd, .events = POLLOUT };
	int64_t left;

	for (;;) {
		mqs_settle_peer_send(p);
		left = until - mqs_boottime();
		if (p->broken || p->out.n == 0 || left <= 0)
			return;
		(void)poll(&room, 1, (int)(left / MQS_MSEC) + 1);
	}
}

int
mqs_settle_peer_idle(const struct mqs_settle_peer *p)
{
	char byte;

	return p->unanswered == 0 &&
	    recv(p->fd, &byte, 1, MSG_PEEK | MSG_DONTWAIT) < 0 && errno == EAGAIN;
}

void
mqs_settle_peer_free(struct mqs_settle_peer *p)
{
	if (p == NULL)
		return;
	(void)close(p->fd);
	mqs_buf_free(&p->in);
	mqs_buf_free(&p->out);
	free(p);
}
