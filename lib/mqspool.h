/*
 * mqspool.h - message queues as files
 *
 * A spool is a place that holds queues.  A queue is an append-only log of
 * messages, kept after they were consumed until retention lets them go.  A
 * group is a named reader of a queue: every group sees every message, and
 * within a group each message goes to one consumer at a time, under a lease.
 * Settling a delivery (acknowledge, retry, release, reject) ends its lease.
 *
 * An engine keeps the queues.  The name of the spool chooses it: for a path it
 * is the embedded engine, whose files mq-spool(5) describes.  All engines are
 * used through this header in the same way.  Ids and receipts are strings; a
 * program keeps them and hands them back, and does not parse them.
 *
 * CONVENTIONS
 * Errors	Functions that can fail return 0, or a negative MQS_E... code,
 *		and describe the failure in *err: the kind, and one line of
 *		text that names the object and the reason.  err may be NULL.
 *		MQS_NOTHING is an expected answer, not a failure: it leaves
 *		*err alone.
 * Ownership	An object that a function returns through a `**out' parameter
 *		belongs to the caller, who gives it to the matching _free.
 *		_free takes NULL.  After a failure there is nothing to free.
 *		A spool is freed
 *		after all that was made from it, a consumer after its runs, a
 *		publisher after its large bodies.  Pointers inside structures
 *		are borrowed; the comment beside them says until when.
 * Arguments	Strings and structures of options are copied or used up before a
 *		call returns, unless it says otherwise.  An options pointer
 *		may be NULL, which means that everything in it is 0.  The
 *		arguments of a callback are good until it returns.  A callback
 *		must not use the handle whose function has called it.
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
#define MQS_EDAMAGED	(-9)	/* stored data is damaged */
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

/* Describes a code of this header in a few words. */
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
	 * Added to the wall clock by which delay, expiry, backoff and
	 * retention are judged, so that they can be tested without waiting.
	 * It changes neither ids nor the time stored in a message.
	 * MQS_ENOTSUP if the engine goes by a clock of its own.
	 */
	int64_t		clock_shift;
	/* Called before and while a call waits; non-zero ends the call with MQS_EINTR. */
	int		(*interrupted)(void *arg);
	/*
	 * Called when the engine finds damage from which it can't return.
	 * Must not return; if it does, or is NULL, the process is aborted.
	 */
	void		(*on_damage)(void *arg, const char *text);
	/*
	 * Called with one line of text about something that did not fail, but
	 * that a person should know; may be NULL.
	 */
	void		(*notice)(void *arg, const char *text);
	/*
	 * Called now and then by calls that may take long (compact, backup, check, trim,
	 * purge, salvage):
	 * done of total, in bytes or messages of one step, which `what' names ("copying the
	 * log"); total is 0 if it is not known.  Calls that wait for something that may
	 * take long name that, with 0 of 0: publishing for room, compacting for the queue's
	 * users, mqs_call_wait for the reply.  May be NULL.
	 */
	void		(*progress)(void *arg, const char *what, uint64_t done, uint64_t total);
	void		*arg;		/* the first argument of all four */
	size_t		map_size;	/* bytes; 0 for the default */
	/*
	 * The folder with the engines that are not part of the library, to try them from
	 * a build; NULL: where they are installed.
	 */
	const char	*engines;
	/* The folder with the programs that the library starts (mq-schema); NULL: as above. */
	const char	*helpers;
};

/*
 * Opens a spool.  `where' is a directory (it is made together with its first queue), or the
 * address of a cluster: amqp://..., amqps://... or kafka://...  For an address the engine is
 * loaded; MQS_ENOTSUP if it is not installed, or the scheme is another one.  The directory
 * or cluster itself is first used by a call that names a queue, which also reports if it
 * does not exist.
 */
int	mqs_spool_open(struct mqs_spool **out, const char *where,
	    const struct mqs_options *opt, struct mqs_error *err);
void	mqs_spool_free(struct mqs_spool *);
/*
 * Closes the files of all queues; the next call that names one opens it again.  A spool keeps
 * every queue open that was named, and each takes some ten descriptors: for a program that
 * goes through many.  It does nothing while a publisher, consumer, reader or call is open.
 */
void	mqs_spool_close_queues(struct mqs_spool *);

/* The name of the engine that serves the spool: "embedded", "amqp", "kafka". */
const char *mqs_engine(const struct mqs_spool *);
/*
 * 1 if the engine can honour an option of the tools, given by its long name ("priority",
 * "mandatory", ...); 0 if not, or if it does not know the name.  Three names are no options:
 * "manual-outlives" (deliveries under MQS_MANUAL can be settled after the consumer has
 * ended), "MQ_NOW" (options.clock_shift) and "quiet-replay" (a reader leaves nothing in the
 * queue).  Calls that ask for what the engine can't do
 * return MQS_ENOTSUP; with mqs_can, a program knows that before it begins.
 */
int	mqs_can(const struct mqs_spool *, const char *option);
/*
 * Says what to do instead of an option that the engine can't honour, in words that complete a
 * sentence ("publish to a queue for each priority"); NULL if there is no advice.
 */
const char *mqs_instead(const struct mqs_spool *, const char *option);
/* 1 if a text has the form of this engine's message ids. */
int	mqs_is_id(const struct mqs_spool *, const char *text);

/* ------------------------------------------------------------- message -- */

struct mqs_large;

