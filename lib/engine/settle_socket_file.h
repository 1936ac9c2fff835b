/*
 * settle_socket_file.h - the sockets of consumers: listening, connecting, removing dead ones
 *
 * A socket's name is the consumer's token.  It is made under the name TOKEN.new, listened on,
 * and renamed.  So one without that ending on which nobody listens belongs to a consumer that
 * is dead.
 *
 * A user's directory is closed to others.  Besides, each side asks the kernel who the other
 * one is.
 */
#ifndef MQS_ENGINE_SETTLE_SOCKET_FILE_H
#define MQS_ENGINE_SETTLE_SOCKET_FILE_H

#include "engine/settle_socket_directory.h"
#include "engine/settle_socket_receipt.h"
#include "mqspool.h"

/* Listens under a token; *fd becomes the socket, which does not block. */
int	mqs_settle_socket_listen(const struct mqs_settle_directory *, struct mqs_settle_token,
	    int *fd, struct mqs_error *err);
/* Removes the socket of a token. */
void	mqs_settle_socket_remove(const struct mqs_settle_directory *, struct mqs_settle_token);
/*
 * Removes the sockets of consumers that are dead.  One whose process seems to live is left
 * alone, and so is one that answers: a number of a process means nothing elsewhere (in a
 * container).
 */
void	mqs_settle_socket_sweep(const struct mqs_settle_directory *);

/*
 * Connects to the consumer with a token, wherever it listens; *fd becomes the socket, which
 * does not block.  MQS_ESTALE: there is no such consumer (now).  MQS_EBUSY: so many others
 * wait that this one has to try again.  MQS_EPERM: the directory or the consumer is not of
 * this user (for root: the consumer is not of the directory's owner).
 */
int	mqs_settle_socket_connect(struct mqs_settle_token, int *fd, struct mqs_error *err);

#endif
