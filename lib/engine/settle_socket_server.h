/*
 * settle_socket_server.h - the consumer's side of settling from another process
 *
 * A broker takes an acknowledgement only on the connection that delivered the message.  So
 * a consumer that hands out receipts listens on a UNIX socket, which its receipts name
 * (settle_socket_receipt.h), and mq-ack sends it what to settle (settle_socket_client.h).
 * The socket is in a directory of its user alone (settle_socket_directory.h): only processes
 * of the same user (or root) on the same machine can settle.
 *
 * How an engine uses it:
 *
 *	consumer_open		mqs_settle_server_open.  Without MQS_MANUAL few receipts are ever
 *				used: there a failure should be a notice, and not end it.
 *	consumer_receipt	mqs_settle_receipt_format, with mqs_settle_server_token
 *	consumer_fd		the engine's epoll descriptor, which has mqs_settle_server_fd in it
 *	consumer_service	mqs_settle_server_service, which calls `asked' for each
 *				settlement that was asked for; the engine begins to carry it
 *				out.  When the broker has taken one (or a delivery is not
 *				known any more), mqs_settle_server_answer; at the end
 *				mqs_settle_server_service again, which sends the answers.
 *	consumer_free		mqs_settle_server_free
 *
 * Everything belongs to the thread of the consumer.  No call blocks, whatever clients do: a
 * client that sends half a request, nonsense, or too much, or that takes no answers, is
 * waited for without harm to others, and is disconnected where it breaks the format or where
 * its place is needed.  What a client has asked for is carried out even if it goes away.
 *
 * A kill leaves the socket's file behind.  Nobody listens there, so receipts that name it are
 * stale; the next consumer of the user removes it.
 */
#ifndef MQS_ENGINE_SETTLE_SOCKET_SERVER_H
#define MQS_ENGINE_SETTLE_SOCKET_SERVER_H

#include <stdint.h>

#include "engine/settle_socket_receipt.h"
#include "mqspool.h"

struct mqs_settle_server;

/*
 * Called from within mqs_settle_server_service.  how: verb, seq and lease as in the receipt,
 * delay, reason and detail; the strings are borrowed until it returns.  The numbers come from
 * another process: the engine must look up the delivery.  Every call needs one answer, with
 * the same ticket, now or later, in any order.
 */
typedef void	mqs_settle_asked_fn(void *arg, uint64_t ticket, const struct mqs_settlement *how);

/* Begins to listen.  MQS_EPERM: the directory for sockets is not this user's alone. */
int	mqs_settle_server_open(struct mqs_settle_server **out, mqs_settle_asked_fn *asked,
	    void *arg, struct mqs_error *err);
/* What its receipts name. */
struct mqs_settle_token mqs_settle_server_token(const struct mqs_settle_server *);
/*
 * A descriptor, which belongs to the server.  It polls readable when there is something to
 * do, also while answers wait that can be sent.
 */
int	mqs_settle_server_fd(const struct mqs_settle_server *);
/* Takes what clients have sent, a bounded part of it, and sends answers.  Never blocks. */
int	mqs_settle_server_service(struct mqs_settle_server *, struct mqs_error *err);
/*
 * Answers a request: MQS_OK; MQS_ESTALE if no such delivery is out; or another error.  text
 * is a whole line, as in mqs_error, or NULL; with MQS_ESTALE and NULL, the client says
 * "settled or delivered again meanwhile".  The answer is sent by the next service, and not
 * at all if the client has gone.
 */
void	mqs_settle_server_answer(struct mqs_settle_server *, uint64_t ticket, int code,
	    const char *text);
/* How many requests have no answer yet. */
size_t	mqs_settle_server_unanswered(const struct mqs_settle_server *);
/*
 * Stops listening, removes the socket, sends the answers that wait (a client that does not
 * take them is waited for up to a second).  Requests without an answer are told that the
 * consumer has gone.
 */
void	mqs_settle_server_free(struct mqs_settle_server *);

#endif
