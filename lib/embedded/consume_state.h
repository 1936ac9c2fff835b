/*
 * consume_state.h - a consumer: what it keeps in memory
 *
 * The messages that were claimed and not yet read (deliveries), the leases that the
 * consumer holds (own), and the settlings that were asked for and not yet carried out
 * (first acks, then requests).  All of it can be lost without harm: the group's file and
 * the consumer's owner file say what a dead consumer held.
 */
#ifndef MQS_EMBEDDED_CONSUME_STATE_H
#define MQS_EMBEDDED_CONSUME_STATE_H

#include "embedded/queue/group_count_acks.h"
#include "embedded/queue/log_reader.h"
#include "embedded/settle_request.h"
#include "embedded/spool.h"
#include "embedded/store/owner.h"
#include "embedded/store/wake.h"

struct mqs_delivery {
	uint64_t	id, lease;
	uint32_t	index;		/* in its batch */
	uint32_t	attempts : 31;	/* before this delivery */
	uint32_t	gone : 1;	/* removed from the log before it was read */
};

struct mqs_ack {
	uint64_t	lease, id;
	int		through;	/* 1: all messages of the lease up to that id */
};

struct mqs_own_lease {
	uint64_t	lease;
	struct mqs_id_sum ids;		/* of its messages */
	uint64_t	generation;	/* the group's when it was taken */
	uint32_t	unsettled;
};

/*
 * Which messages a consumer is to get, where that is not all of the group's: mq-ctl redrive
 * takes the letters that match.  The others are held as ready, and stay there.  So the claims
 * of such a consumer together walk once over what is ready; FROM is where they are.
 */
struct mqs_wanted {
	/* 1 if it wants the message; NULL for one without key and headers. */
	int		(*fn)(void *arg, const struct mqs_message *);
	void		*arg;
	uint64_t	 from_sort, from_id;	/* looked at, up to that entry of what is ready */
};

/* New messages, up to an id, that match no binding and that the cursor has not passed. */
struct mqs_unmatched {
	uint64_t	 generation, settings, cursor;	/* of the group's state then */
	uint64_t	 to;		/* id of the last one; the cursor if there is none */
	uint64_t	 count;
	int64_t		 since;		/* mqs_boottime of the first one */
	int		 waiting;	/* the last claim took nothing */
};

struct mqs_consumer {
	struct mqs_handle	 handle;	/* the seam's; first */
	struct mqs_spool	*spool;
	struct mqs_group	*group;
	struct mqs_owner	*owner;
	struct mqs_wake		*wake;
	struct mqs_log_reader	 reader;	/* hands messages out */
	int			 body;		/* descriptor of a large body handed out, or -1 */
	unsigned		 flags;
	size_t			 prefetch;
	int64_t			 lease_time;

	struct mqs_delivery	*deliveries;
	size_t			 ndeliveries, cap;
	size_t			 next;		/* the next to be read */
	size_t			 handed;	/* of those read: marked as handed out */

	struct mqs_own_lease	*own;		/* leases ascend */
	size_t			 nown, own_cap;
	size_t			 held;		/* sum of own[].unsettled */

	struct mqs_ack		*acks;		/* collected acks; see consume_collect.h */
	size_t			 nacks, acks_cap;
	size_t			 acked;		/* messages in acks */
	struct mqs_settle_request	*requests;
	size_t			 nrequests, requests_cap;

	struct mqs_wanted	 wanted;	/* fn NULL: all */
	struct mqs_unmatched	 unmatched;	/* see consume_unmatched.h */
	struct mqs_log		*made_in;	/* the log for what a filter makes of its deliveries, or NULL */
	struct mqs_run		*ended;		/* runs to end after the next transaction */
	int64_t			 touched;	/* when the group was last marked as used, CLOCK_BOOTTIME */
	int			 look_owners;	/* somebody may have died */
	int			 look_own;	/* own leases may have been settled elsewhere */
	int			 quiet;		/* the next claim finds nothing, see consume_line.h */
	int			 idle;		/* it shows that it is idle, see consume_idle.c */
	int			 active;	/* it became the active consumer of an exclusive group */
	int			 held_back;	/* in the last claim, by a limit of the group */
	int64_t			 lease_due;	/* CLOCK_BOOTTIME of the next lease to run out; 0: none */
};

#endif
