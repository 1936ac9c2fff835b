/*
 * connection_state.h - what the files of the connection share; of no use to others
 *
 * connection.c		made and freed
 * connection_wait.c	the lock, waits of the caller, notices
 * connection_jobs.c	jobs that the caller queues
 * connection_channels.c	channels, as the caller sees them
 * connection_thread.c	the thread: connects, restores, runs jobs, reads
 * connection_open_close.c	the thread: opens and closes channels
 * connection_hosts.c	the thread: hosts in turn
 * connection_frames.c	the thread: frames become events
 * connection_messages.c	the thread: frames become messages
 * connection_send.c	the thread: bursts
 *
 * "L" marks what is touched under the lock only, "T" what only the thread touches.  What has no
 * mark does not change.
 */
#ifndef MQS_AMQP_CONNECTION_STATE_H
#define MQS_AMQP_CONNECTION_STATE_H

#include <pthread.h>

#include "amqp/connection.h"
#include "base/bytes.h"

#define MQS_AMQP_JOB_CHANNEL	1
/* How long an answer may take after a signal, before the connection is broken. */
#define MQS_AMQP_PATIENCE_NS	(2 * MQS_SECOND)
#define MQS_AMQP_NOTICE		256	/* bytes of a notice */
#define MQS_AMQP_NOTICES	4	/* that wait to be told; more are dropped */

/*
 * A request that the broker answers by closing the connection: how often in a row, and since when,
 * by mqs_boottime.
 */
struct mqs_amqp_refusals {
	unsigned		 n;
	int64_t			 since;
};

struct mqs_amqp_job {
	mqs_amqp_job_fn		*fn;
	void			*arg;
	struct mqs_error	 error;		/* L; T while it runs */
	int			 running;	/* L */
	int			 done;		/* L */
	struct mqs_amqp_refusals refusals;	/* T */
	int			 rc;		/* L */
};

enum mqs_amqp_channel_phase {
	MQS_AMQP_OPENING,	/* the thread is to open it and to call set_up */
	MQS_AMQP_OPEN,
	MQS_AMQP_CLOSED,	/* by the broker, or since set_up failed */
	MQS_AMQP_CLOSING,	/* the owner wants it closed */
	MQS_AMQP_GONE		/* the thread knows it no more */
};

/* A message of which not all frames have come. */
struct mqs_amqp_assembly {
	int			 begun;		/* 1: its method came; 2: its header */
	struct mqs_amqp_delivery delivery;
	struct mqs_buf		 body;
	int			 own;		/* texts and properties are in pool, not the library's */
	amqp_pool_t		 pool;
	uint64_t		 have;		/* bytes of the body */
	struct mqs_error	 failed;	/* code is not 0: it could not be kept */
};

struct mqs_amqp_channel {
	struct mqs_amqp_connection *connection;
	const struct mqs_amqp_events *events;
	void			*arg;
	int			 fd;		/* an eventfd */
	amqp_channel_t		 number;
	struct mqs_amqp_channel	*next;		/* L */
	enum mqs_amqp_channel_phase phase;	/* L */
	int			 begun;		/* L: the broker knows it, on this connection */
	int			 asked;		/* L: the caller waits for it to be opened */
	struct mqs_error	 error;		/* L: why it is closed */
	int			 send;		/* L: there is something to send */
	int			 in_send;	/* L: the thread is sending */
	int			 stopping;	/* L: the owner waits for the end of that */
	int			 again;		/* L: the owner asked while the thread was sending */
	const char		*rest;		/* T: of a body that is being sent; see _stop */
	size_t			 rest_n;
	struct mqs_amqp_assembly in;		/* T */
	int			 close_number;	/* T: the broker closed it in the middle of a body */
	struct mqs_amqp_refusals refusals;	/* T: of set_up */
	struct mqs_amqp_refusals out_of_sight;	/* T: what `send' asked for, since an answer */
	unsigned		 questions;	/* T: that `send' asked, and that were not answered */
	int64_t			 heard;		/* T: while there are some: when anything came last */
};

