/*
 * engine.h - the interface between mqspool.h and the engines, which keep the queues
 *
 * An engine keeps queues somewhere: in files (lib/embedded), on a RabbitMQ cluster, on a
 * Kafka cluster.  It is one constant table of functions.  Each has the name, parameters,
 * results and errors of a function of mqspool.h.
 *
 * A program calls a function of mqspool.h.  That function (dispatch_*.c) checks the
 * arguments and calls the engine, which was chosen by the spool's name (find.h).  So an
 * engine may rely on its arguments: names of queues and groups are valid, pointers that
 * must not be NULL are not NULL, and neither are the options of a rewind or a redrive.
 *
 * Handles.  Every handle that an engine makes (spool, publisher, large body, consumer,
 * run, call, settler, reader) begins with a struct mqs_handle.  Dispatch fills it in when
 * the engine has returned the handle, and finds the engine by it from then on.
 *
 * What an engine can't do.  A function that the engine lacks is NULL in its table; dispatch
 * then returns MQS_ENOTSUP, with a message that names engine and operation.  An option that
 * a function can't honour is missing from the list `can'.  Programs ask for their options
 * (mqs_can) before they begin anything.  The function must still refuse such an option with
 * MQS_ENOTSUP, for programs that did not ask.
 *
 * Opening a spool must not connect, start a thread, or take anything that a fork(2) would
 * share: mq-sub asks a spool (mqs_can), frees it, and may fork before it opens it anew.  So a
 * cluster is first connected to by a call that names a queue.
 *
 * Settling by others.  Where deliveries can't outlive their consumer ("manual-outlives" is
 * missing from `can'), a consumer listens on a socket, and mq-ack sends it what to settle
 * (settle_socket_server.h).  mq-sub then polls consumer_fd at all times, also while it wants
 * no messages, and calls consumer_service when it is readable.  consumer_service must carry
 * out what was asked for by then, without a consumer_flush, and leave the descriptor
 * unreadable until there is news.  consumer_held must not count a delivery that was settled
 * in this way.  consumer_close stops all delivering and gives back what was not handed out.
 * What was handed out under MQS_MANUAL is kept until consumer_free: until then consumer_fd,
 * consumer_service and consumer_held go on working, since a mq-sub may stay for the sake of
 * its receipts, until consumer_held is 0 or their lease has passed.
 *
 * What all engines do alike is in other files of this folder: the backoff of retries
 * (retry.h), the headers of dead letters (dead_letter.h), the order of messages of one key
 * (key_order.h), settling from another process (settle_socket_*.h).
 */
#ifndef MQS_ENGINE_ENGINE_H
#define MQS_ENGINE_ENGINE_H

#include "mqspool.h"

/*
 * The version of this table.  It changes whenever the table, or a structure of mqspool.h,
 * does: an engine in a file of its own that was built for another version is refused.
 */
#define MQS_ENGINE_VERSION	4u

/* The symbol by which a loaded engine's table is found: a const struct mqs_engine. */
#define MQS_ENGINE_SYMBOL	"mqs_engine_table"

struct mqs_handle {
	const struct mqs_engine	*engine;
};

struct mqs_engine {
	unsigned	 version;	/* MQS_ENGINE_VERSION; always the first member */
	const char	*name;		/* "embedded", "amqp", "kafka": what messages call it */
	/* The long names of the options that it honours, sorted, with a NULL at the end; see mqs_can. */
	const char *const *can;
	/* Says what to do instead of an option that it does not honour; see mqs_instead.  May be NULL. */
	const char *(*instead)(const char *option);
	/* 1 if a text has the form of this engine's ids; see mqs_is_id. */
	int	(*is_id)(const char *text);

	/* The spool. */
	int	(*spool_open)(struct mqs_spool **out, const char *where,
	    const struct mqs_options *opt, struct mqs_error *err);
	void	(*spool_free)(struct mqs_spool *);
	void	(*spool_close_queues)(struct mqs_spool *);

	/* Publishing. */
	int	(*publisher_open)(struct mqs_publisher **out, struct mqs_spool *,
	    const char *queue, const struct mqs_publisher_options *,
	    struct mqs_error *err);
	int	(*publisher_send)(struct mqs_publisher *, const struct mqs_message *,
	    uint64_t tag, struct mqs_error *err);
	size_t	(*publisher_send_like)(struct mqs_publisher *, const struct mqs_body *,
	    size_t n);
	int	(*publisher_flush)(struct mqs_publisher *, struct mqs_error *err);
	size_t	(*publisher_stored)(const struct mqs_publisher *);
	int	(*publisher_check)(struct mqs_publisher *, size_t *index, struct mqs_error *err);
	int	(*publisher_atomic)(struct mqs_publisher *, int more, struct mqs_error *err);
	int	(*publisher_expect)(struct mqs_publisher *, const char *id, const char *key,
	    size_t key_len, struct mqs_error *err);
	uint64_t	(*publisher_dropped)(const struct mqs_publisher *);
	size_t	(*publisher_pending)(const struct mqs_publisher *, uint64_t *bytes);
	uint64_t	(*publisher_max_message)(const struct mqs_publisher *);
	void	(*publisher_free)(struct mqs_publisher *);

