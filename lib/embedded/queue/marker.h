/*
 * marker.h - markers: "the output of this input is already here"
 *
 * A message may be turned into messages of another queue: into a dead letter, or into the
 * output of a filter.  Then two files change, the log of the other queue and the group's, and
 * LMDB can't commit both at once.  So the output is committed first, together with a marker
 * that names the input: the UUID of its queue, its group, the group's generation, its id.
 * The input is settled after that.  A crash between the two leaves output and marker.  The
 * input is then delivered again, and the marker says that it only needs to be settled.
 *
 * With sync=relaxed the log of the output is synced before the input is settled, whoever has
 * put the marker: otherwise the loss of power could undo the output and not the settling.
 *
 * A marker may be removed once the input's settling can't be undone any more:
 *
 *	- the input's id is below the durable floor of its group (queue/group_tx.h);
 *	- the marker's generation is over: a rewind has begun another one, and that is on
 *	  stable storage, so that no crash takes the group back.  Nobody claims an input
 *	  under the old generation any more.  (A consumer that did so before the rewind
 *	  publishes once and then finds its settling refused.)  A group that was deleted
 *	  and made again has another generation, too;
 *	- its group or its queue was deleted.
 *
 * mqs_marker_sweep removes markers of the first two kinds, a few at a time, in later
 * transactions of the log for the same group.  A rewind can't do it: it does not know in
 * which logs there are markers, and may lack the permission to write to them.  So the
 * markers of an old generation stay until the group is next used for the same log.
 *
 * A redriven dead letter may go back into a group instead of a log.  Then its marker is put
 * into the file of that group, by the same transaction.
 */
#ifndef MQS_EMBEDDED_QUEUE_MARKER_H
#define MQS_EMBEDDED_QUEUE_MARKER_H

#include "embedded/queue/group.h"
#include "embedded/queue/log.h"

#define MQS_MARKER_KEY	40	/* bytes of a marker's key in its table */

struct mqs_marker {
	unsigned char	uuid[16];
	uint64_t	group;		/* XXH3-64 of its name */
	uint64_t	generation;
	uint64_t	id;
};

/* Fills in the marker of an input: a message of the group's queue. */
void	mqs_marker_of(struct mqs_marker *, const struct mqs_group *, uint64_t generation, uint64_t id);
/*
 * Looks for a marker: MQS_OK if it is there, else MQS_NOTHING.  The table is MQS_LOG_MARKERS
 * in a transaction of a log, and MQS_GROUP_MARKERS in one of a group.
 */
int	mqs_marker_find(struct mqs_tx *, unsigned table, const struct mqs_marker *, struct mqs_error *err);
/*
 * Looks for a marker in a log: MQS_OK if it is there and no crash can undo it, else
 * MQS_NOTHING.
 */
int	mqs_marker_stands(struct mqs_log *, const struct mqs_marker *, struct mqs_error *err);
/* Puts a marker. */
int	mqs_marker_put(struct mqs_tx *, unsigned table, const struct mqs_marker *, struct mqs_error *err);
/* Puts a marker that was found in another file, by its key there. */
int	mqs_marker_restore(struct mqs_tx *, unsigned table, const unsigned char key[MQS_MARKER_KEY],
	    struct mqs_error *err);
/* Removes a marker; MQS_NOTHING if it is not there. */
int	mqs_marker_del(struct mqs_tx *, unsigned table, const struct mqs_marker *, struct mqs_error *err);
/*
 * Removes up to 100 markers of the same queue and group: those of m's generation with ids
 * below m->id, and, if that generation is beyond undoing, those of earlier ones.  The
 * group is the one that m names.
 */
int	mqs_marker_sweep(struct mqs_tx *, unsigned table, struct mqs_group *,
	    const struct mqs_marker *m, struct mqs_error *err);
/*
 * Removes up to `most' markers of groups that are gone: *n.  is_gone is asked about one
 * marker of each group that is not, and about every one of those that are.
 */
int	mqs_marker_remove_gone(struct mqs_tx *, unsigned table,
	    int (*is_gone)(void *arg, const struct mqs_marker *), void *arg, size_t most,
	    size_t *n, struct mqs_error *err);
/*
 * The last generation of a group of which a log has a marker, uuid being its queue's and
 * `group' the hash of its name: MQS_NOTHING if it has none.
 */
int	mqs_marker_last_generation(struct mqs_tx *, const unsigned char uuid[16], uint64_t group,
	    uint64_t *generation, struct mqs_error *err);

#endif
