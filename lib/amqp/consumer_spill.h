/*
 * consumer_spill.h - deliveries of an ordered group that wait in a file
 *
 * An ordered group's window can't be made smaller when messages are large (consumer_keys.h).  So
 * what comes while MQS_AMQP_AHEAD_BYTES of deliveries are in memory, or MQS_AMQP_AHEAD_FILES
 * bodies are files, is written to a temporary file: key, properties and body.  It is read again
 * when it is handed out, and when a copy of it is made.
 *
 * The file grows at its end.  The room of a delivery that is gone is given back to the filesystem,
 * if that can do it; when none is left in the file, it begins anew.
 */
#ifndef MQS_AMQP_CONSUMER_SPILL_H
#define MQS_AMQP_CONSUMER_SPILL_H

#include <stddef.h>
#include <stdint.h>

#include "mqspool.h"

struct mqs_amqp_held;

struct mqs_amqp_spill {
	int		 fd;		/* -1: there is none yet */
	uint64_t	 end;
	size_t		 n;		/* deliveries in it */
};

/*
 * Writes a delivery to the file and frees what it has in memory, and its descriptor.  *h may move.
 * With the connection's lock held, as when it is freed.
 */
int	mqs_amqp_spill_put(struct mqs_amqp_spill *, struct mqs_amqp_held **h,
	    struct mqs_error *err);
/* Has a delivery in memory, if it is in the file alone; a large body becomes a file of its own. */
int	mqs_amqp_spill_load(struct mqs_amqp_held *, struct mqs_error *err);
/* Has a delivery that is in the file in that alone. */
void	mqs_amqp_spill_unload(struct mqs_amqp_held *);
/* A delivery is gone. */
void	mqs_amqp_spill_remove(struct mqs_amqp_held *);
void	mqs_amqp_spill_close(struct mqs_amqp_spill *);

#endif
