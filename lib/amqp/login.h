/*
 * login.h - one attempt to log in at one host
 *
 * An attempt resolves the host's name, connects, shakes hands for TLS, and logs in to the vhost.
 * It takes connect-timeout at most for connecting, and as long again for the rest; only the
 * resolving of names has no limit of ours.  It announces what librabbitmq does not announce by itself:
 * connection.blocked, consumer_cancel_notify, basic.nack, publisher_confirms.
 *
 * What can go wrong:
 *
 *	MQS_EPERM	wrong user or password; no such vhost, or no access to it; a server's
 *			certificate that is not good.  The text names user and vhost, never the
 *			password.
 *	MQS_ECONFIG	a file of certificates that can't be read or is none
 *	MQS_EBUSY	the host can't be reached, does not speak AMQP, or is shutting down: the
 *			next host may be better
 *
 * It runs in the thread of the connection and must not be called from anywhere else.
 */
#ifndef MQS_AMQP_LOGIN_H
#define MQS_AMQP_LOGIN_H

#include "amqp/configuration.h"
#include "amqp/librabbitmq.h"

/*
 * The largest frame that is asked for.  A message's properties must fit into one; and the
 * buffer of a socket that poll(2) calls writable has room for one.
 */
#define MQS_AMQP_FRAME_ASKED	131072

int	mqs_amqp_login(amqp_connection_state_t *out, const struct mqs_amqp_address *,
	    size_t host, const struct mqs_amqp_configuration *, struct mqs_error *err);

#endif