/*
 * A message, to be published or as it was handed out.  All pointers are borrowed.  A message
 * from a reader or consumer is good until the next call of its ..._next, ..._rest, ..._claim,
 * ..._flush, ..._close or ..._free.  Its body_fd is a descriptor of its own, at offset 0, that
 * only the library closes; it stays open during ..._rest, ..._claim and ..._flush.
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
	/*
	 * NULL if none.  A second message with the same message id is not stored
	 * while the first is retained.
	 */
	const char	*message_id;
	size_t		 message_id_len;

	/* Only in what is handed out: */
	const char	*id;		/* as text; NULL: seq in decimal; see mqs_message_id */
	uint64_t	 seq;		/* the engine's number for the message */
	uint64_t	 lease;		/* the engine's number for the delivery; see mqs_consumer_receipt */
	int64_t		 time;		/* when it was published */
	unsigned	 attempt;	/* 1 for the first delivery; 0: no delivery */
};

/* An empty message: everything is 0, except that body_fd is -1. */
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
 * A binding selects messages for a group.  The group gets each message that at least one of
 * its bindings matches; without bindings it gets all.  Keys match as in RabbitMQ; mq(7) has
 * the rules.
 */
struct mqs_binding {
	enum mqs_binding_kind	 kind;
	const char		*text;		/* pattern, key, or headers as in mqs_message */
	size_t			 text_len;
};

/* ---------------------------------------------------------- publishing -- */

struct mqs_publisher;

/*
 * Called from within mqs_publisher_flush for each message of the batch, in order, with its
 * outcome: code 0 and the id, or an error and NULL.  tag is the one that was given to
 * mqs_publisher_send.  If a message with the same message id is retained, the id is that
 * message's.  After a failed flush, every message that was not published has the same error.
 */
typedef void	mqs_published_fn(void *arg, uint64_t tag, int code, const char *id);

/*
 * Called from within mqs_publisher_flush for a message that is no JSON, or breaks the schema
 * of its queue: `why' completes the sentence "the message ...".  The message is as it was
 * sent; a large body is body_fd.  If the function returns 0, the message is left out, and the
 * flush goes on.  If it returns another number, or there is no such function, the messages
 * before this one are stored, unless the batch is atomic, and the flush fails with MQS_EDATA.
 */
typedef int	mqs_refused_fn(void *arg, uint64_t tag, const struct mqs_message *,
	    const char *why);

/* The most messages in a batch, unless it is atomic. */
#define MQS_BATCH_MESSAGES	16384

#define MQS_MANDATORY	1u	/* MQS_ENOENT for a message that no group would get */
/* Copies, which must be known again by their message ids: MQS_ECONFIG while compact=key. */
#define MQS_MIRROR	2u

struct mqs_publisher_options {
	mqs_published_fn *published;	/* may be NULL */
	void		*arg;
	unsigned	 flags;		/* MQS_MANDATORY, MQS_MIRROR */
	int64_t		 wait;		/* how long a flush waits for room, see there; -1: for ever */
	mqs_refused_fn	*refused;	/* may be NULL */
};

/* Opens a queue for publishing; makes it if the spool has MQS_AUTOCREATE. */
int	mqs_publisher_open(struct mqs_publisher **out, struct mqs_spool *,
	    const char *queue, const struct mqs_publisher_options *,
	    struct mqs_error *err);

/*
 * Checks a message (MQS_EDATA says what is wrong) and adds it to the batch, which
 * mqs_publisher_flush stores.  The bytes that the message points to must stay until then.  The
 * structure and body_fd need not stay: a body from a descriptor, and any body of more than
 * MQS_INLINE_MAX bytes, is copied now.  MQS_EBUSY: the batch is as large as one transaction
 * should be; flush, and send again.  After any error nothing was added, and `large' still
 * belongs to the caller.
 */
int	mqs_publisher_send(struct mqs_publisher *, const struct mqs_message *,
	    uint64_t tag, struct mqs_error *err);

/*
 * Adds up to n messages that differ from the last one of the batch in nothing but their
 * bodies; the tag of each is one more than the tag before.  This is much faster than mqs_publisher_send.  The
 * bodies must stay until the flush.  Returns how many were added.  If that is less than n,
 * give the next one to mqs_publisher_send, which adds it or says why not (the batch is empty
 * or full, the body is large, the last message has a message id).
 */
struct mqs_body {
	const void	*p;
	size_t		 n;
};
size_t	mqs_publisher_send_like(struct mqs_publisher *, const struct mqs_body *, size_t n);

/*
 * Stores the batch.  When it returns 0, all messages are stored and visible, as safely as the
 * engine promises (files: on stable storage; a cluster: confirmed by a majority of its
 * nodes).  After an error, the messages that were reported with code 0 are stored;
 * mqs_publisher_stored returns how many.  The others are not stored; only a cluster whose
 * connection was lost may have stored some.  In any case the batch is empty afterwards, each
 * outcome was reported, and every mqs_large in the batch is gone.
 *
 * Files store a batch in one transaction, so its messages are neighbours in the log, unless
 * a limit (below) or MQS_MANDATORY divides the batch.
 *
 * With MQS_MANDATORY, the messages before the first one that no group would get are stored,
 * unless the batch is atomic.
 *
 * If max-messages or max-bytes leave no room for the whole batch, as many messages are stored
 * as there is room for.  If `overflow' is block, the call waits up to options.wait for more
 * room, and stores the rest in further transactions.  MQS_EFULL: there was no room in time;
 * MQS_EINTR: it was interrupted.
 * If the queue has a schema, each message is held against it first.  MQS_EDATA: one breaks it
 * (see mqs_refused_fn).  MQS_ENOTSUP: the program that checks, mq-schema, is not installed;
 * MQS_ESYSTEM: it failed.  Then nothing was stored that was not checked.
 * MQS_EDATA: an atomic batch, or the outputs of one delivery, are more than the limits ever
 * allow.  If less than min-free of the disk is free, the call waits only if options.wait is
 * above 0.  options.wait also ends waiting for other writers, but not before 5 s.
 */
int	mqs_publisher_flush(struct mqs_publisher *, struct mqs_error *err);

/*
 * Holds the batch against the schema of its queue, if that has one, before it is flushed.
 * MQS_EDATA: *index is the place in the batch of the first message that is no JSON or breaks
 * the schema.  The batch stays as it is; what was checked is not checked again.
 */