struct mqs_amqp_connection {
	const struct mqs_amqp_address *address;
	const struct mqs_amqp_configuration *configuration;
	const struct mqs_options *options;
	pthread_mutex_t		 lock;
	pthread_t		 thread;
	int			 wake_fd;	/* an eventfd: the thread has something to do */
	int			 told_fd;	/* an eventfd: the caller has something to see */
	int			 users;		/* L: the thread, and the caller; the last one frees */
	int			 quit;		/* L */
	int			 fd;		/* L: the socket; -1: not connected */
	int			 untold;	/* L: the loss that comes, or came, and the connection after it */
	int			 ever;		/* L: it was connected */
	int			 blocked;	/* L: by an alarm */
	int64_t			 written;	/* L: bytes that bursts have written, about */
	struct mqs_error	 failed;	/* L: code is not 0: it has failed for good */
	uint64_t		 epoch;		/* L for the caller; only the thread changes it */
	char			 version[32];	/* L */
	size_t			 host;		/* L for the caller; only the thread changes it */
	struct mqs_amqp_job	*job;		/* L: that the caller waits for; NULL */
	struct mqs_amqp_channel	*channels;	/* L: a list, of all that are not GONE */
	char			 notices[MQS_AMQP_NOTICES][MQS_AMQP_NOTICE];	/* L */
	size_t			 nnotices;	/* L */
	amqp_connection_state_t	 state;		/* T */
	int64_t			 patience;	/* T: for an answer of the broker; 0: as at first */
	int64_t			 began;		/* T: when this connection did, by mqs_boottime */
};

/* connection_wait.c; with the lock held or not */
void	mqs_amqp_wake(int eventfd);
void	mqs_amqp_unwake(int eventfd);
/*
 * Waits until fd is readable or some time passed, not beyond the deadline: MQS_OK, MQS_EINTR,
 * MQS_ETIMEOUT, or the error of a connection that has failed.  Without the lock.
 */
int	mqs_amqp_wait_fd(struct mqs_amqp_connection *, int fd, int64_t deadline,
	    struct mqs_error *err);
/* Takes a channel off the list.  With the lock held. */
void	mqs_amqp_channel_remove(struct mqs_amqp_channel *);

/* connection_thread.c */
void	mqs_amqp_thread(struct mqs_amqp_connection *);

/*
 * connection_open_close.c: opens or closes one channel whose owner wants it; MQS_NOTHING if there
 * is none.
 */
int	mqs_amqp_change_channel(struct mqs_amqp_connection *, struct mqs_error *err);
/*
 * A request ended with rc: 1 if it was a loss that is to be its end, too, as connection.h says; then
 * err->code is MQS_EBUSY.
 */
int	mqs_amqp_refused(struct mqs_amqp_connection *, struct mqs_amqp_refusals *, int rc,
	    struct mqs_error *err);
/* Counts such a loss, which is told the first time: 1 if it is the last.  With the lock held. */
int	mqs_amqp_once_too_often(struct mqs_amqp_connection *, struct mqs_amqp_refusals *);
/* What the thread hands out for a channel; NULL: for jobs. */
struct mqs_amqp_link mqs_amqp_link_of(const struct mqs_amqp_connection *,
	    struct mqs_amqp_channel *);

/*
 * connection_hosts.c: connects.  The first time for one round, later until it works: MQS_OK,
 * MQS_EINTR (to quit), or what made it fail for good.
 */
int	mqs_amqp_reconnect(struct mqs_amqp_connection *, struct mqs_error *err);

/*
 * connection_frames.c: one frame that was read: MQS_OK, or MQS_AMQP_LOST with the reason (the
 * broker closed the connection).
 */
int	mqs_amqp_frame(struct mqs_amqp_connection *, const amqp_frame_t *, struct mqs_error *err);
/*
 * connection_messages.c: the frames of a message, in turn: what began it, its header, its body.  The
 * last one has its owner told.  With the lock held.
 */
void	mqs_amqp_begin_delivery(struct mqs_amqp_channel *, const amqp_basic_deliver_t *);
void	mqs_amqp_begin_return(struct mqs_amqp_channel *, const amqp_basic_return_t *);
void	mqs_amqp_take_header(struct mqs_amqp_channel *, const amqp_frame_t *);
void	mqs_amqp_take_body(struct mqs_amqp_channel *, const amqp_frame_t *);
/* Forgets a message of which not all frames came. */
void	mqs_amqp_assembly_reset(struct mqs_amqp_assembly *);
/* The channel is closed; its owner is told.  With the lock held. */
void	mqs_amqp_channel_closed(struct mqs_amqp_channel *, int number, const struct mqs_error *why);
/* Answers the broker that closed the channel, and does the next.  With the lock held. */
int	mqs_amqp_channel_close_ok(struct mqs_amqp_channel *, struct mqs_error *err);

/*
 * connection_send.c: sends one burst of each channel that has something, while the socket is
 * writable.  MQS_OK: there may be more; MQS_NOTHING; MQS_AMQP_LOST.
 */
int	mqs_amqp_send_bursts(struct mqs_amqp_connection *, struct mqs_error *err);

#endif
