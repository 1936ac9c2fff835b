/*
 * lease_extension.h - more time for single messages of a lease: the table `extended'
 *
 * Key: lease, id.  Value: when the message may be taken back (CLOCK_BOOTTIME, ns).  Most
 * leases have none; the flag MQS_LEASE_EXTENDED of the lease says whether to look.
 */
#ifndef MQS_EMBEDDED_QUEUE_LEASE_EXTENSION_H
#define MQS_EMBEDDED_QUEUE_LEASE_EXTENSION_H

#include "embedded/store/lmdb/entry.h"

/* Keeps a message from being taken back before `due'. */
int	mqs_lease_extension_put(struct mqs_tx *, uint64_t lease, uint64_t id, uint64_t due,
	    struct mqs_error *err);
/* Reads until when that is: *due is 0 if the message was not given more time. */
int	mqs_lease_extension(struct mqs_tx *, uint64_t lease, uint64_t id, uint64_t *due,
	    struct mqs_error *err);
/* Removes all extensions of a lease. */
int	mqs_lease_extensions_drop(struct mqs_tx *, uint64_t lease, struct mqs_error *err);

#endif