int	mqs_publisher_check(struct mqs_publisher *, size_t *index, struct mqs_error *err);

/*
 * How many messages of the last batch were reported as stored, perhaps some after an error.
 * With files these are the first ones of the batch.
 */
size_t	mqs_publisher_stored(const struct mqs_publisher *);

/*
 * Makes batches atomic (more), or not (0).  The flush of an atomic batch stores all of it or
 * nothing.  It may have up to 64 MiB of messages; each counts 64 bytes more than its body,
 * key and headers, and bodies of over 256 KiB do not count.
 */
int	mqs_publisher_atomic(struct mqs_publisher *, int more, struct mqs_error *err);

/*
 * Optimistic concurrency: from now on, batches are stored only if the last retained message
 * of the queue, or of a key (key is not NULL), has that id; "0": there is none.  Each batch
 * that was stored is what the next one expects, so that no other publisher's message comes
 * between the messages of this one.  If something else is there, the flush stores nothing
 * and returns MQS_EBUSY, and the text says the id that was found.  If all messages of the
 * batch are retained already, under their message ids, that is no failure, whatever the last
 * message is: so a batch can be published again.  MQS_EINVAL: not an id.
 * MQS_ECONFIG, from this call or the flush: by key, and the queue has no index of keys.
 */
int	mqs_publisher_expect(struct mqs_publisher *, const char *id, const char *key,
	    size_t key_len, struct mqs_error *err);

/*
 * How many unsettled messages were dropped from a full queue for the messages of this
 * publisher, ever.
 */
uint64_t mqs_publisher_dropped(const struct mqs_publisher *);

/* Messages in the batch, and bytes of their bodies (bytes may be NULL). */
size_t	mqs_publisher_pending(const struct mqs_publisher *, uint64_t *bytes);

/* The queue's largest permitted body, in bytes. */
uint64_t mqs_publisher_max_message(const struct mqs_publisher *);

/* Frees the publisher; messages in the batch are not published. */
void	mqs_publisher_free(struct mqs_publisher *);

/*
 * A large body that is written piece by piece, so that memory does not grow with it.  It may
 * have any size, also 0.  It becomes the `large' of a message of the same publisher, and
 * belongs to the publisher once mqs_publisher_send has returned 0; or it is freed.  After a
 * failed mqs_large_write it can only be freed.
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
 * A temporary group: it is made when the consumer opens (it must not be there), and is
 * removed by mqs_consumer_close, or, if the consumer dies, by others.
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
	 * Bindings and settings (NAME=VALUE, as in mqs_set) of a new group.  A group that
	 * is there must have just these bindings, if any are given, and these values of
	 * settings; else MQS_ECONFIG, with the command that changes the group.
	 */
	const struct mqs_binding *bindings;
	size_t		 nbindings;
	const char *const *settings;
	size_t		 nsettings;
};

/*
 * Opens QUEUE/GROUP for consuming.  With MQS_AUTOCREATE, makes queue and group if they are
 * not there.  The group must be named; the tools use "default" for QUEUE alone.  A process may
 * have several consumers of one group.
 */
int	mqs_consumer_open(struct mqs_consumer **out, struct mqs_spool *,
	    const char *queue, const char *group,
	    const struct mqs_consumer_options *, struct mqs_error *err);

/* What *held becomes while a cluster can't be asked. */
#define MQS_UNREACHABLE	2

/*
 * Claims up to `max' messages, fewer if prefetch leaves less room.  The same transaction
 * carries out the settlements that mqs_consumer_settle has collected.  *count is the number
 * of messages claimed; mqs_consumer_next gives them after those that were not read yet.
 *
 * MQS_NOTHING: there are none now; poll mqs_consumer_fd.  *held (may be NULL) becomes non-zero
 * if there are messages, but this consumer may not have them: because of prefetch, or the
 * group's max-leased, or because another consumer is the active one of an exclusive group.  A
 * paused group counts as one without messages.  It becomes MQS_UNREACHABLE while a cluster can't be
 * asked, since the connection was lost.
 *
 * After an error *count means nothing.  mqs_consumer_next still gives the messages that were
 * claimed.  Settlements that were not carried out stay collected for the next call.  If the
 * dead-letter queue could not be written, everything else was carried out, and the messages
 * that should have become dead letters are tried again later.
 */
int	mqs_consumer_claim(struct mqs_consumer *, size_t max, size_t *count,
	    int *held, struct mqs_error *err);

/*
 * Gives the next claimed message.  MQS_NOTHING: all have been read; claim more.  A message
 * that was removed meanwhile (by a purge) is settled and left out.  After an error, the next
 * call tries the same message again.  MQS_EDAMAGED: the message is damaged; the text names it,
 * and the command that goes on without it.
 */
int	mqs_consumer_next(struct mqs_consumer *, struct mqs_message *,
	    struct mqs_error *err);

/*
 * Gives up the snapshot of the log into which messages of mqs_consumer_next point.  Call it
 * before anything that may block: while a snapshot is held, the space of messages that others
 * remove can't be used again.
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
 * Settles a delivery of this consumer.  The settlement is collected, with copies of its
 * strings, and carried out by the next mqs_consumer_claim or mqs_consumer_flush.  The first
 * settling of a delivery wins: if somebody else has settled it by then, nothing happens.
 * mqs_consumer_flush is mqs_consumer_claim of no messages.
 */
int	mqs_consumer_settle(struct mqs_consumer *, const struct mqs_settlement *,
	    struct mqs_error *err);
int	mqs_consumer_flush(struct mqs_consumer *, struct mqs_error *err);

/*
 * Acks the delivery of a message (its seq and lease), and all deliveries of the same lease
 * that mqs_consumer_next gave before it.  It costs as much as one ack.  n is how many of them
 * were not settled yet.  Within a lease, each call must be for a later message.
 */