	/* Large bodies. */
	int	(*large_new)(struct mqs_large **out, struct mqs_publisher *,
	    struct mqs_error *err);
	int	(*large_write)(struct mqs_large *, const void *bytes, size_t n,
	    struct mqs_error *err);
	uint64_t	(*large_size)(const struct mqs_large *);
	void	(*large_free)(struct mqs_large *);

	/* Consuming. */
	int	(*consumer_open)(struct mqs_consumer **out, struct mqs_spool *,
	    const char *queue, const char *group, const struct mqs_consumer_options *,
	    struct mqs_error *err);
	int	(*consumer_claim)(struct mqs_consumer *, size_t max, size_t *count,
	    int *held, struct mqs_error *err);
	int	(*consumer_next)(struct mqs_consumer *, struct mqs_message *,
	    struct mqs_error *err);
	void	(*consumer_rest)(struct mqs_consumer *);
	int	(*consumer_settle)(struct mqs_consumer *, const struct mqs_settlement *,
	    struct mqs_error *err);
	int	(*consumer_flush)(struct mqs_consumer *, struct mqs_error *err);
	int	(*consumer_ack_through)(struct mqs_consumer *, uint64_t seq,
	    uint64_t lease, size_t n, struct mqs_error *err);
	int	(*consumer_handed_out)(struct mqs_consumer *, size_t n,
	    struct mqs_error *err);
	size_t	(*consumer_held)(const struct mqs_consumer *);
	char	*(*consumer_receipt)(const struct mqs_consumer *,
	    const struct mqs_message *, char buf[MQS_RECEIPT_SIZE]);
	int	(*consumer_fd)(struct mqs_consumer *);
	int	(*consumer_service)(struct mqs_consumer *, struct mqs_error *err);
	void	(*consumer_idle)(struct mqs_consumer *, int on);
	int	(*consumer_rivals)(struct mqs_consumer *);
	int	(*consumer_close)(struct mqs_consumer *, struct mqs_error *err);
	void	(*consumer_free)(struct mqs_consumer *);

	/* Handlers of a consumer. */
	int	(*run_new)(struct mqs_run **out, struct mqs_consumer *,
	    const struct mqs_message *, int *fd, struct mqs_error *err);
	int	(*run_add)(struct mqs_run *, const struct mqs_message *,
	    struct mqs_error *err);
	int	(*run_started)(struct mqs_run *, int64_t pid, struct mqs_error *err);
	void	(*run_free)(struct mqs_run *);

	/* Filters: a delivery turned into messages of another queue, exactly once. */
	int	(*publisher_input)(struct mqs_publisher *, struct mqs_consumer *,
	    const struct mqs_message *, struct mqs_error *err);
	int	(*publisher_feed)(struct mqs_publisher *, struct mqs_consumer *,
	    struct mqs_error *err);
	void	(*publisher_input_drop)(struct mqs_publisher *);
	int	(*publisher_input_fits)(const struct mqs_publisher *);
	int	(*publisher_input_done)(struct mqs_publisher *, struct mqs_consumer *,
	    const struct mqs_message *, struct mqs_error *err);

	/* Request and reply. */
	int	(*call_open)(struct mqs_call **out, struct mqs_spool *,
	    const char *queue, struct mqs_error *err);
	const char	*(*call_address)(const struct mqs_call *);
	int	(*call_wait)(struct mqs_call *, int64_t timeout, struct mqs_reply *,
	    struct mqs_error *err);
	void	(*call_free)(struct mqs_call *);
	int	(*reply_wanted)(struct mqs_spool *, const struct mqs_message *,
	    const char **address, struct mqs_error *err);
	int	(*reply)(struct mqs_spool *, const char *address, const char *reason,
	    int fd, struct mqs_error *err);

	/* Settling by receipt. */
	int	(*settler_open)(struct mqs_settler **out, struct mqs_spool *,
	    mqs_settled_fn *, void *arg, struct mqs_error *err);
	int	(*settler_add)(struct mqs_settler *, const char *receipt,
	    const struct mqs_settlement *, uint64_t tag, struct mqs_error *err);
	int	(*settler_flush)(struct mqs_settler *, struct mqs_error *err);
	void	(*settler_free)(struct mqs_settler *);

