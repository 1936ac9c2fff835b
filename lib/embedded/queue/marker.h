/*
 * marker.h - markers: "what became of this input is already here"
 *
 * Two environments can't commit together.  So what an input turned into (a dead
 * letter, a filter's output) is committed to the log it goes to together
 * with a marker that names the input: (UUID of its queue, group, the group's
 * generation, id).  Only then is the input settled.  After a crash between the
 * two the input comes again; the marker says that there is nothing left to do
 * but settle it.  (A relaxed log is synced first: whoever put the marker may have died
 * before that, and the settling must not outlast what it is for.)
 *
 * A marker may go once the input's settling can't be undone any more:
 *
 *	- the input's id is below the durable floor of its group (embedded/queue/group.h);
 *	- the marker's generation is over: a rewind has begun another one, and that is on
 *	  stable storage, so that no crash takes the group back.  Nobody claims an input
 *	  under the old generation any more.  (A consumer that did so before the rewind
 *	  publishes once and then finds its settling refused.)  A group that was deleted
 *	  and made again has another generation, too;
 *	- its group or its queue was deleted (embedded/marker_remove_gone.h).
 *
 * mqs_marker_sweep removes markers of the first two kinds, a few at a time, in later
 * transactions of the log for the same group.  A rewind can't do it: it does not know in
 * which logs there are markers, and may lack the permission to write to them.  So the
 * markers of an old generation stay until the group is next used for the same log.
 *
 * A dead letter that is redriven may go back into a group instead of a log; then its
 * marker stands in that group's file, put there by the same transaction.
 */
#ifndef MQS_EMBEDDED_QUEUE_MARKER_H
#define MQS_EMBEDDED_QUEUE_MARKER_H

#include "embedded/queue/group.h"
#include "embedded/queue/log.h"

struct mqs_marker {
	unsigned char	uuid[16];
	uint64_t	group;		/* XXH3-64 of its name */
	uint64_t	generation;
	uint64_t	id;
};

/* The marker of an input of a group. */
void	mqs_marker_of(struct mqs_marker *, const struct mqs_group *, uint64_t generation, uint64_t id);
/*
 * The table is MQS_LOG_MARKERS in a log's transaction, MQS_GROUP_MARKERS in a group's.
 * MQS_OK: it stands; MQS_NOTHING.
 */
int	mqs_marker_find(struct mqs_tx *, unsigned table, const struct mqs_marker *, struct mqs_error *err);
/* In a snapshot of its own: MQS_OK if it stands, beyond undoing. */
int	mqs_marker_stands(struct mqs_log *, const struct mqs_marker *, struct mqs_error *err);
int	mqs_marker_put(struct mqs_tx *, unsigned table, const struct mqs_marker *, struct mqs_error *err);
/* Removes one; MQS_NOTHING if it does not stand. */
int	mqs_marker_del(struct mqs_tx *, unsigned table, const struct mqs_marker *, struct mqs_error *err);
/*
 * Removes up to 100 markers of the same queue and group: those of m's generation with ids
 * below m->id, and, if that generation is beyond undoing, those of earlier ones.  The
 * group is the one that m names.
 */
int	mqs_marker_sweep(struct mqs_tx *, unsigned table, struct mqs_group *,
	    const struct mqs_marker *m, struct mqs_error *err);

#endif