int	mqs_consumer_ack_through(struct mqs_consumer *, uint64_t seq,
	    uint64_t lease, size_t n, struct mqs_error *err);

/*
 * For MQS_MANUAL: marks the next n messages that were read as handed out.  Their attempts
 * count from then on, and their leases outlive this process.  Call it as soon as they are
 * written; a message that is not marked comes back without counting, if this process dies.
 */
int	mqs_consumer_handed_out(struct mqs_consumer *, size_t n, struct mqs_error *err);

/* How many deliveries the consumer holds: claimed, and not known to be settled. */
size_t	mqs_consumer_held(const struct mqs_consumer *);

/* The receipt of a delivery; returns buf. */
char	*mqs_consumer_receipt(const struct mqs_consumer *,
	    const struct mqs_message *, char buf[MQS_RECEIPT_SIZE]);

/*
 * mqs_consumer_fd returns a descriptor, which belongs to the consumer.  It polls readable when
 * a message may have come, become due, or come back.  Then call mqs_consumer_service, which
 * never blocks for long, and claim again.  MQS_ENOENT: the queue was deleted.
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
 * Fairness between processes.  A consumer that has nothing to do says so (on is 1), and takes
 * that back (0) when it has work.  A busy consumer asks whether there are such rivals in its
 * group; if so, it should claim no more than it can begin at once.  Both are hints.
 */
void	mqs_consumer_idle(struct mqs_consumer *, int on);
int	mqs_consumer_rivals(struct mqs_consumer *);

/*
 * Carries out the collected settlements, and releases all other deliveries, except those that
 * were handed out under MQS_MANUAL.  When it has returned 0, only mqs_consumer_free may
 * follow.  After an error it may be called again.
 *
 * An engine without "manual-outlives" (mqs_can) keeps those, too, but only until
 * mqs_consumer_free.  As long as they shall be settled, poll mqs_consumer_fd, call
 * mqs_consumer_service, and look whether mqs_consumer_held is 0.
 */
int	mqs_consumer_close(struct mqs_consumer *, struct mqs_error *err);

/*
 * Frees the consumer.  Without mqs_consumer_close before, this is like the death of the
 * process: its deliveries come back by themselves.
 */
void	mqs_consumer_free(struct mqs_consumer *);

/*
 * A run is a handler process that works on a delivery.  Runs make the death of a consumer
 * safe.  If the handler has started, its message is not given to anybody else while the
 * handler still works, and the attempt counts.  If it has not, the message comes back
 * without counting.
 *
 *	mqs_run_new(&run, consumer, &message, &fd, &err);
 *	... spawn; the child inherits fd, under any number ...
 *	mqs_run_started(run, pid, &err);
 *	... the child ends ...
 *	mqs_consumer_settle(consumer, ...);
 *	mqs_run_free(run);
 *
 * fd is -1 if the engine needs none; then there is nothing to inherit.  Otherwise it is
 * close-on-exec, and belongs to the run.  mqs_run_free must come before mqs_consumer_close.
 * The library remembers that the handler had started until the settlement is carried out.
 */
int	mqs_run_new(struct mqs_run **out, struct mqs_consumer *,
	    const struct mqs_message *, int *fd, struct mqs_error *err);
/* Adds another delivery to a run, before the handler is started. */
int	mqs_run_add(struct mqs_run *, const struct mqs_message *, struct mqs_error *err);
int	mqs_run_started(struct mqs_run *, int64_t pid, struct mqs_error *err);
void	mqs_run_free(struct mqs_run *);

/*
 * Filters: the outputs that were made of a delivery are put into a queue exactly once.  One
 * transaction stores them together with a marker; the delivery is settled after that.  A crash
 * in between repeats the delivery.  The marker then keeps its outputs from being stored again.
 *
 *	mqs_publisher_feed(publisher, consumer);	once
 *	mqs_publisher_input(publisher, consumer, &message, &err);
 *	... mqs_publisher_send, any number of times, also none ...
 *	mqs_publisher_flush(publisher, &err);
 *	mqs_consumer_settle(consumer, ...);		MQS_ACK
 *
 * mqs_publisher_input begins the outputs of a delivery of this consumer; of the message it
 * uses seq and lease only.  Messages that are sent from then on are outputs of that delivery,
 * until the next call or the flush.  The flush stores all outputs of a delivery or none.  If
 * they are stored already, it reports each as MQS_EEXIST.  The publisher may be of any queue
 * of the same spool.
 */
int	mqs_publisher_input(struct mqs_publisher *, struct mqs_consumer *,
	    const struct mqs_message *, struct mqs_error *err);
/*
 * Says that the outputs of a consumer's deliveries go to this publisher.  Call it before the
 * first claim.  If a consumer died between publishing and settling, its message is then only
 * settled, and does not become a dead letter even if that was its last attempt.
 */
int	mqs_publisher_feed(struct mqs_publisher *, struct mqs_consumer *, struct mqs_error *err);
/* Takes back the last mqs_publisher_input, and what was sent since. */
void	mqs_publisher_input_drop(struct mqs_publisher *);
/*
 * 0 if the outputs of the last mqs_publisher_input are more than the queue's limits
 * (max-messages, max-bytes) can ever let in at once; else 1.
 */
int	mqs_publisher_input_fits(const struct mqs_publisher *);
/*
 * MQS_OK: the outputs of this delivery's message are stored already, so settle it; else
 * MQS_NOTHING.
 */
int	mqs_publisher_input_done(struct mqs_publisher *, struct mqs_consumer *,
	    const struct mqs_message *, struct mqs_error *err);

/* -------------------------------------------------- request and reply -- */

struct mqs_call;

#define MQS_REPLY_TO	"mq-reply-to"	/* the header that says where the reply goes */

