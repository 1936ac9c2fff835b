/*
 * configuration.h - what a connection needs beside its address: ~/.config/mq/amqp.conf
 *
 * The file has lines NAME=VALUE.  Blank lines and lines that begin with '#' count for nothing.
 * It is $XDG_CONFIG_HOME/mq/amqp.conf, else ~/.config/mq/amqp.conf, and need not exist.  Because
 * it may hold a password, a file that its group or others can read is refused (MQS_EPERM), and
 * so is one of another user.  Its names:
 *
 *	user, password		if the address has none
 *	ca			a file in PEM: who may sign servers; default: whom the system trusts
 *	cert, key		files in PEM: the client's certificate
 *	verify			yes (default), or no: any server's certificate is good
 *	heartbeat		seconds between heartbeats, 1 to 3600; default 10
 *	connect-timeout		a duration: how long one host is tried; default 10s
 *	management		URLs of the management API, or its port, or "no" (management.h); default
 *				15672, with TLS 15671
 *
 * An unknown name is an error (MQS_ECONFIG), which says the line.  The environment variable
 * MQ_AMQP_PASSWORD comes before the file's password, the address's password before both.  With
 * no user anywhere, user and password are "guest", as RabbitMQ makes them.
 */
#ifndef MQS_AMQP_CONFIGURATION_H
#define MQS_AMQP_CONFIGURATION_H

#include <stdint.h>

#include "amqp/address.h"

struct mqs_amqp_configuration {
	char	*user;			/* never NULL once read */
	char	*password;
	char	*ca, *cert, *key;	/* NULL if there is none */
	int	 verify;
	int	 heartbeat;		/* seconds */
	int64_t	 connect_timeout;	/* ns */
	char	*management;		/* NULL: the default ports; else good (management_servers.h) */
};

/* Reads the configuration that belongs to an address. */
int	mqs_amqp_configuration_read(struct mqs_amqp_configuration *,
	    const struct mqs_amqp_address *, struct mqs_error *err);
/*
 * Reads the text of such a file into what is filled already; `path' is for messages.  What it
 * names twice counts as it was named last.
 */
int	mqs_amqp_configuration_parse(struct mqs_amqp_configuration *, const char *text, size_t n,
	    const char *path, struct mqs_error *err);
void	mqs_amqp_configuration_free(struct mqs_amqp_configuration *);

#endif
