/*
 * consumer.h - consuming from a RabbitMQ cluster, and settling
 *
 * consumer.c		opened, closed, freed; its numbers
 * consumer_claim.c	the caller: claims, reads
 * consumer_window.c	how many deliveries the broker may send ahead
 * consumer_settle.c	the caller: settles
 * consumer_leases.c	the caller: what was handed out for a time
 * consumer_service.c	the caller: the descriptor, the socket for receipts, what went wrong
 * consumer_answers.c	when to look again; answers to those who settle by receipt
 * consumer_events.c	the thread: takes deliveries, hears of losses
 * consumer_send.c	the thread: sends orders, hears answers
 * consumer_orders.c	orders are given
 * consumer_states.c	the lists of deliveries of each state
 * consumer_keys.c	ordered groups: keys apart
 * consumer_applied.c	what was settled is in the queue: for answers, and before the end
 * consumer_empty.c	whether there is nothing
 * consumer_copies*.c	retries and dead letters
 * consumer_deliveries.c	the deliveries by their tags
 * consumer_delivery.c	one delivery
 * consumer_spill.c	ordered groups: deliveries that wait in a file
 *
 * The broker sends deliveries ahead, up to a prefetch (basic.qos), and the thread (connection.h)
 * keeps them.  A claim takes what is there, and consumer_next gives it, both without asking
 * the broker.  What the caller wants of the broker (to ack, to give back, to begin and to end
 * consuming) are orders; the thread sends them, in order, when the caller has flushed.
 *
 * A delivery is named by its tag (seq) and by the generation of its channel (lease), which
 * counts up each time that the channel is opened: after a loss, or after the broker closed it.
 *
 * Invariants
 * - The broker gets at most one order for a delivery: the order is given when the delivery is taken out
 *   of `deliveries', in one piece under the lock.  (It closes the channel for a second one.)
 * - Orders and deliveries are of the present generation; a loss drops all of them.
 * - Each delivery is in the list of its state, but COPYING and PARKED ones.  Unread ones are in the
 *   order in which they are read, those that were read in the order in which they were.
 * - The message that consumer_next gave last is `borrowed': its memory stays until the next call
 *   of consumer_next, though it may be settled or lost.
 *
 * LOSS  The connection is lost, or the broker closed the channel: all deliveries go back to their
 * queue, and the broker gives them to somebody.  So nothing is kept.  Settling one afterwards
 * changes nothing, and by receipt it is MQS_ESTALE.  What it leaves at each step:
 *	orders not sent			the message is delivered again, also if it was to be acked
 *	an ack sent, and not processed	the same
 *	a copy not confirmed		it may be there, and the message comes again, too
 *	a copy confirmed, ack not sent	the same
 * So a loss repeats what was in flight, and loses nothing.
 *
 * HOW MUCH AHEAD  Consuming begins with the first claim, and the prefetch is what that claim asked for: mq-sub
 * -c 1 has one message delivered, and none that others wait for meanwhile.  A claim that wants
 * more than the prefetch ends consuming and begins it anew with a larger one (basic.cancel,
 * basic.qos, basic.consume: what was delivered stays), but only while the whole prefetch is here:
 * the broker takes back what is on its way to a consumer that was cancelled, so the order would be
 * lost.  When deliveries are given back that nobody
 * has begun, consuming ends until the next claim: otherwise the broker would send them here again.
 * The prefetch is no more than MQS_AMQP_AHEAD_BYTES hold of messages as they were so far.  If larger
 * ones come, consuming ends, and what exceeds that much is given back as it arrives.
 *
 * CANCELLED  Where a node goes down, RabbitMQ 3.10 gives back what its consumers have, but not what those
 * have that are cancelled: it stays with them until the queue has another leader, even when the node
 * is back (rabbit_fifo, {down, Pid, noconnection}: "status = up").  When the node is back, it asks after each
 * process that had a consumer that was not cancelled, and gives back all that a process had that is
 * no more.  So before one is cancelled that has something, the channel gets a consumer that gets
 * nothing (consume_nothing.h), and keeps it until all of that is settled.  RabbitMQ 4 has no credits for
 * that.
 *
 * PASSED OVER  A delivery that was passed over stays unsettled, and is forgotten here: its memory is
 * freed, and the broker has it back when the channel ends.  When half of the window is of that kind,
 * consuming begins anew, so any number can be passed over.
 *
 * NOTHING THERE  A claim that finds nothing asks the broker, on the consumer's own channel, so that the
 * broker has processed all orders before.  It asks when nothing has come for a moment.  The answer must be
 * "0 ready" twice, and then nothing may have come: a delivery that was on its way at the first
 * answer is here at the second.  Otherwise there may be something: *held, and a look a little later.
 * Copies that are on their way count as something, too.  The question is an order, and the answer an
 * event: a call of the library that waits for it would keep all that comes before it in memory, whole
 * bodies among it.
 */
