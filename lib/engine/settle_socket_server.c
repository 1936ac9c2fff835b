/*
 * settle_socket_server.c - see settle_socket_server.h
 *
 * One epoll descriptor watches the listening socket and every peer (settle_socket_peer.h),
 * each only for what there is to do with it, so that it is not readable without a reason.
 *
 * A ticket is the number of the peer and the number that the peer gave its request.  A
 * peer's number is its place in the table and a count that grows with each peer, so that
 * the answer to a peer that has gone finds nobody.
 *
 * There is room for PEERS_MAX peers.  For one more, the peer that was idle for longest is
 * disconnected; it connects again when it has something to say.  If none is idle, or the
 * process has no descriptor left, the new one is disconnected before it was greeted, and
 * tries again.  A descriptor in reserve makes that possible: otherwise the connection would
 * stay in the queue, and the epoll descriptor readable.
 */
#include <sys/epoll.h>
#include <sys/socket.h>

#include <errno.h>
#include <fcntl.h>
#include <stdlib.h>
#include <unistd.h>

#include "base/clock.h"
#include "base/error.h"
#include "engine/settle_socket_directory.h"
#include "engine/settle_socket_file.h"
#include "engine/settle_socket_peer.h"
#include "engine/settle_socket_server.h"

#define PEERS_BITS	10
#define PEERS_MAX	(1u << PEERS_BITS)
#define EVENTS		64	/* looked at in one service */
#define NO_PEER		UINT64_MAX	/* in an event: of the listening socket */
#define LAST_WAIT	MQS_SECOND

struct mqs_settle_server {
	struct mqs_settle_directory directory;
	struct mqs_settle_token	 token;
	mqs_settle_asked_fn	*asked;
	void			*arg;
	int			 listening, epoll, reserve;
	struct mqs_settle_peer	*peers[PEERS_MAX];
	size_t			 n;
	uint32_t		 count;		/* of peers, ever */
	size_t			 unanswered;	/* also of peers that have gone */
	struct mqs_settle_scratch scratch;
};

static int
open_reserve(void)
{
	return open("/dev/null", O_RDONLY | O_CLOEXEC);
}

static int
begin(struct mqs_settle_server *s, struct mqs_error *err)
{
	struct epoll_event event = { .events = EPOLLIN, .data = { .u64 = NO_PEER } };
	int rc;

	if ((rc = mqs_settle_directory_make(&s->directory, err)) != MQS_OK)
		return rc;
	mqs_settle_socket_sweep(&s->directory);
	s->token = mqs_settle_token_new();
	if ((rc = mqs_settle_socket_listen(&s->directory, s->token, &s->listening,
	    err)) != MQS_OK)
		return rc;
	if ((s->reserve = open_reserve()) == -1 ||
	    (s->epoll = epoll_create1(EPOLL_CLOEXEC)) == -1 ||
	    epoll_ctl(s->epoll, EPOLL_CTL_ADD, s->listening, &event) != 0)
		return mqs_fail_errno(err, "%s: waiting for receipts", s->directory.path);
	return MQS_OK;
}

int
mqs_settle_server_open(struct mqs_settle_server **out, mqs_settle_asked_fn *asked, void *arg,
    struct mqs_error *err)
{
	struct mqs_settle_server *s;
	int rc;

	if ((s = calloc(1, sizeof(*s))) == NULL)
		return mqs_fail_errno(err, "settling receipts");
	s->asked = asked;
	s->arg = arg;
	s->directory.fd = s->listening = s->epoll = s->reserve = -1;
	if ((rc = begin(s, err)) != MQS_OK) {
		mqs_settle_server_free(s);
		return rc;
	}
	*out = s;
	return MQS_OK;
}

struct mqs_settle_token
mqs_settle_server_token(const struct mqs_settle_server *s)
{
	return s->token;
}

int
mqs_settle_server_fd(const struct mqs_settle_server *s)
{
	return s->epoll;
}

size_t
mqs_settle_server_unanswered(const struct mqs_settle_server *s)
{
	return s->unanswered;
}

/* -------------------------------------------------------------- peers -- */

static struct mqs_settle_peer **
place_of(struct mqs_settle_server *s, uint32_t id)
{
	return &s->peers[id & (PEERS_MAX - 1)];
}

/* The peer of a number; NULL: it has gone. */
static struct mqs_settle_peer *
peer_of(struct mqs_settle_server *s, uint32_t id)
{
	struct mqs_settle_peer *p = *place_of(s, id);

	return p != NULL && p->id == id ? p : NULL;
}

static void
drop(struct mqs_settle_server *s, struct mqs_settle_peer *p)
{
	*place_of(s, p->id) = NULL;
	s->n--;
	mqs_settle_peer_free(p);	/* closing takes it out of the epoll, too */
}

/* Watches a peer for what there is to do now; drops it if that is nothing, ever. */
static void
watch(struct mqs_settle_server *s, struct mqs_settle_peer *p)
{
	if (mqs_settle_peer_watch(p, s->epoll) != 0)
		drop(s, p);
}

