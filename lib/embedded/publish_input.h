/*
 * publish_input.h - the input of a section: the delivery of which a filter made messages
 *
 * The messages that a filter made of one delivery are a section of the publisher's batch.  A
 * section is stored together with a marker that names the delivered message
 * (queue/marker.h), in one transaction.  If the marker is there already, the section is not
 * stored.  The input is settled after that.  So a consumer that is killed
 *
 *	before the commit	leaves no output and no marker: the filter runs again
 *	after the commit	leaves both: the filter may run again, but its output is not
 *				stored
 *	after the settling	leaves a marker that is of no more use
 *
 * A marker has the generation that the group had when the input was claimed.  So what a
 * filter makes after a rewind is not taken for what it made before.
 *
 * Each section that is stored also removes markers that are of no more use, below the durable
 * floor of its group.  The floor is read while the log's write lock is held: redriving a
 * message lowers the floor before anybody can put a marker for it.
 */
#ifndef MQS_EMBEDDED_PUBLISH_INPUT_H
#define MQS_EMBEDDED_PUBLISH_INPUT_H

#include "embedded/consume_state.h"
#include "embedded/queue/log_tx.h"
#include "embedded/queue/marker.h"

struct mqs_input {
	struct mqs_marker marker;
	struct mqs_group *group;	/* borrowed from its consumer's spool */
	size_t		 first;		/* index of its first message in the batch */
	int		 stood;		/* the marker was there already: the section is not stored */
};

/* Fills in the input for a delivery of a consumer. */
int	mqs_input_of(struct mqs_input *, struct mqs_consumer *, const struct mqs_message *,
	    struct mqs_error *err);
/* Puts the marker, and removes older ones; if the marker is there already, only sets `stood'. */
int	mqs_input_mark(struct mqs_input *, struct mqs_log_tx *, struct mqs_error *err);
#endif