#ifndef MQS_AMQP_CONSUMER_H
#define MQS_AMQP_CONSUMER_H

#include "amqp/consumer_deliveries.h"
#include "amqp/consumer_spill.h"
#include "amqp/group.h"
#include "amqp/properties_in.h"
#include "amqp/spool.h"
#include "engine/settle_socket_server.h"

/* Bytes, and files, of unread deliveries. */
#define MQS_AMQP_AHEAD_BYTES	((size_t)8 << 20)
#define MQS_AMQP_AHEAD_FILES	64u

#define MQS_AMQP_BUSY_PLACES	4096u	/* of the table of busy keys */

enum mqs_amqp_order_kind {
	MQS_AMQP_ORDER_ACK,		/* a tag */
	MQS_AMQP_ORDER_ACK_THROUGH,	/* all up to a tag */
	MQS_AMQP_ORDER_GIVE_BACK,	/* a tag */
	MQS_AMQP_ORDER_CONSUME,		/* with a prefetch */
	MQS_AMQP_ORDER_HOLD,		/* begins the consumer that gets nothing, */
	MQS_AMQP_ORDER_LET_GO,		/* and ends it */
	MQS_AMQP_ORDER_CANCEL,
	MQS_AMQP_ORDER_COUNT,		/* asks how much there is */
	MQS_AMQP_ORDER_APPLY,		/* consumer_applied.h */
	MQS_AMQP_ORDER_APPLIED		/* ends the consumer of APPLY */
};

struct mqs_amqp_order {
	enum mqs_amqp_order_kind kind;
	unsigned		 consumer;	/* CONSUME, CANCEL: which one, it is its tag */
	uint64_t		 tag;		/* CONSUME: the prefetch */
};

struct mqs_amqp_orders {
	struct mqs_amqp_order	*list;
	size_t			 n, cap;
};

/* A receipt's request that is answered when its order is applied. */
struct mqs_amqp_answer_due {
	uint64_t	 ticket;
	uint64_t	 generation;
	uint64_t	 order;		/* its number */
};

/* With leases that run from hand-out. */
struct mqs_amqp_lease {
	uint64_t	 through;	/* up to that number it was handed out */
	int64_t		 end;		/* by mqs_boottime */
};

struct mqs_consumer {
	struct mqs_handle	 handle;	/* the seam's; first */
	struct mqs_spool	*spool;
	struct mqs_amqp_connection *connection;
	struct mqs_amqp_channel	*channel;
	struct mqs_amqp_group	 group;
	struct mqs_amqp_copies	*copies;	/* NULL: none was needed yet */
	struct mqs_consumer_options options;	/* flags, lease, prefetch count */
	size_t			 prefetch;	/* deliveries at most */

	/* The caller's: */
	struct mqs_settle_server *server;	/* NULL: there is none */
	struct mqs_settle_token	 token;
	int			 epoll, timer;
	int64_t			 timer_at;	/* when it rings, by mqs_boottime; 0: it does not */
	amqp_pool_t		 pool;
	struct mqs_amqp_incoming incoming;	/* of the borrowed delivery */
	struct mqs_amqp_held	*borrowed;	/* NULL: none */
	uint64_t		 numbers;	/* deliveries that were read, ever */
	uint64_t		 handed_out;	/* the number of the last that was handed out */
	struct mqs_amqp_lease	*leases;	/* in the order of their ends */
	size_t			 nleases, leases_cap;
	struct mqs_amqp_answer_due *due;
	size_t			 ndue, due_cap;
	uint64_t		 last_order;	/* that a settling gave */
	int			 closing;	/* nothing more is handed out */