/* Makes room for one more peer: 0, or -1 if nobody is idle. */
static int
make_room(struct mqs_settle_server *s)
{
	struct mqs_settle_peer *oldest = NULL;
	uint32_t i;

	if (s->n < PEERS_MAX)
		return 0;
	for (i = 0; i < PEERS_MAX; i++)
		if ((oldest == NULL || s->peers[i]->active < oldest->active) &&
		    mqs_settle_peer_idle(s->peers[i]))
			oldest = s->peers[i];
	if (oldest == NULL)
		return -1;
	drop(s, oldest);
	return 0;
}

/* Greets a new peer; closes the descriptor if it may not settle, or there is no room. */
static void
greet(struct mqs_settle_server *s, int fd)
{
	struct mqs_settle_peer *p;
	struct ucred who;
	socklen_t n = sizeof(who);

	if (getsockopt(fd, SOL_SOCKET, SO_PEERCRED, &who, &n) != 0 ||
	    (who.uid != geteuid() && who.uid != 0) || make_room(s) != 0 ||
	    (p = calloc(1, sizeof(*p))) == NULL) {
		(void)close(fd);
		return;
	}
	do
		p->id = s->count++;
	while (*place_of(s, p->id) != NULL);
	p->fd = fd;
	p->active = mqs_boottime();
	*place_of(s, p->id) = p;
	s->n++;
	if (mqs_buf_add(&p->out, MQS_SETTLE_GREETING, MQS_SETTLE_GREETING_LEN) != 0)
		p->broken = 1;
	mqs_settle_peer_send(p);
	watch(s, p);
}

static void
accept_all(struct mqs_settle_server *s)
{
	int fd, i;

	if (s->reserve == -1)
		s->reserve = open_reserve();
	for (i = 0; i < EVENTS; i++) {
		fd = accept4(s->listening, NULL, NULL, SOCK_NONBLOCK | SOCK_CLOEXEC);
		if (fd != -1) {
			greet(s, fd);
		} else if ((errno == EMFILE || errno == ENFILE) && s->reserve != -1) {
			(void)close(s->reserve);
			fd = accept4(s->listening, NULL, NULL, SOCK_CLOEXEC);
			if (fd != -1)
				(void)close(fd);
			s->reserve = open_reserve();
		} else if (errno != EINTR && errno != ECONNABORTED) {
			return;
		}
	}
}

static void
on_request(void *arg, struct mqs_settle_peer *p, const struct mqs_settle_request_frame *r)
{
	struct mqs_settle_server *s = arg;

	s->unanswered++;
	s->asked(s->arg, (uint64_t)p->id << 32 | r->number, &r->how);
}

int
mqs_settle_server_service(struct mqs_settle_server *s, struct mqs_error *err)
{
	struct epoll_event events[EVENTS];
	struct mqs_settle_peer *p;
	int n, i, gone;

	if ((n = epoll_wait(s->epoll, events, EVENTS, 0)) == -1 && errno != EINTR)
		return mqs_fail_errno(err, "waiting for receipts");
	for (i = 0; i < n; i++) {
		if (events[i].data.u64 == NO_PEER) {
			accept_all(s);
			continue;
		}
		if ((p = peer_of(s, (uint32_t)events[i].data.u64)) == NULL)
			continue;
		gone = (events[i].events & (EPOLLHUP | EPOLLERR)) != 0;
		if (gone || (events[i].events & EPOLLIN))
			mqs_settle_peer_read(p, gone, &s->scratch, on_request, s);
		mqs_settle_peer_send(p);
		if (gone)
			p->broken = 1;
		watch(s, p);
	}
	return MQS_OK;
}

void
mqs_settle_server_answer(struct mqs_settle_server *s, uint64_t ticket, int code,
    const char *text)
{
	struct mqs_settle_peer *p = peer_of(s, (uint32_t)(ticket >> 32));

	if (s->unanswered > 0)
		s->unanswered--;
	if (p == NULL)
		return;
	if (p->unanswered > 0)
		p->unanswered--;
	if (mqs_settle_put_answer(&p->out, (uint32_t)ticket, code, text) != 0)
		p->broken = 1;
	mqs_settle_peer_wake(p, s->epoll);
}

/* ---------------------------------------------------------------- end -- */

/* Sends the answers that wait; peers that do not take them have until a time. */
static void
send_last(struct mqs_settle_server *s)
{
	int64_t until = mqs_boottime() + LAST_WAIT;
	uint32_t i;

	for (i = 0; i < PEERS_MAX; i++)
		if (s->peers[i] != NULL) {
			mqs_settle_peer_send_last(s->peers[i], until);
			drop(s, s->peers[i]);
		}
}

void
mqs_settle_server_free(struct mqs_settle_server *s)
{
	if (s == NULL)
		return;
	if (s->listening != -1) {
		mqs_settle_socket_remove(&s->directory, s->token);
		(void)close(s->listening);
	}
	send_last(s);
	if (s->epoll != -1)
		(void)close(s->epoll);
	if (s->reserve != -1)
		(void)close(s->reserve);
	mqs_settle_directory_close(&s->directory);
	free(s);
}