struct mqs_reply {
	const char	*reason;	/* why the handler failed: "exit 1", "signal 9", ...; NULL: it did not */
	int		 fd;		/* its body: size bytes from the current offset */
	uint64_t	 size;
};

/*
 * The caller's side.  mqs_call_open opens a mailbox for one reply.  Then publish a message with
 * the header MQS_REPLY_TO, whose value is mqs_call_address, by a publisher of the same spool that
 * makes no other call and is not freed before the reply is there, and call mqs_call_wait.  It waits
 * at most timeout (-1: for ever), and then returns MQS_ETIMEOUT.  Address and reply are good
 * until mqs_call_free, which removes the mailbox; a reply that comes later is refused.
 * MQS_EBUSY: a cluster's connection was lost meanwhile, so no reply can come.
 */
int	mqs_call_open(struct mqs_call **out, struct mqs_spool *, const char *queue,
	    struct mqs_error *err);
const char *mqs_call_address(const struct mqs_call *);
int	mqs_call_wait(struct mqs_call *, int64_t timeout, struct mqs_reply *,
	    struct mqs_error *err);
void	mqs_call_free(struct mqs_call *);

/*
 * The handler's side.  mqs_reply_wanted returns MQS_OK, and the address (good until the spool or
 * the message is used again), if a caller waits for a reply to the message.  MQS_EEXIST: the
 * caller has its reply already, so only settle the delivery.  MQS_NOTHING: no reply is wanted.  mqs_reply
 * sends the whole of a file, and the reason of a failure (up to 32 bytes of text, or NULL).
 * MQS_NOTHING: the caller is gone.  Settle the delivery after that.
 */
int	mqs_reply_wanted(struct mqs_spool *, const struct mqs_message *,
	    const char **address, struct mqs_error *err);
int	mqs_reply(struct mqs_spool *, const char *address, const char *reason, int fd,
	    struct mqs_error *err);

/* ------------------------------------------------- settling by receipt -- */

/*
 * Settles deliveries, by their receipts, of any consumer.  For an engine without
 * "manual-outlives" (mqs_can) that consumer must live, on the same machine and of the same
 * user, and be serviced: its program polls mqs_consumer_fd and calls mqs_consumer_service
 * also while it wants no messages.
 */
struct mqs_settler;

/*
 * Called from within mqs_settler_flush with the outcome for one receipt, group by group, not
 * in the order in which receipts were added.  tag is the one that was given to
 * mqs_settler_add.  code is 0 (text is "" then); MQS_ESTALE: the delivery was settled or
 * repeated meanwhile; MQS_ENOENT: no such queue or group; or another error.  text is a whole
 * line, as in mqs_error.  If the dead-letter queue could not be written, the receipts whose
 * messages should have become dead letters have that error, and their messages are tried again
 * later; the others are settled.
 */
typedef void	mqs_settled_fn(void *arg, uint64_t tag, int code, const char *text);

int	mqs_settler_open(struct mqs_settler **out, struct mqs_spool *,
	    mqs_settled_fn *, void *arg, struct mqs_error *err);
/*
 * Adds a receipt to the batch; receipt and strings are copied.  MQS_EINVAL: the text is not a
 * receipt, and nothing was added.
 */
int	mqs_settler_add(struct mqs_settler *, const char *receipt,
	    const struct mqs_settlement *, uint64_t tag, struct mqs_error *err);
/*
 * Carries out the batch, in one transaction for each group, and reports each outcome.  Errors
 * about single receipts are reported only; any other error is returned, too.
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
	int		 follow;	/* 1: go on after MQS_NOTHING, when more has come; see mqs_reader_fd */
	/* Only what at least one of these matches; no bindings: everything. */
	const struct mqs_binding *bindings;
	size_t		 nbindings;
	/*
	 * 1: only the newest message of each key, of those within the bounds that match: the
	 * state as it was at `until'.  A key whose newest body is empty is left out, because that
	 * is how a key is deleted.  Not with follow or last.
	 */
	int		 latest;
};

/*
 * Opens a reader of the retained messages of a queue, in order.  It changes nothing about any
 * group.  With a group (else NULL) it reads only what that group had yet to settle when the
 * reader was opened.  MQS_ENOENT: no such queue or group; none is made.
 */
int	mqs_reader_open(struct mqs_reader **out, struct mqs_spool *,
	    const char *queue, const char *group,
	    const struct mqs_reader_options *, struct mqs_error *err);
/*
 * Gives the next message.  MQS_NOTHING at the end, or, with `follow', when there is no more for
 * now.  MQS_EDAMAGED: the message with that seq is damaged, or messages around that seq are
 * missing; the next call goes on behind.  After any other error seq is 0, and the reader can't
 * go on.
 */
int	mqs_reader_next(struct mqs_reader *, struct mqs_message *,
	    struct mqs_error *err);
/* As mqs_consumer_rest: call it before anything that may block. */
void	mqs_reader_rest(struct mqs_reader *);
/*
 * Returns a descriptor, which belongs to the reader, or an error.  It polls readable when more
 * may have come; then call mqs_reader_service, which does not block, and _next again.
 */
int	mqs_reader_fd(struct mqs_reader *, struct mqs_error *err);
int	mqs_reader_service(struct mqs_reader *, struct mqs_error *err);
void	mqs_reader_free(struct mqs_reader *);

/* ------------------------------------------------------------- looking -- */

/*
 * Writes the identity of a queue, which is made with it, is never made again, and stays when
 * the queue is renamed.  A copy of a queue (mqs_backup) has that of the original.
 */
