/*
 * publish_input.h - what a publisher's batch was made from, delivery by delivery
 *
 * The messages of a batch that came of one delivery are a section of it.  A section is
 * stored together with a marker that names the delivery's message (embedded/queue/marker.h), in
 * the one transaction of the flush; where the marker stands already, the section is
 * void.  Only after that is the input settled, so:
 *
 *	killed before the commit	no output, no marker: the input is run again
 *	between commit and settling	run again, or found to be done; its output is void
 *	after the settling		the marker is of no use any more
 *
 * A marker carries the group's generation of when the input was claimed: what is
 * produced anew after a rewind is not taken for what was there before it.  Each section
 * that is stored sweeps markers below the durable floor of its group, read with the log's
 * write lock held: a redriven message lowers the floor before anybody can put its marker.
 */
#ifndef MQS_EMBEDDED_PUBLISH_INPUT_H
#define MQS_EMBEDDED_PUBLISH_INPUT_H

#include "embedded/consume_state.h"
#include "embedded/queue/log_tx.h"
#include "embedded/queue/marker.h"

struct mqs_input {
	struct mqs_marker marker;
	struct mqs_group *group;	/* borrowed from its consumer's spool */
	size_t		 first;		/* of the batch's messages */
	int		 stood;		/* the marker did: the section is void */
};

/* Whose delivery it is. */
int	mqs_input_of(struct mqs_input *, struct mqs_consumer *, const struct mqs_message *,
	    struct mqs_error *err);
/* Puts its marker and sweeps older ones; sets stood instead if it stands already. */
int	mqs_input_mark(struct mqs_input *, struct mqs_log_tx *, struct mqs_error *err);
#endif
