/*
 * mqspool.h - message queues as files
 *
 * A spool is a place that holds queues.  A queue is an append-only log of
 * messages, kept after they were consumed until retention lets them go.  A
 * group is a named reader of a queue: every group sees every message, and
 * within a group each message goes to one consumer at a time, under a lease.
 * Settling a delivery (acknowledge, retry, release, reject) ends its lease.
 *
 * This header names operations, not an engine.  A spool that is named by a
 * path is served by the embedded engine, whose files mq-spool(5) describes;
 * nothing here tells which engine it is.  Ids and receipts are strings to be
 * kept and handed back, not to be taken apart.
 *
 * CONVENTIONS
 * Errors	Functions that can fail return 0, or a negative MQS_E... code,
 *		and describe the failure in *err: the kind, and one line of
 *		text that names the object and the reason.  err may be NULL.
 *		MQS_NOTHING is an expected answer, not a failure: it leaves
 *		*err alone.
 * Ownership	What is handed out through a `**out' parameter is the
 *		caller's, to be given to the matching _free, which takes NULL.
 *		After a failure there is nothing to free.  A spool is freed
 *		after all that was made from it, a consumer after its runs, a
 *		publisher after its large bodies.  Pointers inside structures
 *		are borrowed; the comment beside them says until when.
 * Arguments	Strings and structures of options are copied or used up before a
 *		call returns, unless it says otherwise.  An options pointer
 *		may be NULL: everything 0.  What a callback is given is good
 *		until it returns; it must not call into the handle it is from.
 * Time		Points in time are nanoseconds since the epoch, durations are
 *		nanoseconds; both int64_t.  0 means "none" for a point in time.
 * Text		Names of queues and groups are [A-Za-z0-9_][A-Za-z0-9._-]*, keys,
 *		header names and header values UTF-8 without NUL, bodies any
 *		bytes.  A key or message id has a length and no NUL behind it.
 * Threads	A handle belongs to one thread at a time.  There is no global
 *		state; different handles are independent, except that a spool
 *		shares its open queues between the handles made from it, so a
 *		spool and all handles made from it belong to one thread.
 *		A consumer that has nothing to do may run a thread of its own, which
 *		takes no signals and touches no handle, until it is given something.
 * Processes	Open after fork(2): a child must not use its parent's handles.
 *		Open a directory once in a process: closing one of two spools
 *		of it would drop the locks that the other relies on.
 * Signals	The library installs no handler.  A call that waits returns
 *		MQS_EINTR when mqs_options.interrupted says so.  A program
 *		that may meet a file size limit must ignore SIGXFSZ; a file
 *		that is cut short while it is in use is SIGBUS.
 */
#ifndef MQSPOOL_H
#define MQSPOOL_H

#include <limits.h>
#include <stddef.h>
#include <stdint.h>

