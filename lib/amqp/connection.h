/*
 * connection.h - one connection to the cluster, and the thread that owns it
 *
 * librabbitmq has no reconnection, blocks in its calls, and answers heartbeats only inside them.
 * So each connection has a thread.  Only that thread calls the library (files that call it say
 * so).  All signals are blocked in it.  The thread that uses the spool, called the caller here,
 * never blocks in the library: it waits with mqs_amqp_wait, which signals and deadlines end.
 *
 * CHANNELS  The owner of a channel (a publisher, a consumer, a reader) gives a table of events,
 * which the thread calls:
 *
 *	set_up		after the channel was opened, at first and after each loss: declare, consume,
 *			set confirms and prefetch, by blocking calls of the library
 *	send		while the socket is writable and the owner asked for it (_channel_send)
 *	delivered	with a whole message: properties, and the body in memory, or above
 *			MQS_INLINE_MAX in an unlinked temporary file
 *	confirmed	with a tag, whether all up to it are meant, and whether it is a refusal
 *	returned	with a message that no queue took
 *	cancelled	when the broker ended a consumer, because its queue went
 *	consuming	when the broker has begun a consumer that `send' asked for
 *	counted		with how much a queue has, where `send' asked
 *	closed		when the broker closed the channel, or set_up failed after a loss
 *	lost		when the connection is gone; tags of before mean nothing from then on
 *
 * set_up and send run without the lock, all others with it (mqs_amqp_lock).  What an owner
 * shares with its events is touched under the lock only, or by send only while the owner waits.
 * Events must not wait, and must not call what waits (_wait, _run, _channel_open, _close, _stop).
 * After each event but set_up and send, the channel's descriptor becomes readable.
 *
 * JOBS  A job is a function that the thread runs, on a channel that is kept for jobs, while the
 * caller waits for its result: to declare, bind, purge, look.  There is one at a time.  If the
 * broker closes that channel (404, 403, 406), the job returns the error, and the channel is opened
 * anew (answer.h).  If the connection is lost meanwhile, the job runs again on the next one: so
 * each job must be one that may be repeated.
 *
 * SENDING  The thread writes only when poll(2) says that the socket is writable, and then no
 * more than MQS_AMQP_BURST bytes, for which the socket's buffer has room: so it does not stay
 * in a write while a broker under a memory alarm reads nothing.  A large body is sent burst by
 * burst.  If the thread is in a write nevertheless (TLS, a job's request), the caller's side
 * frees it with shutdown(2), which is a loss.
 *
 * LOSS  The socket fails, or nothing came for two heartbeats, or the broker closed the connection.
 * Then the thread
 *	1. calls `lost' of each channel that was open,
 *	2. tries the hosts in turn, the next one first, with backoff and jitter (0.1 s to 5 s
 *	   between rounds),
 *	3. counts the epoch up,
 *	4. opens each channel and calls its `set_up', then `send' if that was asked for.
 * What a loss leaves at each step: messages sent and not confirmed may be stored or not (the
 * publisher sends them again); deliveries not settled go back to their queues, and settling them is
 * MQS_ESTALE, which the owner knows by the epoch; exclusive queues are gone; a job runs again.
 * The thread goes on trying for ever; the caller's deadline and signals end a wait.  If every host
 * refuses the login in one round (MQS_EPERM), the connection has failed: each call returns that.
 * A broker can keep a request for ever, though it is alive (3.10.8 does, for instance after all nodes were
 * killed).  So a request that has no answer after six heartbeats is a loss, too, and runs again on the
 * next connection, with twice the time, up to ten minutes, until one is answered.  What `send' asks
 * with mqs_amqp_ask is watched, too: it is a loss when nothing has come on its channel for as long.
 * Or it closes the connection for an error of its own (506, 541; 3.10.8 does at each declare of a
 * stream that a node's death has broken).  That passes mostly, so the request runs again, too; but where
 * it was answered like that for six heartbeats, and twenty times in a row, it ends with MQS_EBUSY.  So
 * it is with a node that has lost sight of a queue (reply_error.h), also of what `send' asks; another
 * may see it.  Such losses are told once.
 * The first connection is tried for one round only, so that a misspelt host is an error.
 *
 * BLOCKED  An alarm on the broker (memory, disk) is one notice.  Sending rests until it is over.
 *
 * NOTICES  options.notice is called by the caller's thread, in mqs_amqp_wait and
 * mqs_amqp_notices: about a loss, the connection after it, an alarm and its end.
 *
 * ENDING  mqs_amqp_connection_free closes politely for a moment, then with shutdown(2).  A
 * thread that is still resolving a name, or connecting, is left to itself; it frees the connection when
 * it is done.
 */