	/* Reading. */
	int	(*reader_open)(struct mqs_reader **out, struct mqs_spool *,
	    const char *queue, const char *group, const struct mqs_reader_options *,
	    struct mqs_error *err);
	int	(*reader_next)(struct mqs_reader *, struct mqs_message *,
	    struct mqs_error *err);
	void	(*reader_rest)(struct mqs_reader *);
	int	(*reader_fd)(struct mqs_reader *, struct mqs_error *err);
	int	(*reader_service)(struct mqs_reader *, struct mqs_error *err);
	void	(*reader_free)(struct mqs_reader *);

	/* Looking. */
	int	(*queue_uuid)(struct mqs_spool *, const char *queue,
	    char uuid[MQS_UUID_SIZE], struct mqs_error *err);
	int	(*stat)(struct mqs_spool *, const char *queue, const char *group,
	    mqs_queue_stat_fn *, mqs_group_stat_fn *, void *arg, struct mqs_error *err);
	/* May be NULL: then the names are those that `stat' tells. */
	int	(*list)(struct mqs_spool *, const char *queue, mqs_name_listed_fn *, void *arg,
	    struct mqs_error *err);
	int	(*outstanding)(struct mqs_spool *, const char *queue, const char *group,
	    mqs_consumer_stat_fn *, mqs_delivery_stat_fn *, void *arg,
	    struct mqs_error *err);
	int	(*next_due)(struct mqs_spool *, const char *queue, const char *group,
	    int64_t *due, struct mqs_error *err);
	int	(*trace)(struct mqs_spool *, const char *queue, const char *id,
	    mqs_trace_message_fn *, mqs_group_trace_fn *, void *arg, struct mqs_error *err);

	/* Administering. */
	int	(*create)(struct mqs_spool *, const char *queue, const char *group,
	    const struct mqs_consumer_options *, struct mqs_error *err);
	int	(*set)(struct mqs_spool *, const char *queue, const char *group,
	    const char *const *pairs, size_t n, struct mqs_error *err);
	int	(*show)(struct mqs_spool *, const char *queue, const char *group,
	    mqs_setting_fn *, void *arg, struct mqs_error *err);
	int	(*bind)(struct mqs_spool *, const char *queue, const char *group,
	    const struct mqs_binding *, size_t n, int replace, struct mqs_error *err);
	int	(*unbind)(struct mqs_spool *, const char *queue, const char *group,
	    const struct mqs_binding *, size_t n, size_t *left, struct mqs_error *err);
	int	(*bindings)(struct mqs_spool *, const char *queue, const char *group,
	    mqs_binding_fn *, void *arg, struct mqs_error *err);
	int	(*delete)(struct mqs_spool *, const char *queue, const char *group,
	    struct mqs_error *err);
	int	(*purge)(struct mqs_spool *, const char *queue, const char *group,
	    uint64_t *count, struct mqs_error *err);
	int	(*rewind)(struct mqs_spool *, const char *queue, const char *group,
	    const struct mqs_rewind_options *, struct mqs_rewound *,
	    struct mqs_error *err);
	int	(*redrive)(struct mqs_spool *, const char *queue,
	    const struct mqs_redrive_options *, struct mqs_redriven *,
	    struct mqs_error *err);
	int	(*pause)(struct mqs_spool *, const char *queue, const char *group,
	    int on, struct mqs_error *err);
	int	(*skip)(struct mqs_spool *, const char *queue, const char *group,
	    const char *const *ids, size_t n, struct mqs_error *err);
	int	(*trim)(struct mqs_spool *, const char *queue, uint64_t *count,
	    struct mqs_error *err);
	int	(*rename)(struct mqs_spool *, const char *queue, const char *name,
	    struct mqs_error *err);
	int	(*compact)(struct mqs_spool *, const char *queue, int64_t wait,
	    uint64_t *before, uint64_t *after, struct mqs_error *err);
	int	(*backup)(struct mqs_spool *, const char *queue, const char *spool,
	    struct mqs_backup *, struct mqs_error *err);
	int	(*check)(struct mqs_spool *, const char *queue, unsigned flags,
	    mqs_finding_fn *finding, void *arg, uint64_t *findings, uint64_t *messages,
	    struct mqs_error *err);
	int	(*check_schema)(struct mqs_spool *, const char *queue, const char *schema,
	    size_t schema_len, mqs_finding_fn *finding, void *arg, uint64_t *findings,
	    uint64_t *messages, struct mqs_error *err);
	int	(*salvage)(struct mqs_spool *, const char *from, const char *queue,
	    mqs_finding_fn *finding, void *arg, struct mqs_salvaged *,
	    struct mqs_error *err);
	int	(*salvage_group)(struct mqs_spool *, const char *queue, const char *group,
	    mqs_finding_fn *finding, void *arg, struct mqs_salvaged *,
	    struct mqs_error *err);
};

/* The engine that is always there: queues as files. */
extern const struct mqs_engine mqs_embedded_engine;

#endif