#ifdef __cplusplus
extern "C" {
#endif

/* ------------------------------------------------------------- errors -- */

#define MQS_OK		0
#define MQS_NOTHING	1	/* nothing there (now); expected */
#define MQS_EINVAL	(-1)	/* an argument makes no sense */
#define MQS_EDATA	(-2)	/* a message that can't be accepted */
#define MQS_ENOENT	(-3)	/* no such queue or group */
#define MQS_ESTALE	(-4)	/* a receipt that is no longer good */
#define MQS_ENOTSUP	(-5)	/* this engine can't do that */
#define MQS_EBUG	(-6)	/* a broken promise inside the library */
#define MQS_ESYSTEM	(-7)	/* the system refused a resource */
#define MQS_EIO		(-8)	/* input/output error */
#define MQS_EDAMAGED	(-9)	/* what is stored doesn't verify */
#define MQS_EFULL	(-10)	/* queue or disk full: try again later */
#define MQS_EBUSY	(-11)	/* in use, or a race was lost: try again */
#define MQS_EINTR	(-12)	/* interrupted, see mqs_options.interrupted */
#define MQS_EPERM	(-13)	/* not permitted */
#define MQS_ECONFIG	(-14)	/* in conflict with what is configured */
#define MQS_EVERSION	(-15)	/* written by a newer version of mq */
#define MQS_EEXIST	(-16)	/* exists already */
#define MQS_ETIMEOUT	(-17)	/* the time given ran out */

#define MQS_ERROR_TEXT	508

struct mqs_error {
	int	code;			/* MQS_E... */
	char	text[MQS_ERROR_TEXT];	/* "orders: queue full (1000 messages)" */
};

/* The kind of an error in a few words, for a code of this header. */
const char	*mqs_strerror(int code);

/* The library's version, such as "0.1.0". */
const char	*mqs_version(void);

/* -------------------------------------------------------------- limits -- */

#define MQS_NAME_MAX	95	/* bytes of a queue's or group's name */
#define MQS_KEY_MAX	255	/* bytes of a routing key */
#define MQS_HEADERS_MAX	65536	/* bytes of all headers, as stored */
#define MQS_MSGID_MAX	255	/* bytes of a message id */
#define MQS_ID_SIZE	48	/* room for an id as a string, with NUL */
#define MQS_RECEIPT_SIZE 320	/* room for a receipt as a string, with NUL */
#define MQS_WHERE_SIZE	128	/* room for where a consumer is, as text, with NUL */
#define MQS_UUID_SIZE	37	/* room for a UUID as a string, with NUL */
#define MQS_INLINE_MAX	262144	/* larger bodies are handed out by descriptor */

/* --------------------------------------------------------------- spool -- */

struct mqs_spool;

#define MQS_AUTOCREATE	1u	/* make queues and groups on first use */

struct mqs_options {
	unsigned	flags;
	/*
	 * Added to the wall clock where delay, expiry, backoff and retention
	 * are judged, so that tomorrow can be tested today.  Never enters ids
	 * or the time stored in a message.  MQS_ENOTSUP where the engine goes by
	 * another clock than this process's.
	 */
	int64_t		clock_shift;
	/* Asked before and while a call waits; non-zero ends it: MQS_EINTR. */
	int		(*interrupted)(void *arg);
	/*
	 * Called when the engine finds damage from which it can't return.
	 * Must not return; if it does, or is NULL, the process is aborted.
	 */
	void		(*on_damage)(void *arg, const char *text);
	/* Told one line of what went right but should be known (may be NULL). */
	void		(*notice)(void *arg, const char *text);
	void		*arg;		/* handed to all three */
	size_t		map_size;	/* bytes; 0 for the default */
	/*
	 * The folder of the engines that are not part of the library; NULL: where they
	 * were installed.  For trying them from a build.
	 */
	const char	*engines;
};

/*
 * Opens the spool that `where' names: a directory (made with its first queue), or the
 * address of a cluster, amqp://..., amqps://... or kafka://..., whose engine is loaded:
 * MQS_ENOTSUP if it is not installed, and for every other scheme.  Nothing is looked at
 * yet: whether there is such a directory or cluster, and what is in it, is for the calls
 * that name a queue.
 */
int	mqs_spool_open(struct mqs_spool **out, const char *where,
	    const struct mqs_options *opt, struct mqs_error *err);
void	mqs_spool_free(struct mqs_spool *);

/* The name of the engine that serves the spool: "embedded", "amqp", "kafka". */
const char *mqs_engine(const struct mqs_spool *);
/*
 * 1 if the engine can honour an option of the tools, by its long name ("priority",
 * "mandatory", ...); "manual-outlives": deliveries under MQS_MANUAL can be settled after
 * the consumer has ended; "MQ_NOW": options.clock_shift.  0 also for a name that it
 * does not know.  An engine refuses what it can't do when it is asked for (MQS_ENOTSUP);
 * a program that asks first can do so before it has begun.
 */
int	mqs_can(const struct mqs_spool *, const char *option);
/*
 * What to do instead of an option that the engine can't honour, as words that complete a
 * sentence ("publish to a queue for each priority"); NULL if there is nothing to be said.
 */
const char *mqs_instead(const struct mqs_spool *, const char *option);
/* 1 if a text is the id of a message, as this engine writes ids. */
int	mqs_is_id(const struct mqs_spool *, const char *text);

/* ------------------------------------------------------------- message -- */

struct mqs_large;

/*
 * A message, to be published or as handed out.  All pointers are borrowed.
 * What a reader or consumer hands out is good until its next call of ..._next,
 * ..._rest, ..._claim, ..._flush, ..._close or ..._free; body_fd, a new
 * description at offset 0 that only the library closes, outlasts ..._rest,
 * ..._claim and ..._flush.
 */
struct mqs_message {
	const char	*key;		/* NULL or "" for the empty key */
	size_t		 key_len;
	/* name NUL value NUL name NUL value NUL ...; names may repeat, not be empty */
	const char	*headers;
	size_t		 headers_len;
	/*
	 * The body: body_len bytes at body, or, if body is NULL and body_fd is
	 * not -1, body_len bytes from offset 0 of a regular file.  When read,
	 * a body of more than MQS_INLINE_MAX bytes always comes as body_fd.
	 * To publish one that is not yet in a file, see mqs_large_new.
	 */
	const void	*body;
	uint64_t	 body_len;
	int		 body_fd;
	struct mqs_large *large;	/* publishing only; NULL otherwise */

	int		 priority;	/* 0 to 9, 9 is delivered first */
	int64_t		 not_before;	/* not delivered earlier; 0: at once */
	int64_t		 expires;	/* not delivered from then on; 0: never */
	/* NULL if none.  While a message with it is retained, another adds nothing. */
	const char	*message_id;
	size_t		 message_id_len;

	/* Only in what is handed out: */
	const char	*id;		/* as text; NULL: seq in decimal; see mqs_message_id */
	uint64_t	 seq;		/* the engine's: which message, among its deliveries */
	uint64_t	 lease;		/* the engine's; see mqs_consumer_receipt */
	int64_t		 time;		/* when it was published */
	unsigned	 attempt;	/* 1 for the first delivery; 0: no delivery */
};

/* An empty message: everything 0, body_fd -1.  Without a C compiler: do that. */
#define MQS_MESSAGE_INIT { .body_fd = -1 }

/* Writes the id of a message that was handed out; returns buf. */
char	*mqs_message_id(const struct mqs_message *, char buf[MQS_ID_SIZE]);

/*
 * Steps through headers: *pos starts at 0; returns 0 when there are no more,
 * else 1 and the next NUL-terminated name and value, borrowed from headers.
 */
int	mqs_headers_next(const char *headers, size_t headers_len, size_t *pos,
	    const char **name, const char **value);

/* ------------------------------------------------------------ bindings -- */

enum mqs_binding_kind {
	MQS_BIND_PATTERN = 1,	/* keys of that pattern: words split by '.', `*' one, `#' any number */
	MQS_BIND_KEY,		/* that key, literally */
	MQS_BIND_ALL,		/* all of those headers, with those values */
	MQS_BIND_ANY		/* at least one of them */
};

/*
 * Which messages a group gets: those that at least one of its bindings matches, or,
 * if it has none, all.  Keys match as in RabbitMQ; mq(7) has the rules.
 */
struct mqs_binding {
	enum mqs_binding_kind	 kind;
	const char		*text;		/* pattern, key, or headers as in mqs_message */
	size_t			 text_len;
};

/* ---------------------------------------------------------- publishing -- */

struct mqs_publisher;

/*
 * The outcome for one message, told from within mqs_publisher_flush, in the order
 * of the batch: code 0 and its id, or an error and NULL.  tag is what
 * mqs_publisher_send was given.  A message whose message id is there already has
 * the id of the first.  A failed flush reports every message that was not published
 * with the same error.
 */
typedef void	mqs_published_fn(void *arg, uint64_t tag, int code, const char *id);

/* More are never in a batch, unless it is atomic. */
#define MQS_BATCH_MESSAGES	16384

#define MQS_MANDATORY	1u	/* MQS_ENOENT for a message that no group would get */

struct mqs_publisher_options {
	mqs_published_fn *published;	/* may be NULL */
	void		*arg;
	unsigned	 flags;		/* MQS_MANDATORY */
	int64_t		 wait;		/* how long a flush waits for room, see there; -1: for ever */
};

/* Opens a queue for publishing; makes it if the spool has MQS_AUTOCREATE. */
int	mqs_publisher_open(struct mqs_publisher **out, struct mqs_spool *,
	    const char *queue, const struct mqs_publisher_options *,
	    struct mqs_error *err);

/*
 * Adds a message to the batch.  It is checked now (MQS_EDATA says what is
 * wrong with it), and stored by mqs_publisher_flush.  What the message points to
 * must stay until then, its structure and body_fd need not: a body from a
 * descriptor, and one of more than MQS_INLINE_MAX bytes, is copied now.  Returns
 * MQS_EBUSY when the batch is as large as one transaction should be: flush and
 * send again.  On any error nothing was added, and `large' is still the caller's.
 */
int	mqs_publisher_send(struct mqs_publisher *, const struct mqs_message *,
	    uint64_t tag, struct mqs_error *err);

/*
 * Adds up to n messages that are as the last one of the batch, its tag included, in all
 * but their bodies, at a fraction of the cost; the bodies must stay until the flush.
 * Returns how many were added: fewer where the next one is for mqs_publisher_send,
 * which adds it or says why not (an empty or a full batch, a large body, a message id).
 */
struct mqs_body {
	const void	*p;
	size_t		 n;
};
size_t	mqs_publisher_send_like(struct mqs_publisher *, const struct mqs_body *, size_t n);

/*
 * Stores the batch.  On return 0 all of it is stored, as safely as the engine promises
 * (files: on stable storage; a cluster: confirmed by a majority of its nodes), and visible.
 * After an error, what was reported with code 0 is stored, and mqs_publisher_stored
 * tells how many that are.  Of the rest, files hold nothing; a cluster whose connection
 * was lost may hold some of it.  Either way the batch is empty afterwards, each message's
 * outcome was reported, and every mqs_large in it is gone.
 *
 * Files store a batch in one transaction, so that its messages have consecutive places in
 * the log, except where a limit (below) or MQS_MANDATORY divides it.
 *
 * Under MQS_MANDATORY, and unless it is atomic, what came before the first message that
 * no group would get is stored.
 *
 * Where max-messages or max-bytes leave no room for all of it, what there is room for
 * is stored; the rest waits, if `overflow' is block, up to options.wait for more, in
 * transactions of its own.  MQS_EFULL: there was none in time; MQS_EINTR; MQS_EDATA: an
 * atomic batch, or what came of one delivery, for which there never can be.  Less of the
 * disk free than min-free is waited for only if options.wait is above 0.  Waiting for
 * others that write ends then, too, but takes 5 s at least.
 */
int	mqs_publisher_flush(struct mqs_publisher *, struct mqs_error *err);

/*
 * How many messages of the last batch were reported as stored: in files, its first ones;
 * after an error, perhaps some.
 */
size_t	mqs_publisher_stored(const struct mqs_publisher *);

/*
 * Takes the size limits of one transaction off (more) or puts them back (0),
 * so that one flush is all or nothing for up to 64 MiB of messages, of which each
 * counts 64 bytes more than its body, key and headers.
 */
int	mqs_publisher_atomic(struct mqs_publisher *, int more, struct mqs_error *err);

/* How many unsettled messages a full queue dropped for those of this publisher, ever. */
uint64_t mqs_publisher_dropped(const struct mqs_publisher *);

/* Messages in the batch, and bytes of their bodies (bytes may be NULL). */
size_t	mqs_publisher_pending(const struct mqs_publisher *, uint64_t *bytes);

/* The queue's largest permitted body, in bytes. */
uint64_t mqs_publisher_max_message(const struct mqs_publisher *);

/* Frees it and drops the batch unpublished. */
void	mqs_publisher_free(struct mqs_publisher *);

/*
 * A large body on its way into the queue: written piece by piece, so that
 * memory does not grow with it.  Ends in a message's `large' (the same publisher's
 * from when mqs_publisher_send returns 0), or in mqs_large_free.  After a failed
 * mqs_large_write it can only be freed.  May be of any size, also 0.
 */
int	mqs_large_new(struct mqs_large **out, struct mqs_publisher *,
	    struct mqs_error *err);
int	mqs_large_write(struct mqs_large *, const void *bytes, size_t n,
	    struct mqs_error *err);
uint64_t mqs_large_size(const struct mqs_large *);
void	mqs_large_free(struct mqs_large *);

/* ----------------------------------------------------------- consuming -- */

struct mqs_consumer;
struct mqs_run;

#define MQS_MANUAL	1u	/* leases outlive the consumer; see mqs_settler */
/*
 * The group is made (it must not be there), and goes with the consumer:
 * mqs_consumer_close removes it, or, if the consumer dies, others do.
 */
#define MQS_TEMP	2u
#define MQS_FROM_OLDEST	NULL	/* mqs_consumer_options.from: the oldest retained */

struct mqs_consumer_options {
	unsigned	 flags;		/* MQS_MANUAL, MQS_TEMP */
	size_t		 prefetch;	/* deliveries to hold at most; 0: 1,000 */
	int64_t		 lease;		/* leases run from hand-out for so long; 0: while the consumer lives */
	const char	*from;		/* where a new group starts: "oldest" (or NULL), "newest", an id, or see from_time */
	int64_t		 from_time;	/* where a new group starts: the first message of that time or later; 0: see from */
	/*
	 * What a new group gets beside that, all at once.  A group that is there must
	 * have just these bindings (if any are given) and these values of settings
	 * (NAME=VALUE, as in mqs_set): MQS_ECONFIG says how to change what it has.
	 */
	const struct mqs_binding *bindings;
	size_t		 nbindings;
	const char *const *settings;
	size_t		 nsettings;
};

/*
 * Opens QUEUE/GROUP for consuming; makes either if MQS_AUTOCREATE.  A group always
 * has a name: "default" is the tools' for QUEUE alone.  Several consumers of one
 * group in one process are fine.
 */
int	mqs_consumer_open(struct mqs_consumer **out, struct mqs_spool *,
	    const char *queue, const char *group,
	    const struct mqs_consumer_options *, struct mqs_error *err);

/*
 * Takes up to `max' messages (fewer where prefetch leaves less room), in one
 * transaction that also carries out what mqs_consumer_settle has collected.
 * *count says how many were added; they follow, in mqs_consumer_next, those
 * not yet read.  MQS_NOTHING when there are none now: poll mqs_consumer_fd.
 * *held (may be NULL) is set non-zero when prefetch or a limit (the group's
 * max-leased, another consumer that is the active one), not want of messages, was the
 * reason.  While the group is paused there are none.
 *
 * After an error *count means nothing: mqs_consumer_next gives what there is, and
 * what was collected and not carried out is, next time.  If it was the dead-letter
 * queue that failed, all else was carried out, and what should have died is tried
 * again later.
 */
int	mqs_consumer_claim(struct mqs_consumer *, size_t max, size_t *count,
	    int *held, struct mqs_error *err);

/*
 * The next claimed message.  MQS_NOTHING when all have been read: claim more.
 * A message that was removed meanwhile (a purge) is passed over, and settled.
 * After an error it stands where it was: the next call tries the same again.  A damaged
 * message is MQS_EDAMAGED; the text names it, and the command that goes on without it.
 */
int	mqs_consumer_next(struct mqs_consumer *, struct mqs_message *,
	    struct mqs_error *err);

/*
 * Lets go of the snapshot that messages of mqs_consumer_next are borrowed
 * from.  Call it before anything that may block: space that is given up
 * meanwhile can't be used again until then.
 */
void	mqs_consumer_rest(struct mqs_consumer *);

enum mqs_verb {
	MQS_ACK = 1,	/* done */
	MQS_RETRY,	/* again after a delay, attempt counted */
	MQS_RELEASE,	/* again now, attempt not counted */
	MQS_REJECT,	/* dead letter */
	MQS_EXTEND	/* more time */
};

struct mqs_settlement {
	enum mqs_verb	 verb;
	uint64_t	 seq, lease;	/* the message's own; mqs_consumer_settle only */
	int64_t		 delay;		/* RETRY: -1 for the group's backoff; EXTEND: how long from now */
	/* RETRY and REJECT, for the dead letter's headers: */
	const char	*reason;	/* "exit 1", "signal 9", "rejected", free text; or NULL */
	const char	*detail;	/* last words of stderr, NUL-terminated; or NULL */
};

/*
 * Settles a delivery of this consumer.  Collected, and carried out by the next
 * mqs_consumer_claim or mqs_consumer_flush; strings are copied.  A delivery
 * that was settled elsewhere meanwhile (the first settling wins) is let be.
 * mqs_consumer_flush is mqs_consumer_claim of no messages.
 */
int	mqs_consumer_settle(struct mqs_consumer *, const struct mqs_settlement *,
	    struct mqs_error *err);
int	mqs_consumer_flush(struct mqs_consumer *, struct mqs_error *err);

/*
 * Acks the delivery of a message (its seq and lease) and, of the same lease, all
 * that mqs_consumer_next gave before it: n that were not settled yet, at the cost of
 * one.  Within a lease, go forward.
 */
int	mqs_consumer_ack_through(struct mqs_consumer *, uint64_t seq,
	    uint64_t lease, size_t n, struct mqs_error *err);

/*
 * MQS_MANUAL: the first n messages read and not yet marked have been handed
 * out: their attempts count and their leases outlive this process.  Call it when
 * they were written, and no later: what is not marked comes back uncounted.
 */
int	mqs_consumer_handed_out(struct mqs_consumer *, size_t n, struct mqs_error *err);

/* Deliveries that are held now: claimed and not known to be settled. */
size_t	mqs_consumer_held(const struct mqs_consumer *);

/* The receipt of a delivery; returns buf. */
char	*mqs_consumer_receipt(const struct mqs_consumer *,
	    const struct mqs_message *, char buf[MQS_RECEIPT_SIZE]);

/*
 * A descriptor that polls readable when mqs_consumer_service has work: a
 * message may have come, become due or come back.  mqs_consumer_service never
 * blocks for long; call it after each wake, then claim.  The descriptor is the
 * consumer's; MQS_ENOENT: the queue was deleted.
 *
 *	for (;;) {
 *		while ((rc = mqs_consumer_next(c, &m, &err)) == MQS_OK)
 *			... work, then mqs_consumer_settle ...
 *		if (rc == MQS_NOTHING)
 *			rc = mqs_consumer_claim(c, 100, &n, NULL, &err);
 *		if (rc == MQS_NOTHING) {
 *			mqs_consumer_rest(c);
 *			... poll mqs_consumer_fd(c) for POLLIN ...
 *			rc = mqs_consumer_service(c, &err);
 *		}
 *		if (rc != MQS_OK)
 *			break;
 *	}
 */
int	mqs_consumer_fd(struct mqs_consumer *);
int	mqs_consumer_service(struct mqs_consumer *, struct mqs_error *err);

/*
 * Fairness: a consumer that has nothing to do says so, while that is so; one that is
 * busy asks whether another one of the group, in another process, has, before it claims
 * more than it can begin with.  Hints, no more.
 */
void	mqs_consumer_idle(struct mqs_consumer *, int on);
int	mqs_consumer_rivals(struct mqs_consumer *);

/*
 * Releases everything that was claimed and not settled, except what was handed
 * out under MQS_MANUAL, and carries out what was collected.  When it has returned
 * 0, only mqs_consumer_free may follow; after an error it may be tried again.
 */
int	mqs_consumer_close(struct mqs_consumer *, struct mqs_error *err);

/*
 * Frees it.  Without mqs_consumer_close before, it is as if the process died:
 * what it held comes back by itself.
 */
void	mqs_consumer_free(struct mqs_consumer *);

/*
 * A run: a handler process that works on one delivery.  It makes a consumer's
 * death safe: what had started is not given to another while the handler
 * still works, and its attempt counts; what had not started comes back
 * uncounted.
 *
 *	mqs_run_new(&run, consumer, &message, &fd, &err);
 *	... spawn; the child inherits fd, under any number ...
 *	mqs_run_started(run, pid, &err);
 *	... the child ends ...
 *	mqs_consumer_settle(consumer, ...);
 *	mqs_run_free(run);
 *
 * fd is -1 where the engine needs none; there is nothing to inherit then.  Otherwise it is
 * close-on-exec and borrowed until mqs_run_free, which must come before
 * mqs_consumer_close.  mqs_run_free keeps the mark until what was collected has
 * been carried out.
 */
int	mqs_run_new(struct mqs_run **out, struct mqs_consumer *,
	    const struct mqs_message *, int *fd, struct mqs_error *err);
/* Before it is started: the handler works on this delivery, too. */
int	mqs_run_add(struct mqs_run *, const struct mqs_message *, struct mqs_error *err);
int	mqs_run_started(struct mqs_run *, int64_t pid, struct mqs_error *err);
void	mqs_run_free(struct mqs_run *);

/*
 * What a delivery was made into, put into a queue exactly once: its outputs and a mark
 * that they are there are stored in one transaction, and the delivery is settled after
 * that.  A crash in between repeats the delivery; its outputs are void then.
 *
 *	mqs_publisher_feed(publisher, consumer);	once
 *	mqs_publisher_input(publisher, consumer, &message, &err);
 *	... mqs_publisher_send, any number of times, also none ...
 *	mqs_publisher_flush(publisher, &err);
 *	mqs_consumer_settle(consumer, ...);		MQS_ACK
 *
 * mqs_publisher_input begins the outputs of a delivery of this consumer (of the message
 * only seq and lease count): what is sent from then on belongs to it, until the next
 * call or the flush.  The flush stores all outputs of a delivery or none, and reports
 * those that are void as MQS_EEXIST.  The publisher may be of any queue of the same spool.
 */
int	mqs_publisher_input(struct mqs_publisher *, struct mqs_consumer *,
	    const struct mqs_message *, struct mqs_error *err);
/*
 * This publisher is where the outputs of a consumer's deliveries go: call it before the
 * first claim.  A message whose consumer died between publishing and settling is done
 * then, even if that was its last attempt, and no dead letter.
 */
int	mqs_publisher_feed(struct mqs_publisher *, struct mqs_consumer *, struct mqs_error *err);
/* Takes back the last mqs_publisher_input, and what was sent since. */
void	mqs_publisher_input_drop(struct mqs_publisher *);
/*
 * 0 if the outputs of the last mqs_publisher_input are more than the queue's limits
 * (max-messages, max-bytes) can ever let in at once; else 1.
 */
int	mqs_publisher_input_fits(const struct mqs_publisher *);
/* MQS_OK: the outputs of this delivery's message are there, just settle it; or MQS_NOTHING. */
int	mqs_publisher_input_done(struct mqs_publisher *, struct mqs_consumer *,
	    const struct mqs_message *, struct mqs_error *err);

/* -------------------------------------------------- request and reply -- */

struct mqs_call;

#define MQS_REPLY_TO	"mq-reply-to"	/* the header that says where the reply goes */

struct mqs_reply {
	const char	*reason;	/* NULL: it went well; or "exit 1", "signal 9", ... */
	int		 fd;		/* its body: size bytes from the current offset */
	uint64_t	 size;
};

/*
 * A caller's side.  Opens a mailbox in a queue, for one reply; then publish a message with
 * the header MQS_REPLY_TO: mqs_call_address, and wait: for so long (-1: for ever), then
 * MQS_ETIMEOUT.  What was handed out is good until mqs_call_free, which ends the mailbox:
 * a reply that comes after that is refused.
 */
int	mqs_call_open(struct mqs_call **out, struct mqs_spool *, const char *queue,
	    struct mqs_error *err);
const char *mqs_call_address(const struct mqs_call *);
int	mqs_call_wait(struct mqs_call *, int64_t timeout, struct mqs_reply *,
	    struct mqs_error *err);
void	mqs_call_free(struct mqs_call *);

/*
 * A handler's side.  mqs_reply_wanted: MQS_OK and the address (borrowed from the message)
 * if its caller waits; MQS_EEXIST if it has its reply, so that the message is done; or
 * MQS_NOTHING.  mqs_reply gives it all of a file, and why it failed (up to 32 bytes of
 * text, or NULL); MQS_NOTHING: the caller has gone.  Then settle the delivery.
 */
int	mqs_reply_wanted(struct mqs_spool *, const struct mqs_message *,
	    const char **address, struct mqs_error *err);
int	mqs_reply(struct mqs_spool *, const char *address, const char *reason, int fd,
	    struct mqs_error *err);

/* ------------------------------------------------- settling by receipt -- */

struct mqs_settler;

/*
 * The outcome for one receipt, told from within mqs_settler_flush, group by group
 * and not in the order they were added: tag is what mqs_settler_add was given.
 * code 0 (text is ""); MQS_ESTALE: settled or delivered again meanwhile;
 * MQS_ENOENT: no such queue or group; or another error.  text is a whole line, as
 * in mqs_error.  If the dead-letter queue failed, every receipt of the group has
 * that error, though those that were to make no dead letter are settled.
 */
typedef void	mqs_settled_fn(void *arg, uint64_t tag, int code, const char *text);

int	mqs_settler_open(struct mqs_settler **out, struct mqs_spool *,
	    mqs_settled_fn *, void *arg, struct mqs_error *err);
/*
 * Adds a receipt to the batch; it and the strings of the settlement are
 * copied.  MQS_EINVAL, adding nothing, if it is not a receipt.
 */
int	mqs_settler_add(struct mqs_settler *, const char *receipt,
	    const struct mqs_settlement *, uint64_t tag, struct mqs_error *err);
/*
 * Carries the batch out, one transaction a group, and reports each outcome.
 * Returns an error only if something else than a receipt was at fault.
 */
int	mqs_settler_flush(struct mqs_settler *, struct mqs_error *err);
void	mqs_settler_free(struct mqs_settler *);

/* ------------------------------------------------------------- reading -- */

struct mqs_reader;

struct mqs_reader_options {
	/* Where both an id and a time are given, both hold. */
	const char	*since_id;	/* first id wanted; NULL: any */
	int64_t		 since;		/* first time wanted; 0: the oldest */
	const char	*until_id;	/* last id wanted; NULL: any */
	int64_t		 until;		/* first time no longer wanted; 0: no end */
	const char	*key;		/* only this key; NULL: any */
	size_t		 key_len;
	uint64_t	 last;		/* only the last so many that match; 0: all */
	int		 follow;	/* MQS_NOTHING will not be the end; see mqs_reader_fd */
};

/*
 * Reads retained messages in order, touching no group.  With a group (else NULL):
 * only what it has yet to settle, as of the opening.  Nothing is made: MQS_ENOENT.
 */
int	mqs_reader_open(struct mqs_reader **out, struct mqs_spool *,
	    const char *queue, const char *group,
	    const struct mqs_reader_options *, struct mqs_error *err);
/*
 * MQS_NOTHING at the end, or, following, when there is no more for now.  A damaged
 * message is MQS_EDAMAGED with the message's seq (where some are missing: one of theirs),
 * and the next call gives the one after it.  With any other error seq is 0: there is no reading on.
 */
int	mqs_reader_next(struct mqs_reader *, struct mqs_message *,
	    struct mqs_error *err);
/* As mqs_consumer_rest: call it before anything that may block. */
void	mqs_reader_rest(struct mqs_reader *);
/*
 * A descriptor (the reader's), or an error.  It polls readable when more may have
 * come; then call mqs_reader_service, which does not block, and _next again.
 */
int	mqs_reader_fd(struct mqs_reader *, struct mqs_error *err);
int	mqs_reader_service(struct mqs_reader *, struct mqs_error *err);
void	mqs_reader_free(struct mqs_reader *);

/* ------------------------------------------------------------- looking -- */

/*
 * Counters and times that an engine does not have are MQS_UNKNOWN, MQS_UNKNOWN_TIME or
 * MQS_UNKNOWN_COUNT; texts are "".
 */
#define MQS_UNKNOWN		UINT64_MAX
#define MQS_UNKNOWN_TIME	INT64_MIN
#define MQS_UNKNOWN_COUNT	UINT_MAX

struct mqs_queue_stat {
	char		name[MQS_NAME_MAX + 1];
	char		uuid[MQS_UUID_SIZE];
	uint64_t	messages;	/* retained */
	uint64_t	bytes;		/* of retained bodies */
	uint64_t	in_messages;	/* ever published */
	uint64_t	in_bytes;
	uint64_t	trimmed;	/* ever removed */
	uint64_t	dropped;	/* of these: by overflow=drop-oldest, not settled by every group */
	int64_t		oldest;		/* time of the oldest retained; 0: none */
	uint64_t	disk_bytes;	/* the files' allocated size */
	char		last_id[MQS_ID_SIZE];	/* "0": nothing was ever published */
	unsigned	groups;
	int		paused;		/* 1: no group is given anything, see mqs_pause */
};

struct mqs_group_stat {
	char		queue[MQS_NAME_MAX + 1];
	char		group[MQS_NAME_MAX + 1];
	uint64_t	depth;		/* not yet settled */
	uint64_t	ready;		/* of these: deliverable now, or not yet looked at */
	uint64_t	leased;		/* of these: being worked on */
	uint64_t	delayed;	/* of these: waiting for their time */
	uint64_t	delivered, acked, retried, released, rejected, dead, expired; /* ever */
	uint64_t	dropped;	/* ever removed from the queue before they were settled here */
	int64_t		oldest;		/* time of the oldest unsettled; 0: none */
	unsigned	consumers;	/* living */
	int		paused;		/* 1: the group, or all of the queue, is given nothing */
};

/* Called for each, in the order of names; a positive number stops and is returned. */
typedef int	mqs_queue_stat_fn(void *arg, const struct mqs_queue_stat *);
typedef int	mqs_group_stat_fn(void *arg, const struct mqs_group_stat *);

/*
 * Looks at one queue, or at all (queue NULL, and group NULL), and at its groups
 * (group_fn NULL: not), or at one group of it (queue_fn is not called then).  Each
 * queue comes before its groups.  What can't be looked at does not hide the
 * rest: the first error is returned at the end.
 */
int	mqs_stat(struct mqs_spool *, const char *queue, const char *group,
	    mqs_queue_stat_fn *, mqs_group_stat_fn *, void *arg,
	    struct mqs_error *err);

/* How far a message has come that is out to a consumer. */
enum mqs_delivery_state {
	MQS_PREFETCHED = 1,	/* its consumer holds it and has not begun */
	MQS_RUNNING,		/* a handler works on it */
	MQS_HANDED_OUT,		/* MQS_MANUAL: a worker has it, or may have */
	MQS_ORPHAN,		/* a handler works on it whose consumer is gone */
	MQS_RETURNING		/* its consumer is gone, or its lease over: the next claim takes it back */
};

struct mqs_delivery_stat {
	char		queue[MQS_NAME_MAX + 1];
	char		group[MQS_NAME_MAX + 1];
	char		id[MQS_ID_SIZE];
	char		receipt[MQS_RECEIPT_SIZE];
	unsigned	attempt;	/* which one this is */
	uint64_t	bytes;		/* of its body */
	enum mqs_delivery_state state;
	int64_t		consumer;	/* pid of the consumer; 0: gone, or on another machine */
	int64_t		handler;	/* pid of the handler; 0: none */
	int64_t		since;		/* when it was claimed */
	int64_t		until;		/* when its lease ends; 0: with its consumer */
	char		where[MQS_WHERE_SIZE];	/* the consumer's client id and host; "": this machine */
};

struct mqs_consumer_stat {
	char		queue[MQS_NAME_MAX + 1];
	char		group[MQS_NAME_MAX + 1];
	int64_t		pid;		/* 0: on another machine */
	uint64_t	held;		/* deliveries that it has */
	uint64_t	running;	/* handlers */
	char		where[MQS_WHERE_SIZE];	/* its client id and host; "": this machine */
};

typedef int	mqs_delivery_stat_fn(void *arg, const struct mqs_delivery_stat *);
typedef int	mqs_consumer_stat_fn(void *arg, const struct mqs_consumer_stat *);

/*
 * Lists the living consumers and then what is out, of one group, of all of a queue's
 * (group NULL), or of all there are (queue NULL too).  Either function may be NULL; a
 * positive number from one stops and is returned.  Needs permission to consume.
 */
int	mqs_outstanding(struct mqs_spool *, const char *queue, const char *group,
	    mqs_consumer_stat_fn *, mqs_delivery_stat_fn *, void *arg, struct mqs_error *err);

/*
 * When there is work next for one of these groups, by the clock as it is shifted; now,
 * or before: there is some.  MQS_NOTHING: none is to be expected.
 */
int	mqs_next_due(struct mqs_spool *, const char *queue, const char *group,
	    int64_t *due, struct mqs_error *err);

/* ------------------------------------------------------- administering -- */

/*
 * Makes a queue (MQS_EEXIST), or, group not NULL, a group (MQS_EEXIST, or MQS_ECONFIG
 * if it is there with other bindings or settings) and, unless it is there, its queue;
 * whatever MQS_AUTOCREATE says.  Of the options only what a new group gets counts.
 */
int	mqs_create(struct mqs_spool *, const char *queue, const char *group,
	    const struct mqs_consumer_options *, struct mqs_error *err);

/*
 * Settings of a queue (group NULL) or of a group, as text.  `pairs' are n
 * strings NAME=VALUE (mq-ctl(1) lists them; an empty VALUE is the default); all of
 * them are set or none.  MQS_ECONFIG names one that does not exist or whose value
 * makes no sense; MQS_EINVAL: not NAME=VALUE.  mqs_show tells all of them; a
 * non-zero return of its function stops and is returned.
 */
int	mqs_set(struct mqs_spool *, const char *queue, const char *group,
	    const char *const *pairs, size_t n, struct mqs_error *err);
typedef int	mqs_setting_fn(void *arg, const char *name, const char *value,
	    int is_default);
int	mqs_show(struct mqs_spool *, const char *queue, const char *group,
	    mqs_setting_fn *, void *arg, struct mqs_error *err);

/*
 * Adds bindings to a group, or (replace) gives it these and no others; one that is there
 * already stays.  From then on they decide about every message that the group has
 * not yet looked at.
 */
int	mqs_bind(struct mqs_spool *, const char *queue, const char *group,
	    const struct mqs_binding *, size_t n, int replace, struct mqs_error *err);
/*
 * Takes bindings from a group, all or none: MQS_ENOENT names one that it has not.  *left
 * (may be NULL): how many it still has; with none, it gets everything.
 */
int	mqs_unbind(struct mqs_spool *, const char *queue, const char *group,
	    const struct mqs_binding *, size_t n, size_t *left, struct mqs_error *err);
/*
 * Tells a group's bindings, in no particular order; a non-zero return of the function
 * stops and is returned.  mqs_show tells them too, as settings "binding".
 */
typedef int	mqs_binding_fn(void *arg, const struct mqs_binding *);
int	mqs_bindings(struct mqs_spool *, const char *queue, const char *group,
	    mqs_binding_fn *, void *arg, struct mqs_error *err);

/*
 * Removes a queue with its groups and messages, or one group.  It closes the queue:
 * not while there is another handle of it made from the same spool.
 */
int	mqs_delete(struct mqs_spool *, const char *queue, const char *group,
	    struct mqs_error *err);

/*
 * Removes all messages of a queue, settled or not, or settles all of a group.
 * *count: how many messages.
 */
int	mqs_purge(struct mqs_spool *, const char *queue, const char *group,
	    uint64_t *count, struct mqs_error *err);

/* Where to move a group: one of the three; all unset: to the end. */
struct mqs_rewind_options {
	const char	*to;		/* "oldest", "newest" or an id; NULL: see to_time */
	int64_t		 to_time;	/* the first message of that time or later; 0: see last */
	uint64_t	 last;		/* the last so many messages of the queue */
	int		 dry_run;	/* only tell what would come of it */
};

struct mqs_rewound {
	char		id[MQS_ID_SIZE];	/* of the message it gets next; "" if there is none */
	int64_t		time;		/* of that */
	uint64_t	depth, before;	/* not yet settled, then and before */
};

/*
 * Moves a group, back or on: it gets, again, all messages from there, whatever it had
 * settled, and none from before.  What its consumers hold is theirs no more: settling it
 * has no effect.
 */
int	mqs_rewind(struct mqs_spool *, const char *queue, const char *group,
	    const struct mqs_rewind_options *, struct mqs_rewound *, struct mqs_error *err);

/* Which dead letters to redrive. */
struct mqs_redrive_options {
	uint64_t	 count;		/* so many at most; 0: all */
	const char	*reason;	/* whose reason matches, as file names do in the shell; NULL: any */
	int		 dry_run;	/* only count them */
};

struct mqs_redriven {
	uint64_t	redriven, left;	/* dead letters */
};

/*
 * Makes messages that became dead letters deliverable again, each in the group where it
 * died and only there, with no attempt counted: the message itself, or, if that is not
 * retained or has expired, what the letter holds of it, once, however often this is
 * interrupted and begun again.  `queue' is the dead-letter queue, whose group `redrive'
 * keeps those that are left.  Letters that can't go back where they died (no such
 * queue) are left too, and the first such error is returned when the others have.
 */
int	mqs_redrive(struct mqs_spool *, const char *queue, const struct mqs_redrive_options *,
	    struct mqs_redriven *, struct mqs_error *err);

/*
 * Pauses a group, or (group NULL) all groups of a queue, or (on 0) ends that: while it
 * lasts consumers are given nothing, as if there were no messages.  Publishing and
 * settling go on.  The two are apart: a group goes on when neither it nor its queue is
 * paused.
 */
int	mqs_pause(struct mqs_spool *, const char *queue, const char *group, int on,
	    struct mqs_error *err);

/*
 * Settles n messages of a group, by their ids, without delivering them: all or none.
 * A delivery that is under way becomes stale.  MQS_ENOENT names a message that the
 * group has settled, or that is not there.
 */
int	mqs_skip(struct mqs_spool *, const char *queue, const char *group,
	    const char *const *ids, size_t n, struct mqs_error *err);

/*
 * Removes what retention allows, now.  *count: how many messages.  Also
 * collects files that crashes left behind.
 */
int	mqs_trim(struct mqs_spool *, const char *queue, uint64_t *count,
	    struct mqs_error *err);

/*
 * Verifies every record, index, counter and large body of a queue and its
 * groups.  `finding' (may be NULL) is told each thing that is wrong; *findings
 * counts them, *messages the records.  0 also if there are findings.
 */
typedef void	mqs_finding_fn(void *arg, const char *text);
int	mqs_check(struct mqs_spool *, const char *queue, mqs_finding_fn *finding,
	    void *arg, uint64_t *findings, uint64_t *messages,
	    struct mqs_error *err);

#ifdef __cplusplus
}
#endif

#endif