#ifndef MQS_AMQP_CONNECTION_H
#define MQS_AMQP_CONNECTION_H

#include "amqp/configuration.h"
#include "amqp/librabbitmq.h"

/* What may be sent at once to a socket that poll(2) calls writable. */
#define MQS_AMQP_BURST	65536

struct mqs_amqp_connection;
struct mqs_amqp_channel;

/* What the thread gives to those who call the library. */
struct mqs_amqp_link {
	amqp_connection_state_t	 state;
	amqp_channel_t		 number;
	uint64_t		 epoch;		/* counts connections, from 1 */
	struct mqs_amqp_channel	*channel;	/* NULL for jobs */
	int			 looks;		/* answer.h: of a copy that a job makes */
};

/* A message from the broker; good until the event returns. */
struct mqs_amqp_delivery {
	amqp_bytes_t		 consumer_tag;	/* empty if it was returned */
	uint64_t		 tag;		/* 0 if it was returned */
	uint64_t		 epoch;
	int			 redelivered;
	amqp_bytes_t		 exchange, routing_key;
	const amqp_basic_properties_t *properties;
	amqp_bytes_t		 raw_properties;	/* the same as they came (amqp_decode_properties) */
	uint64_t		 body_len;
	const void		*body;		/* NULL if it is in body_fd */
	int			 body_fd;	/* -1, or a file; an event that keeps it sets -1 here */
	int			 reply_code;	/* why it was returned */
	amqp_bytes_t		 reply_text;
};

/* Each may be NULL, but set_up. */
struct mqs_amqp_events {
	int	(*set_up)(void *arg, const struct mqs_amqp_link *, struct mqs_error *err);
	/*
	 * Sends up to MQS_AMQP_BURST bytes, and adds what it sent to *sent.  MQS_OK: there
	 * is more.  MQS_NOTHING: there is nothing more until _channel_send is called again.
	 * Otherwise what the library's function returned, by mqs_amqp_fail_status.
	 */
	int	(*send)(void *arg, const struct mqs_amqp_link *, size_t *sent, struct mqs_error *err);
	void	(*delivered)(void *arg, struct mqs_amqp_delivery *);
	void	(*confirmed)(void *arg, uint64_t tag, int multiple, int refused);
	void	(*returned)(void *arg, struct mqs_amqp_delivery *);
	void	(*cancelled)(void *arg, amqp_bytes_t consumer_tag);
	/* The answer to a basic.consume that `send' sent. */
	void	(*consuming)(void *arg, amqp_bytes_t consumer_tag);
	/* The answer to a queue.declare that `send' sent. */
	void	(*counted)(void *arg, const amqp_queue_declare_ok_t *);
	/* number: the broker's, or 0.  The channel stays closed until _channel_reopen. */
	void	(*closed)(void *arg, int number, const struct mqs_error *why);
	void	(*lost)(void *arg);
};

/*
 * Connects, and waits for that: MQS_EPERM, MQS_ECONFIG, MQS_EBUSY as in login.h, naming the hosts
 * that were tried; MQS_EINTR.  The address and configuration must outlive the connection;
 * the options (for interrupted and notice) as well.
 */
int	mqs_amqp_connect(struct mqs_amqp_connection **out, const struct mqs_amqp_address *,
	    const struct mqs_amqp_configuration *, const struct mqs_options *,
	    struct mqs_error *err);
/*
 * Takes NULL.  0: the thread goes on for a while, and reads address, configuration and options: they
 * must never be freed.
 */
int	mqs_amqp_connection_free(struct mqs_amqp_connection *);

/* The lock under which events run.  Held for moments only. */
void	mqs_amqp_lock(struct mqs_amqp_connection *);
void	mqs_amqp_unlock(struct mqs_amqp_connection *);