int	mqs_queue_uuid(struct mqs_spool *, const char *queue, char uuid[MQS_UUID_SIZE],
	    struct mqs_error *err);

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
	uint64_t	deduplicated;	/* messages ever absorbed, whose message id was there already */
	uint64_t	disk_bytes;	/* the files' allocated size */
	uint64_t	log_bytes;	/* the size of the log's file */
	uint64_t	max_messages;	/* limits that are set, which the fullest group reaches; 0: none */
	uint64_t	max_bytes;
	uint64_t	disk_free;	/* what the filesystem has left for the queue's owner */
	uint64_t	min_free;	/* below this, publishers are refused */
	char		last_id[MQS_ID_SIZE];	/* "0": nothing was ever published */
	unsigned	groups;
	int		paused;		/* 1: no group is given anything, see mqs_pause */
};

/*
 * The time from publishing a message to its acknowledgement is counted in classes, each up to
 * and with its bound.  The last has no bound.
 */
#define MQS_LATENCY_CLASSES	13

/* The bound of a class in ns: from 1 ms to a day; INT64_MAX for the last, and for others. */
int64_t	mqs_latency_bound(unsigned latency_class);

struct mqs_group_stat {
	char		queue[MQS_NAME_MAX + 1];
	char		group[MQS_NAME_MAX + 1];
	uint64_t	depth;		/* not yet settled */
	uint64_t	depth_bytes;	/* of their bodies */
	uint64_t	ready;		/* of these: deliverable now, or not yet looked at */
	uint64_t	lag;		/* of these: not yet looked at */
	uint64_t	leased;		/* of depth: being worked on */
	uint64_t	delayed;	/* of depth: looked at, and waiting for their time, which has not come */
	uint64_t	delivered, acked, retried, released, rejected, dead, expired; /* ever */
	uint64_t	delivered_bytes, acked_bytes; /* of their bodies */
	uint64_t	latency[MQS_LATENCY_CLASSES]; /* acknowledged, by time since they were published */
	uint64_t	latency_sum;	/* of these times, in us */
	uint64_t	dropped;	/* ever removed from the queue before they were settled here */
	int64_t		oldest;		/* time of the oldest unsettled; 0: none */
	unsigned	consumers;	/* living */
	int		paused;		/* 1: the group, or all of the queue, is given nothing */
};

/* Called for each, in the order of names; a positive number stops and is returned. */
typedef int	mqs_queue_stat_fn(void *arg, const struct mqs_queue_stat *);
typedef int	mqs_group_stat_fn(void *arg, const struct mqs_group_stat *);

/*
 * Tells numbers about one queue and its groups; about all queues (queue and group are NULL);
 * or about one group (then queue_fn is not called).  Each queue comes before its groups.
 * Either function may be NULL.  After an error it goes on with the next queue or group, and
 * returns the first error at the end; each further one is a notice (mqs_options.notice).
 */
int	mqs_stat(struct mqs_spool *, const char *queue, const char *group,
	    mqs_queue_stat_fn *, mqs_group_stat_fn *, void *arg,
	    struct mqs_error *err);

/*
 * Called for each queue (group is NULL), and then for each of its groups, in the order of
 * names; a positive number stops and is returned.
 */
typedef int	mqs_name_listed_fn(void *arg, const char *queue, const char *group);

/*
 * Lists the names of one queue and its groups, or of all (queue is NULL).  No queue is opened:
 * those that are damaged or in use otherwise are listed like others.  Errors are as from
 * mqs_stat.
 */
int	mqs_list(struct mqs_spool *, const char *queue, mqs_name_listed_fn *, void *arg,
	    struct mqs_error *err);

/* How far a delivery has come. */
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
	int64_t		since;		/* when it began to consume; MQS_UNKNOWN_TIME: not known */
	char		where[MQS_WHERE_SIZE];	/* its client id and host; "": this machine */
};

typedef int	mqs_delivery_stat_fn(void *arg, const struct mqs_delivery_stat *);
typedef int	mqs_consumer_stat_fn(void *arg, const struct mqs_consumer_stat *);

/*
 * Lists the living consumers and then the deliveries that are out: of one group, of all groups
 * of a queue (group is NULL), or of all queues (queue is NULL, too).  Either function may be
 * NULL; a positive number from one stops and is returned.  Needs permission to consume.
 */
int	mqs_outstanding(struct mqs_spool *, const char *queue, const char *group,
	    mqs_consumer_stat_fn *, mqs_delivery_stat_fn *, void *arg, struct mqs_error *err);

/*
 * Finds when one of these groups next has work, by the shifted clock.  A time that is not in
 * the future means that there is work now.  MQS_NOTHING: none is to be expected.
 */
int	mqs_next_due(struct mqs_spool *, const char *queue, const char *group,
	    int64_t *due, struct mqs_error *err);

/* What a group has made of one message. */
enum mqs_trace_state {
	MQS_TRACE_NEW,		/* no consumer has looked at it */
	MQS_TRACE_MISSED,	/* it was removed before a consumer looked at it, or never was */
	MQS_TRACE_READY,
	MQS_TRACE_WAITING,	/* until `until': delayed, or to be tried again */
	MQS_TRACE_PARKED,	/* behind another message of its key */
	MQS_TRACE_LEASED,
	MQS_TRACE_SKIPPED,	/* settled before a consumer looked at it */
	MQS_TRACE_SETTLED	/* acknowledged, expired, dead, purged, or it did not match */
};

struct mqs_group_trace {
	char		queue[MQS_NAME_MAX + 1];
	char		group[MQS_NAME_MAX + 1];
	enum mqs_trace_state state;
	int		matches;	/* 1: it is for this group by its present bindings; 0: it is not; -1: not known */
	unsigned	attempts;	/* that ended, of one that is not settled */
	int64_t		until;		/* WAITING: due; LEASED: when it comes back, 0: when its consumer ends */
	int64_t		consumer;	/* LEASED: pid; 0: gone */
	char		receipt[MQS_RECEIPT_SIZE]; /* LEASED */
	char		dead_queue[MQS_NAME_MAX + 1]; /* where its dead letter is; "": none was found */
	char		dead_id[MQS_ID_SIZE];
	int		dead_partly;	/* 1: not all dead letters since then were looked at */
};

