/*
 * address.h - the address of a RabbitMQ cluster, taken apart
 *
 *	amqp[s]://[user[:password]@]host[:port][,host[:port]...][/vhost]
 *
 * Ports are 5672, and 5671 for amqps.  The vhost is "/" unless one is named; amqp://host/ names
 * none.  User, password, host and vhost may be percent-encoded (a vhost "a/b" is a%2Fb).  The
 * address of IPv6 stands in brackets.  Options after '?' are refused, with the name of the file
 * that has them (configuration.h): a misspelt option of an address would be silently ignored.
 */
#ifndef MQS_AMQP_ADDRESS_H
#define MQS_AMQP_ADDRESS_H

#include <stddef.h>

#include "mqspool.h"

struct mqs_amqp_host {
	char	*name;
	int	 port;
	char	*shown;		/* "host:port", for messages */
};

struct mqs_amqp_address {
	int			 tls;
	char			*user;		/* NULL if there is none */
	char			*password;	/* NULL if there is none */
	char			*vhost;
	struct mqs_amqp_host	*hosts;		/* at least one */
	size_t			 nhosts;
};

/* Takes an address apart.  MQS_EINVAL says what is wrong with it, and never the password. */
int	mqs_amqp_address_parse(struct mqs_amqp_address *, const char *where, struct mqs_error *err);
void	mqs_amqp_address_free(struct mqs_amqp_address *);

#endif
