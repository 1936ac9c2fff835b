/*
 * settle_socket_peer.h - one process that settles, as the consumer sees it
 *
 * A peer has a connection, bytes that came and are no whole request yet, and answers that
 * are to be sent.  Its limits keep memory bounded: nothing is read from a peer that has
 * many requests without an answer, or that does not take its answers.
 *
 * A peer ends when its connection does.  One that has only ended its sending
 * (shutdown(2)) still gets its answers.
 */
#ifndef MQS_ENGINE_SETTLE_SOCKET_PEER_H
#define MQS_ENGINE_SETTLE_SOCKET_PEER_H

#include <stddef.h>
#include <stdint.h>

#include "base/bytes.h"
#include "engine/settle_socket_format.h"

struct mqs_settle_peer {
	int		 fd;
	uint32_t	 id;		/* no other peer of the server has had it lately */
	uint32_t	 events;	/* for which epoll(7) watches it */
	int		 greeted;
	int		 ended;		/* it sends no more */
	int		 broken;	/* its connection is to be closed */
	size_t		 unanswered;	/* requests */
	int64_t		 active;	/* when it last sent or took something */
	struct mqs_buf	 in, out;
	size_t		 sent;		/* bytes at the front of out */
};

/* What peers are read into, one after the other. */
struct mqs_settle_scratch {
	char		 bytes[65536];
	struct mqs_settle_strings strings;
};

typedef void	mqs_settle_peer_fn(void *arg, struct mqs_settle_peer *,
	    const struct mqs_settle_request_frame *);

/*
 * Has an epoll descriptor watch it for what there is to do now: 0, or -1 if that is nothing,
 * ever.  Its events have the peer's id.
 */
int	mqs_settle_peer_watch(struct mqs_settle_peer *, int epoll);
/* Makes the epoll descriptor readable: there is an answer, or it is to be closed. */
void	mqs_settle_peer_wake(struct mqs_settle_peer *, int epoll);
/*
 * Reads what it has sent (gone: all of it, since its connection has ended), and calls the
 * function with each request.  A peer that breaks the format becomes broken.
 */
void	mqs_settle_peer_read(struct mqs_settle_peer *, int gone, struct mqs_settle_scratch *,
	    mqs_settle_peer_fn *, void *arg);
/* Sends answers, as much as it takes now.  One that takes none any more loses them. */
void	mqs_settle_peer_send(struct mqs_settle_peer *);
/* Sends all of them; waits until a time (of mqs_boottime) for a peer that takes none. */
void	mqs_settle_peer_send_last(struct mqs_settle_peer *, int64_t until);
/* 1 if it has nothing to wait for, and has sent nothing that was not read. */
int	mqs_settle_peer_idle(const struct mqs_settle_peer *);
/* Closes its connection and frees it. */
void	mqs_settle_peer_free(struct mqs_settle_peer *);

#endif