/* Called first, and once, with the message; NULL: it is not retained. */
typedef int	mqs_trace_message_fn(void *arg, const struct mqs_message *);
typedef int	mqs_group_trace_fn(void *arg, const struct mqs_group_trace *);
/*
 * Tells what is still known of a message, and then of it in each group.  A positive number
 * from a function stops, and is returned.  MQS_ENOENT: no message of the queue had that id
 * yet; MQS_EINVAL: it is no id.  Needs permission to consume.
 */
int	mqs_trace(struct mqs_spool *, const char *queue, const char *id, mqs_trace_message_fn *,
	    mqs_group_trace_fn *, void *arg, struct mqs_error *err);

/* ------------------------------------------------------- administering -- */

/*
 * Makes a queue; or, if group is not NULL, a group, and its queue if that is not there.
 * MQS_EEXIST: it is there; MQS_ECONFIG: the group is there with other bindings or settings.
 * MQS_AUTOCREATE need not be set.  Of the options, those that say what a new group gets
 * count.
 */
int	mqs_create(struct mqs_spool *, const char *queue, const char *group,
	    const struct mqs_consumer_options *, struct mqs_error *err);

/*
 * Settings of a queue (group is NULL) or of a group, as text.  mqs_set sets all of n strings
 * NAME=VALUE or none; mq-ctl(1) lists the names, and an empty VALUE stands for the default.
 * MQS_ECONFIG: a setting does not exist, or its value makes no sense; MQS_EINVAL: a string is
 * not NAME=VALUE.  mqs_show calls its function with every setting; a non-zero return stops
 * and is returned.
 */
int	mqs_set(struct mqs_spool *, const char *queue, const char *group,
	    const char *const *pairs, size_t n, struct mqs_error *err);
typedef int	mqs_setting_fn(void *arg, const char *name, const char *value,
	    int is_default);
int	mqs_show(struct mqs_spool *, const char *queue, const char *group,
	    mqs_setting_fn *, void *arg, struct mqs_error *err);

/*
 * Adds bindings to a group, or (replace) replaces all that it has.  Adding one that is there
 * already changes nothing.  The bindings decide about every message that the group has not
 * looked at yet.
 */
int	mqs_bind(struct mqs_spool *, const char *queue, const char *group,
	    const struct mqs_binding *, size_t n, int replace, struct mqs_error *err);
/*
 * Removes bindings from a group, all of them or none.  MQS_ENOENT: it does not have one, which
 * the text names.  *left (may be NULL) is how many it still has; without any, the group gets
 * every message.
 */
int	mqs_unbind(struct mqs_spool *, const char *queue, const char *group,
	    const struct mqs_binding *, size_t n, size_t *left, struct mqs_error *err);
/*
 * Calls a function with each binding of a group, in no particular order; a non-zero return
 * stops and is returned.  mqs_show tells them, too, as settings "binding".
 */
typedef int	mqs_binding_fn(void *arg, const struct mqs_binding *);
int	mqs_bindings(struct mqs_spool *, const char *queue, const char *group,
	    mqs_binding_fn *, void *arg, struct mqs_error *err);

/*
 * Removes a queue with its groups and messages, or one group.  This closes the queue in the
 * spool, so no other handle of it may exist that was made from the same spool.
 */
int	mqs_delete(struct mqs_spool *, const char *queue, const char *group,
	    struct mqs_error *err);

/*
 * Removes all messages of a queue, settled or not, or settles all of a group.
 * *count: how many messages.
 */
int	mqs_purge(struct mqs_spool *, const char *queue, const char *group,
	    uint64_t *count, struct mqs_error *err);

/* Where to move a group: one of the first three; if none is set, to the end. */
struct mqs_rewind_options {
	const char	*to;		/* "oldest", "newest" or an id; NULL: see to_time */
	int64_t		 to_time;	/* the first message of that time or later; 0: see last */
	uint64_t	 last;		/* the last so many messages of the queue */
	int		 dry_run;	/* only say what would happen */
};

struct mqs_rewound {
	char		id[MQS_ID_SIZE];	/* of the message that the group gets next; "": there is none */
	int64_t		time;		/* of that message */
	uint64_t	depth, before;	/* messages not yet settled, afterwards and before */
};

/*
 * Moves a group back or forward.  It gets all messages from that place on, also those that it
 * had settled, and none from before.  Its consumers lose their deliveries: settling these has
 * no effect.
 */
int	mqs_rewind(struct mqs_spool *, const char *queue, const char *group,
	    const struct mqs_rewind_options *, struct mqs_rewound *, struct mqs_error *err);

/* Which dead letters to redrive. */
struct mqs_redrive_options {
	uint64_t	 count;		/* so many at most; 0: all */
	const char	*reason;	/* a pattern as for file names in the shell, for the reason; NULL: any */
	int		 dry_run;	/* only count them */
};

struct mqs_redriven {
	uint64_t	redriven, left;	/* dead letters */
	uint64_t	others;		/* of left, if none could be redriven: no dead letters at all */
};

/*
 * Makes messages that became dead letters deliverable again, each in the group where it died
 * and in no other, with no attempt counted.  If the message is not retained any more, or has
 * expired, a copy is made from the letter; exactly once, however often this call is
 * interrupted and repeated.  `queue' is the dead-letter queue.  Its group `redrive' keeps the
 * letters that are left.  Letters whose queue or group is gone are left, too; the first such
 * error is returned after all others are redriven.
 */
int	mqs_redrive(struct mqs_spool *, const char *queue, const struct mqs_redrive_options *,
	    struct mqs_redriven *, struct mqs_error *err);

