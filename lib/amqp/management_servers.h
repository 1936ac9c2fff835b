/* management_servers.h - where the management API is: the base URLs of its servers */
#ifndef MQS_AMQP_MANAGEMENT_SERVERS_H
#define MQS_AMQP_MANAGEMENT_SERVERS_H

#include "amqp/configuration.h"

struct mqs_amqp_servers {
	char	**urls;		/* "http://host:15672", without a '/' at the end */
	size_t	  n;
};

/* NULL, or what is wrong with the value of `management' in amqp.conf. */
const char *mqs_amqp_servers_check(const char *management);
/*
 * Makes the list from the address and `management', which may be NULL and is good otherwise.
 * None, if that is "no".  Returns 0, or -1: no memory.  To be freed in each case.
 */
int	mqs_amqp_servers_make(struct mqs_amqp_servers *, const struct mqs_amqp_address *,
	    const char *management);
void	mqs_amqp_servers_free(struct mqs_amqp_servers *);

#endif