	/* The thread's: */
	amqp_channel_t		 number;
	struct mqs_amqp_orders	 sending;
	size_t			 next_order;	/* of sending */
	unsigned		 begun;		/* the last consumer of which the broker has told so */
	int			 held;		/* it has told so of the one that gets nothing */

	/* Under the lock: */
	int			 open;
	uint64_t		 generation;
	struct mqs_amqp_deliveries deliveries;
	int			 borrowed_gone;	/* it is not in deliveries any more */
	struct mqs_amqp_held_list lists[MQS_AMQP_STATES];
	struct mqs_amqp_held	**busy;		/* of an ordered group: the table of busy keys */
	size_t			 unread, claimed; /* claimed: the first so many of the unread */
	int			 returning;	/* one was released: those that are unread go back, too */
	size_t			 parked, waiting;
	size_t			 bytes, files;	/* of an ordered group: of all deliveries */
	struct mqs_amqp_spill	 spill;		/* of an ordered group */
	size_t			 unread_bytes, unread_files;
	struct mqs_amqp_orders	 orders;
	uint64_t		 ordered, sent;	/* orders, ever */
	int			 unapplied;	/* something was settled, and may not be applied */
	int			 applying;	/* the answer to an APPLY is awaited, */
	uint64_t		 apply_to;	/* which stands behind so many orders; */
	uint64_t		 apply_from;	/* the one before stood behind so many */
	uint64_t		 applied;	/* the number of orders that are known to be applied */
	int			 told_when_sent;	/* the descriptor is to become readable then */
	unsigned		 consumer;	/* counts basic.consume */
	int			 holds;		/* the broker forgets those that are cancelled; see above */
	int			 holding;	/* the channel has the consumer that gets nothing */
	size_t			 window;	/* the prefetch of the present one; 0: not consuming */
	int			 fresh;		/* consuming was begun, and no claim has waited for it */
	size_t			 used;		/* of window: deliveries that are not settled */
	size_t			 passed;	/* of used: deliveries that were passed over */
	int			 passes;	/* some were passed over on this channel */
	uint64_t		 seen, seen_bytes;	/* deliveries, ever */
	uint64_t		 counts, counted;	/* COUNT: orders and answers, ever */
	uint32_t		 ready, consumers;	/* the last answer */
	int64_t			 arrived;	/* when something came or could come, by mqs_boottime */
	int			 cancelled;	/* by the broker */
	int			 closed;	/* the broker's number, or -1; 0: it is not */
	struct mqs_error	 why;		/* of closed */
};

int	mqs_amqp_consumer_open(struct mqs_consumer **out, struct mqs_spool *, const char *queue,
	    const char *group, const struct mqs_consumer_options *, struct mqs_error *err);
/* The same of an existing group, for the engine's own purposes: it takes no receipts. */
int	mqs_amqp_consumer_open_own(struct mqs_consumer **out, struct mqs_spool *, const char *queue,
	    const char *group, struct mqs_error *err);
int	mqs_amqp_consumer_claim(struct mqs_consumer *, size_t max, size_t *count, int *held,
	    struct mqs_error *err);
int	mqs_amqp_consumer_next(struct mqs_consumer *, struct mqs_message *, struct mqs_error *err);
void	mqs_amqp_consumer_rest(struct mqs_consumer *);
int	mqs_amqp_consumer_settle(struct mqs_consumer *, const struct mqs_settlement *,
	    struct mqs_error *err);
int	mqs_amqp_consumer_flush(struct mqs_consumer *, struct mqs_error *err);
int	mqs_amqp_consumer_ack_through(struct mqs_consumer *, uint64_t seq, uint64_t lease,
	    size_t n, struct mqs_error *err);
int	mqs_amqp_consumer_handed_out(struct mqs_consumer *, size_t n, struct mqs_error *err);
size_t	mqs_amqp_consumer_held(const struct mqs_consumer *);
char	*mqs_amqp_consumer_receipt(const struct mqs_consumer *, const struct mqs_message *,
	    char buf[MQS_RECEIPT_SIZE]);
int	mqs_amqp_consumer_fd(struct mqs_consumer *);
int	mqs_amqp_consumer_service(struct mqs_consumer *, struct mqs_error *err);
int	mqs_amqp_consumer_close(struct mqs_consumer *, struct mqs_error *err);
void	mqs_amqp_consumer_free(struct mqs_consumer *);
/* Waits until copies are confirmed and the thread has sent all orders, or they are lost. */
int	mqs_amqp_consumer_drain(struct mqs_consumer *, int64_t deadline, struct mqs_error *err);

