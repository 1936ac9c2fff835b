/*
 * properties_table.h - the properties and headers of a message while they are put together
 *
 * They must fit into one frame, and the levels of a delay add to them on the broker (x-death),
 * which hands them out in one frame again, whatever its size: one that exceeds frame_max ends
 * the connection of each consumer that gets it.  So MQS_AMQP_HEADROOM of a frame stays free.
 *
 * All bytes are borrowed: every pointer in `basic' points into what it was made of (a message,
 * received properties, options), to constants, or into this structure.  So it is good as long
 * as all these are, and until the structure is used again.
 */
#ifndef MQS_AMQP_PROPERTIES_TABLE_H
#define MQS_AMQP_PROPERTIES_TABLE_H

#include <stddef.h>
#include <stdint.h>

#include "amqp/delay.h"
#include "amqp/librabbitmq.h"
#include "base/bytes.h"
#include "base/units.h"
#include "mqspool.h"

#define MQS_AMQP_FRAME_MAX	131072	/* where a broker sets no other */
#define MQS_AMQP_HEADROOM	16384

/* Zeroed before its first use; may be used again and again; freed in the end. */
struct mqs_amqp_properties {
	/* To be given to basic.publish: */
	amqp_basic_properties_t	 basic;
	/* the exchange to publish to, with `mandatory'; NULL: the queue's, as it is wanted there */
	const char		*exchange;

	/* For those who fill it in: */
	size_t			 limit;		/* bytes that properties and headers may have */
	size_t			 size;		/* bytes that they have */
	amqp_table_entry_t	*entries;
	size_t			 nentries, entries_cap;
	struct mqs_buf		 names;		/* names with a prefix, one after another */
	struct mqs_buf		 more;		/* values of mq-more-..., one after another */
	char			 id[MQS_ID_SIZE];
	char			 to[MQS_AMQP_DELAY_TO_SIZE];
	char			 expires[MQS_TIME_SIZE], not_before[MQS_TIME_SIZE];
	char			 expiration[24], dropped[24];
};

void	mqs_amqp_properties_free(struct mqs_amqp_properties *);

/*
 * Empties it, and makes room for so many entries, bytes of names with a prefix, prefixes
 * included, and bytes of values of mq-more-...: 0, or -1 with errno (ENOMEM).  What is added
 * afterwards must not be more.
 */
int	mqs_amqp_properties_begin(struct mqs_amqp_properties *, size_t entries, size_t names,
	    size_t more, uint32_t frame_max);
/* Adds a header. */
void	mqs_amqp_properties_add(struct mqs_amqp_properties *, amqp_table_entry_t);
/* Adds the headers of a delay to a target, QUEUE or (group is not NULL) QUEUE/GROUP. */
void	mqs_amqp_properties_delay(struct mqs_amqp_properties *, uint32_t seconds,
	    const char *queue, const char *group);
/* A name with a prefix. */
amqp_bytes_t mqs_amqp_properties_prefixed(struct mqs_amqp_properties *, const char *prefix,
	    amqp_bytes_t name);
/* Sets a property that is a short text. */
void	mqs_amqp_properties_set(struct mqs_amqp_properties *, amqp_flags_t,
	    amqp_bytes_t *property, amqp_bytes_t value);
/* Sets all properties of a message that was received which a copy may keep; no headers. */
void	mqs_amqp_properties_keep(struct mqs_amqp_properties *, const amqp_basic_properties_t *);
/* Puts the headers into `basic', after all was added. */
void	mqs_amqp_properties_end(struct mqs_amqp_properties *);

/* The bytes that a header has on the wire; SIZE_MAX if it is nested too deeply. */
size_t	mqs_amqp_entry_size(const amqp_table_entry_t *);

#endif
