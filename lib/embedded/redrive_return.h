/*
 * redrive_return.h - dead letters go back to where they died
 *
 * The letters of a dead-letter queue are taken by a group of their own there, `redrive',
 * whose consumer this is: what is not redriven stays in it.  For each letter, in
 * the queue where its message died:
 *
 *	- the message is retained, and the group is there: the message is held in it,
 *	  ready, with no attempt counted, under a marker in the group's file;
 *	- the group is yet to deliver the message, or is about to (a crash, a rewind): so
 *	  much is done already;
 *	- else a copy of the letter, as the message was before it died, is appended for that
 *	  group alone, under a marker in the log.
 *
 * Letters of a queue or group that is gone stay, and that is reported.
 *
 * The markers name the letter (its queue, the group `redrive' and its generation, id), as
 * embedded/queue/marker.h says.  Order: the marker of the letter itself goes (below) - the group
 * where it died, synced - that queue's log - the group `redrive', synced - the markers
 * in groups, which then have done their work.  A crash between any two repeats from where
 * the markers say.
 *
 * The message will have to make a new letter if it dies again.  So the marker that dead_letter_make.c
 * left for it goes first, once its settling can't be undone any more.
 *
 * Locks: the group where it died; within that, one after the other, the log of the
 * dead-letter queue and the log of that group.
 */
#ifndef MQS_EMBEDDED_REDRIVE_RETURN_H
#define MQS_EMBEDDED_REDRIVE_RETURN_H

#include "embedded/spool.h"

#define MQS_REDRIVE_GROUP	"redrive"

struct mqs_redrive_letter {
	uint64_t	id, lease;	/* its own, in the dead-letter queue */
	uint64_t	original;	/* id of the message that died */
	char		queue[MQS_NAME_MAX + 1];	/* where it died */
	char		group[MQS_NAME_MAX + 1];
	int		leased;		/* the message is out to a consumer of that group */
	int		again;		/* it was held in that group, under a marker there */
	int		done;		/* redriven: to be settled */
};

/*
 * Brings n letters, all of one queue and group, back there; those with `done' set
 * afterwards can be settled, also after an error.
 */
int	mqs_redrive_return(struct mqs_spool *, struct mqs_group *redrive,
	    struct mqs_redrive_letter *, size_t n, struct mqs_error *err);
/* When they were settled for good: removes their markers from that group. */
int	mqs_redrive_drop_markers(struct mqs_spool *, struct mqs_group *redrive,
	    const struct mqs_redrive_letter *, size_t n, struct mqs_error *err);

#endif
