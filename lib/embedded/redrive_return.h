/*
 * redrive_return.h - redriving: dead letters go back to where their messages died
 *
 * mq-ctl redrive is a consumer of the group `redrive' of the dead-letter queue.  Letters that
 * are not redriven stay in that queue.  For each letter, in the queue where its message died,
 * one of these happens:
 *
 *	- The message is retained and the group is there: the message is held in the group as
 *	  ready, with no attempt counted.  The same transaction puts a marker into the group's
 *	  file.
 *	- The group has yet to deliver the message, or holds it (after a crash, or a rewind):
 *	  nothing needs to be done.
 *	- Else a copy of the message, made from the letter, is appended to the queue for this
 *	  group alone, with a marker in the log.
 *
 * If the queue or the group is gone, the letter stays, and that is reported.
 *
 * The markers (queue/marker.h) name the letter: its queue, the group `redrive' with its
 * generation, its id.
 *
 * If the message dies again, it must be able to make a new letter.  So the marker that
 * dead_letter_make.c left for it is removed first, once its settling can't be undone.
 *
 * The order of commits: the dead-letter queue, without that marker; the group where the
 * message died, synced; the log of that queue; the group `redrive', synced; that first group
 * again, without its markers, which have done their work.  A crash between any two repeats
 * from there, as the markers say.
 *
 * Locks: the group where the message died; within that, one after the other, the log of the
 * dead-letter queue and the log of the group's queue.
 */
#ifndef MQS_EMBEDDED_REDRIVE_RETURN_H
#define MQS_EMBEDDED_REDRIVE_RETURN_H

#include "embedded/spool.h"

#define MQS_REDRIVE_GROUP	"redrive"

struct mqs_redrive_letter {
	uint64_t	id, lease;	/* of the letter, in the dead-letter queue */
	uint64_t	original;	/* id of the message that died */
	char		queue[MQS_NAME_MAX + 1];	/* where it died */
	char		group[MQS_NAME_MAX + 1];
	int		leased;		/* the message is leased to a consumer of that group */
	int		again;		/* the message is held in that group, with a marker there */
	int		done;		/* redriven: the letter can be settled */
};

/*
 * Redrives n letters, all to one queue and group.  Letters with `done' set afterwards can be
 * settled, also if an error is returned.
 */
int	mqs_redrive_return(struct mqs_spool *, struct mqs_group *redrive,
	    struct mqs_redrive_letter *, size_t n, struct mqs_error *err);
/* Removes the markers of letters from that group, once they are settled for good. */
int	mqs_redrive_drop_markers(struct mqs_spool *, struct mqs_group *redrive,
	    const struct mqs_redrive_letter *, size_t n, struct mqs_error *err);

#endif