/*
 * Pauses a group, or all groups of a queue (group is NULL); ends that if `on' is 0.  To the
 * consumers of a paused group there are no messages.  Publishing and settling go on.  Pausing
 * a queue and pausing a group are independent: a group goes on when neither is paused.
 */
int	mqs_pause(struct mqs_spool *, const char *queue, const char *group, int on,
	    struct mqs_error *err);

/*
 * Settles n messages of a group by their ids, without delivering them: all of them or none.
 * If one is being delivered, its receipt becomes stale.  MQS_ENOENT: the group has settled
 * one, or it is not there; the text names it.
 */
int	mqs_skip(struct mqs_spool *, const char *queue, const char *group,
	    const char *const *ids, size_t n, struct mqs_error *err);

/*
 * Removes all messages that retention allows to remove; *count is how many.  Also removes
 * files that crashes have left.
 */
int	mqs_trim(struct mqs_spool *, const char *queue, uint64_t *count,
	    struct mqs_error *err);

/*
 * Gives a queue another name.  Its messages, settings, identity and groups stay, and so does
 * what it was promised by filters of other queues.  MQS_EEXIST: a queue of the new name is
 * there; MQS_EBUSY: the queue is in use.  Receipts and settings that name the queue
 * (dead-letter) are not changed.  This closes the queue in the spool, as mqs_delete does.
 */
int	mqs_rename(struct mqs_spool *, const char *queue, const char *name,
	    struct mqs_error *err);

/*
 * Writes the files of a queue and its groups anew, so that room that removed messages had is
 * given back to the disk.  The queue must not be in use: MQS_EBUSY if it still is after
 * `wait' (ns; -1: for ever).  The new files need as much room as is in use in the old ones;
 * MQS_EFULL if the disk does not have it, and then nothing has changed.  Whenever it is
 * interrupted, the queue is whole.  *before and *after are what the files take on disk, in
 * bytes.  This closes the queue in the spool, as mqs_delete does.
 */
int	mqs_compact(struct mqs_spool *, const char *queue, int64_t wait,
	    uint64_t *before, uint64_t *after, struct mqs_error *err);

/* What a copy of a queue holds. */
struct mqs_backup {
	uint64_t	messages, bytes;	/* of their bodies */
	unsigned	groups;
	char		last_id[MQS_ID_SIZE];	/* "0": nothing was ever published */
};

/*
 * Copies a queue and its groups while publishers and consumers go on: a queue of the same name
 * in another spool, the directory `spool' (made if it is not there).  The copy is as
 * if the power had failed at one moment: all that was published before the call began is in
 * it, and no group is ahead of its log.  When the call returns, the copy is on stable storage;
 * until then it has no name.  MQS_EEXIST: a queue of that name is there; MQS_EFULL: the disk
 * is full.  After an error nothing is left of the copy.
 */
int	mqs_backup(struct mqs_spool *, const char *queue, const char *spool,
	    struct mqs_backup *, struct mqs_error *err);

/*
 * Verifies every page, record, index, counter and large body of a queue and its groups.
 * `finding' (may be NULL) is called with each thing that is wrong; *findings is how many,
 * *messages is the number of records.  With MQS_REPAIR it removes what belongs to nothing
 * (large bodies that no message has, files of consumers that are gone, index entries of
 * messages that are gone), adds index entries that are missing, and corrects the counters; a
 * finding that was repaired says so, and does not count in *findings.  Nor does what is left over
 * from processes that were killed, which is told without MQS_REPAIR.  Returns 0 also if there are
 * findings.
 */
typedef void	mqs_finding_fn(void *arg, const char *text);
#define MQS_REPAIR	1u
int	mqs_check(struct mqs_spool *, const char *queue, unsigned flags,
	    mqs_finding_fn *finding, void *arg, uint64_t *findings, uint64_t *messages,
	    struct mqs_error *err);

/*
 * Holds the bodies of all retained messages of a queue against a JSON Schema, the text of
 * which is `schema'.  `finding' is called with each message that breaks it: its id, the JSON
 * pointer to what is wrong, and what was expected.  MQS_EDATA: the text is no schema.
 */
int	mqs_check_schema(struct mqs_spool *, const char *queue, const char *schema,
	    size_t schema_len, mqs_finding_fn *finding, void *arg, uint64_t *findings,
	    uint64_t *messages, struct mqs_error *err);

/* What was saved from damaged files. */
struct mqs_salvaged {
	uint64_t	messages;	/* that the new queue has, or the group has yet to settle */
	uint64_t	lost;		/* that were there, as far as it is known, and could not be read */
	uint64_t	repeated;	/* of a group: may be delivered although they had been settled */
};

/*
 * Makes a new queue of all intact messages of a damaged one, with their ids, times, keys,
 * headers and bodies, by reading the pages of its log one by one.  `from' is the damaged
 * queue's directory or its log.mdb, or else the name of a queue of the spool; it is only read.
 * Groups are not carried over.  `finding' (may be NULL) is called with each thing that could
 * not be saved.  MQS_EEXIST: the new queue is there.  MQS_EBUSY: the damaged one is in use.
 * MQS_EDATA: the file is no log.
 */
int	mqs_salvage(struct mqs_spool *, const char *from, const char *queue,
	    mqs_finding_fn *finding, void *arg, struct mqs_salvaged *, struct mqs_error *err);
/*
 * Makes a group anew whose file is damaged or gone, with what can still be read of its
 * settings and bindings.  It begins where its status page says that everything before was
 * settled, or else at the oldest message: messages may be delivered again, and none is lost.
 * The damaged file is kept beside it, as GROUP.damaged.  MQS_EBUSY: the group is in use.
 */
int	mqs_salvage_group(struct mqs_spool *, const char *queue, const char *group,
	    mqs_finding_fn *finding, void *arg, struct mqs_salvaged *, struct mqs_error *err);

#ifdef __cplusplus
}
#endif

#endif