/* Breaks the connection, as a loss would. */
void	mqs_amqp_break(struct mqs_amqp_connection *);
/* The same, and this loss is not told, nor the connection after it. */
void	mqs_amqp_end(struct mqs_amqp_connection *);
/* Waits for a moment for the thread, whatever interrupts. */
void	mqs_amqp_pause(struct mqs_amqp_connection *);
/* Tells the caller's program what there is to tell. */
void	mqs_amqp_notices(struct mqs_amqp_connection *);
/* Leaves a notice to be told.  With the lock held. */
void	mqs_amqp_note(struct mqs_amqp_connection *, const char *fmt, ...)
	    __attribute__((format(printf, 2, 3)));
/* The broker's version ("3.10.8"), "" if it did not say. */
void	mqs_amqp_server_version(struct mqs_amqp_connection *, char *buf, size_t size);
/* 1 while an alarm keeps the broker from taking messages.  With the lock held. */
int	mqs_amqp_blocked(const struct mqs_amqp_connection *);
/* The host that is in use now or was last, as "host:port". */
const char *mqs_amqp_host(struct mqs_amqp_connection *);

/*
 * Runs a job in the thread and waits for it; also while the connection is lost, until it is
 * there again.  deadline: by mqs_boottime, -1 for none.  Returns what the job returned, or
 * MQS_EINTR, MQS_ETIMEOUT, or the error of a connection that has failed.  Once it returns,
 * the job does not run.
 */
typedef int	mqs_amqp_job_fn(void *arg, const struct mqs_amqp_link *, struct mqs_error *err);
int	mqs_amqp_run(struct mqs_amqp_connection *, mqs_amqp_job_fn *, void *arg, int64_t deadline,
	    struct mqs_error *err);

/*
 * Opens a channel and waits until set_up has returned 0; an error of set_up is returned, and
 * the channel is gone.
 */
int	mqs_amqp_channel_open(struct mqs_amqp_channel **out, struct mqs_amqp_connection *,
	    const struct mqs_amqp_events *, void *arg, int64_t deadline, struct mqs_error *err);
/* Opens it again after `closed'; waits as _open does.  After an error it is still closed. */
int	mqs_amqp_channel_reopen(struct mqs_amqp_channel *, int64_t deadline, struct mqs_error *err);
/* Closes and frees it.  No event is running, and none comes, once this returns.  Takes NULL. */
void	mqs_amqp_channel_close(struct mqs_amqp_channel *);

/* There is something to send: the thread calls `send' until that returns MQS_NOTHING. */
void	mqs_amqp_channel_send(struct mqs_amqp_channel *);
/* The same from an event, which has the lock. */
void	mqs_amqp_channel_send_more(struct mqs_amqp_channel *);
/*
 * Sends no more: when it returns, the thread is not in `send', nor uses a body it was given.  If
 * it can't leave one at once, or a body is half sent, the connection is broken.
 */
void	mqs_amqp_channel_stop(struct mqs_amqp_channel *);

/* Readable after an event; _wait and _clear make it unreadable. */
int	mqs_amqp_channel_fd(struct mqs_amqp_channel *);
void	mqs_amqp_channel_clear(struct mqs_amqp_channel *);
/* Makes it readable, from an event or from `send'. */
void	mqs_amqp_channel_wake(struct mqs_amqp_channel *);
/*
 * Waits for an event.  Look at what is waited for, wait, and look again: one readable moment
 * may stand for many events, or for one that was seen already.  MQS_OK, MQS_ETIMEOUT,
 * MQS_EINTR, or the error of a connection that has failed.  Not with the lock held.
 */
int	mqs_amqp_wait(struct mqs_amqp_channel *, int64_t deadline, struct mqs_error *err);

/*
 * Sends a method from `send' to which the broker answers: basic.consume (then `consuming' is the
 * event) or queue.declare (`counted').  Returns what the library's function returned.
 */
int	mqs_amqp_ask(const struct mqs_amqp_link *, amqp_method_number_t, void *method);

/*
 * Publishes from `send': adds what was sent to *sent.  A body that is larger than a burst is
 * begun here and goes on before `send' is called again; it must stay until it is confirmed, or
 * the channel was stopped.  Confirms count publications on the channel from 1, anew after each
 * loss and each reopening.
 */
int	mqs_amqp_publish(const struct mqs_amqp_link *, amqp_bytes_t exchange, amqp_bytes_t key,
	    int mandatory, const amqp_basic_properties_t *, amqp_bytes_t body, size_t *sent,
	    struct mqs_error *err);

#endif
