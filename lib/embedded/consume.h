/*
 * consume.h - a consumer's own state (consume.c, consume_claim.c, consume_acks.c, consume_reclaim.c, consume_run.c)
 *
 * In memory: what was claimed and not yet read (deliveries), the leases that it
 * holds and how many of each are unsettled (own), what is to be settled with the
 * next transaction (acks, then wants).  All of it can be lost: the group's file and the owner
 * file say what a dead consumer held.
 */
#ifndef MQS_EMBEDDED_CONSUME_H
#define MQS_EMBEDDED_CONSUME_H

#include "embedded/settle.h"
#include "embedded/store/owner.h"
#include "embedded/store/wake.h"

struct mqs_delivery {
	uint64_t	id, lease;
	uint32_t	index;		/* in its batch */
	uint32_t	attempts : 31;	/* before this one */
	uint32_t	gone : 1;	/* removed from the log before it was read */
};

struct mqs_ack {
	uint64_t	lease, id;
	int		through;	/* all of the lease up to it */
};

struct mqs_own_lease {
	uint64_t	lease;
	uint64_t	last;		/* id of its last message */
	uint64_t	generation;	/* the group's when it was taken */
	uint32_t	unsettled;
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

	struct mqs_ack		*acks;		/* plain ones, before any other want */
	size_t			 nacks, acks_cap;
	size_t			 acked;		/* messages in acks */
	struct mqs_want		*wants;
	size_t			 nwants, wants_cap;

	struct mqs_log		*made_in;	/* where its deliveries' outputs go, or NULL */
	struct mqs_run		*ended;		/* runs to end after the next transaction */
	int64_t			 touched;	/* boot time: when the group was last told that it is used */
	int			 look_owners;	/* somebody may have died */
	int			 look_own;	/* own leases may have been settled elsewhere */
	int			 idle;		/* says so, see consume_idle.c */
	int			 active;	/* was made the group's active one (exclusive) */
	int			 held_back;	/* in the last claim, by a limit of the group */
	int64_t			 lease_due;	/* CLOCK_BOOTTIME of the next lease to run out; 0: none */
};

/* 1 if some lease must be taken back; c->lease_due becomes the next due one. */
int	mqs_reclaim_wanted(struct mqs_consumer *, int *wanted, struct mqs_error *err);
/* Takes back what dead consumers held, within a pass. */
int	mqs_reclaim(struct mqs_consumer *, struct mqs_pass *, struct mqs_error *err);
/* After it: removes the owner files of the dead that hold nothing more. */
int	mqs_reclaim_collect(struct mqs_consumer *, struct mqs_error *err);

/* Collects an ack of one delivery (consume_acks.c). */
int	mqs_ack_add(struct mqs_consumer *, uint64_t lease, uint64_t id, struct mqs_error *err);
/* Carries out the acks that are collected; drops them, once that is committed. */
int	mqs_acks_settle(const struct mqs_consumer *, struct mqs_group_tx *, struct mqs_error *err);
void	mqs_acks_drop(struct mqs_consumer *);
/* How many settlements are collected. */
size_t	mqs_consumer_collected(const struct mqs_consumer *);
/* Counts own leases anew. */
int	mqs_consumer_recount(struct mqs_consumer *, struct mqs_error *err);
/* Ends the runs whose settling was carried out. */
void	mqs_runs_ended(struct mqs_consumer *);
/* Frees those whose settling was not, without a word: their marks stay. */
void	mqs_runs_forget(struct mqs_consumer *);

#endif