/* consumer_events.c */
extern const struct mqs_amqp_events mqs_amqp_consumer_events;
/*
 * The broker takes back all deliveries: none is handed out or settled any more.  With the lock held.
 * Orders that were given are the thread's, and are sent until it knows of the loss.
 */
void	mqs_amqp_consumer_forget(struct mqs_consumer *);
/* Opens the channel on which the group is consumed.  May wait. */
int	mqs_amqp_consumer_open_channel(struct mqs_consumer *, struct mqs_error *err);

/* consumer_orders.c */
/* Gives an order.  With the lock held.  MQS_ESYSTEM: no memory. */
int	mqs_amqp_consumer_order(struct mqs_consumer *, enum mqs_amqp_order_kind, uint64_t tag,
	    struct mqs_error *err);
/* Takes a delivery out, and frees it unless it is borrowed.  With the lock held. */
void	mqs_amqp_consumer_drop(struct mqs_consumer *, struct mqs_amqp_held *);

/* consumer_states.c: with the lock held. */
void	mqs_amqp_consumer_init_states(struct mqs_consumer *);
/* Puts a delivery that is in no list to the end of that of a state. */
void	mqs_amqp_consumer_enter_state(struct mqs_consumer *, struct mqs_amqp_held *,
	    enum mqs_amqp_delivery_state);
/* Takes a delivery out of the list of its state, unless it is PARKED. */
void	mqs_amqp_consumer_leave_state(struct mqs_consumer *, struct mqs_amqp_held *);
/* How many deliveries are claimed or read, and not settled. */
size_t	mqs_amqp_consumer_outstanding(const struct mqs_consumer *);

/* consumer_window.c: with the lock held. */
/* So many more are wanted than are there: sees to it that the broker sends them. */
int	mqs_amqp_consumer_want(struct mqs_consumer *, size_t more, struct mqs_error *err);
/* Begins consuming anew, with this prefetch. */
int	mqs_amqp_consumer_begin(struct mqs_consumer *, size_t window, struct mqs_error *err);
/* Ends consuming: orders that. */
int	mqs_amqp_consumer_cancel(struct mqs_consumer *, struct mqs_error *err);
/* Ends consuming until the next claim. */
int	mqs_amqp_consumer_stop(struct mqs_consumer *, struct mqs_error *err);
/* Passes over a delivery that was read; see above. */
void	mqs_amqp_consumer_pass_over(struct mqs_consumer *, struct mqs_amqp_held *);
/* Gives back all unread deliveries, of which none is claimed. */
int	mqs_amqp_consumer_return_unread(struct mqs_consumer *, struct mqs_error *err);

/* consumer_answers.c */
/* Makes the descriptor readable at a time, by mqs_boottime, if it would not be so before. */
void	mqs_amqp_consumer_look_at(struct mqs_consumer *, int64_t when);
/* Of an ordered group: hands out what is due, and looks again when the next one is. */
void	mqs_amqp_consumer_look_due(struct mqs_consumer *);
/* Answers, of what others asked for, what has been applied or was lost since: how many. */
size_t	mqs_amqp_consumer_answer(struct mqs_consumer *);
/* Has a request answered when that order is applied, or the generation is gone. */
void	mqs_amqp_consumer_answer_due(struct mqs_consumer *, uint64_t ticket, uint64_t generation,
	    uint64_t order);

/* consumer_leases.c */
/* The consumer is closed: the group's lease runs for what was handed out and is not settled. */
int	mqs_amqp_consumer_begin_leases(struct mqs_consumer *, struct mqs_error *err);
/* Retries what was handed out and not settled in time, and has the descriptor ring for the next. */
int	mqs_amqp_consumer_end_leases(struct mqs_consumer *, struct mqs_error *err);

/* consumer_service.c */
/* Whether consuming can go on: the broker's refusal, a group that is gone.  May wait. */
int	mqs_amqp_consumer_check(struct mqs_consumer *, struct mqs_error *err);
/* What others ask for by receipt. */
mqs_settle_asked_fn mqs_amqp_consumer_asked;

#endif
