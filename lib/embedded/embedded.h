/*
 * embedded.h - the embedded engine's functions for the table of engine/engine.h
 *
 * Each does what the function of mqspool.h does whose name it has, without "embedded_".
 * Their arguments have been checked (engine/dispatch.h).
 */
#ifndef MQS_EMBEDDED_EMBEDDED_H
#define MQS_EMBEDDED_EMBEDDED_H

#include "engine/engine.h"

/* 1 if a text is an id: 15 digits or more (ids count ns since the epoch). */
int	mqs_embedded_is_id(const char *text);

/* The spool. */
int	mqs_embedded_spool_open(struct mqs_spool **out, const char *where,
	    const struct mqs_options *opt, struct mqs_error *err);
void	mqs_embedded_spool_free(struct mqs_spool *);
void	mqs_embedded_spool_close_queues(struct mqs_spool *);

/* Publishing. */
int	mqs_embedded_publisher_open(struct mqs_publisher **out, struct mqs_spool *,
	    const char *queue, const struct mqs_publisher_options *,
	    struct mqs_error *err);
int	mqs_embedded_publisher_send(struct mqs_publisher *, const struct mqs_message *,
	    uint64_t tag, struct mqs_error *err);
size_t	mqs_embedded_publisher_send_like(struct mqs_publisher *,
	    const struct mqs_body *, size_t n);
int	mqs_embedded_publisher_flush(struct mqs_publisher *, struct mqs_error *err);
size_t	mqs_embedded_publisher_stored(const struct mqs_publisher *);
int	mqs_embedded_publisher_check(struct mqs_publisher *, size_t *index, struct mqs_error *err);
int	mqs_embedded_publisher_atomic(struct mqs_publisher *, int more,
	    struct mqs_error *err);
int	mqs_embedded_publisher_expect(struct mqs_publisher *, const char *id,
	    const char *key, size_t key_len, struct mqs_error *err);
uint64_t	mqs_embedded_publisher_dropped(const struct mqs_publisher *);
size_t	mqs_embedded_publisher_pending(const struct mqs_publisher *, uint64_t *bytes);
uint64_t	mqs_embedded_publisher_max_message(const struct mqs_publisher *);
void	mqs_embedded_publisher_free(struct mqs_publisher *);

/* Large bodies. */
int	mqs_embedded_large_new(struct mqs_large **out, struct mqs_publisher *,
	    struct mqs_error *err);
int	mqs_embedded_large_write(struct mqs_large *, const void *bytes, size_t n,
	    struct mqs_error *err);
uint64_t	mqs_embedded_large_size(const struct mqs_large *);
void	mqs_embedded_large_free(struct mqs_large *);

/* Consuming. */
int	mqs_embedded_consumer_open(struct mqs_consumer **out, struct mqs_spool *,
	    const char *queue, const char *group, const struct mqs_consumer_options *,
	    struct mqs_error *err);
int	mqs_embedded_consumer_claim(struct mqs_consumer *, size_t max, size_t *count,
	    int *held, struct mqs_error *err);
int	mqs_embedded_consumer_next(struct mqs_consumer *, struct mqs_message *,
	    struct mqs_error *err);
void	mqs_embedded_consumer_rest(struct mqs_consumer *);
int	mqs_embedded_consumer_settle(struct mqs_consumer *,
	    const struct mqs_settlement *, struct mqs_error *err);
int	mqs_embedded_consumer_flush(struct mqs_consumer *, struct mqs_error *err);
int	mqs_embedded_consumer_ack_through(struct mqs_consumer *, uint64_t seq,
	    uint64_t lease, size_t n, struct mqs_error *err);
int	mqs_embedded_consumer_handed_out(struct mqs_consumer *, size_t n,
	    struct mqs_error *err);
size_t	mqs_embedded_consumer_held(const struct mqs_consumer *);
char	*mqs_embedded_consumer_receipt(const struct mqs_consumer *,
	    const struct mqs_message *, char buf[MQS_RECEIPT_SIZE]);
int	mqs_embedded_consumer_fd(struct mqs_consumer *);
int	mqs_embedded_consumer_service(struct mqs_consumer *, struct mqs_error *err);
void	mqs_embedded_consumer_idle(struct mqs_consumer *, int on);
int	mqs_embedded_consumer_rivals(struct mqs_consumer *);
int	mqs_embedded_consumer_close(struct mqs_consumer *, struct mqs_error *err);
void	mqs_embedded_consumer_free(struct mqs_consumer *);

/* Handlers of a consumer. */
int	mqs_embedded_run_new(struct mqs_run **out, struct mqs_consumer *,
	    const struct mqs_message *, int *fd, struct mqs_error *err);
int	mqs_embedded_run_add(struct mqs_run *, const struct mqs_message *,
	    struct mqs_error *err);
int	mqs_embedded_run_started(struct mqs_run *, int64_t pid, struct mqs_error *err);
void	mqs_embedded_run_free(struct mqs_run *);

/* Filters: a delivery turned into messages of another queue, exactly once. */
int	mqs_embedded_publisher_input(struct mqs_publisher *, struct mqs_consumer *,
	    const struct mqs_message *, struct mqs_error *err);
int	mqs_embedded_publisher_feed(struct mqs_publisher *, struct mqs_consumer *,
	    struct mqs_error *err);
void	mqs_embedded_publisher_input_drop(struct mqs_publisher *);
int	mqs_embedded_publisher_input_fits(const struct mqs_publisher *);
int	mqs_embedded_publisher_input_done(struct mqs_publisher *, struct mqs_consumer *,
	    const struct mqs_message *, struct mqs_error *err);

/* Request and reply. */
int	mqs_embedded_call_open(struct mqs_call **out, struct mqs_spool *,
	    const char *queue, struct mqs_error *err);
const char	*mqs_embedded_call_address(const struct mqs_call *);
int	mqs_embedded_call_wait(struct mqs_call *, int64_t timeout, struct mqs_reply *,
	    struct mqs_error *err);
void	mqs_embedded_call_free(struct mqs_call *);
int	mqs_embedded_reply_wanted(struct mqs_spool *, const struct mqs_message *,
	    const char **address, struct mqs_error *err);
int	mqs_embedded_reply(struct mqs_spool *, const char *address, const char *reason,
	    int fd, struct mqs_error *err);

/* Settling by receipt. */
int	mqs_embedded_settler_open(struct mqs_settler **out, struct mqs_spool *,
	    mqs_settled_fn *, void *arg, struct mqs_error *err);
int	mqs_embedded_settler_add(struct mqs_settler *, const char *receipt,
	    const struct mqs_settlement *, uint64_t tag, struct mqs_error *err);
int	mqs_embedded_settler_flush(struct mqs_settler *, struct mqs_error *err);
void	mqs_embedded_settler_free(struct mqs_settler *);

/* Reading. */
int	mqs_embedded_reader_open(struct mqs_reader **out, struct mqs_spool *,
	    const char *queue, const char *group, const struct mqs_reader_options *,
	    struct mqs_error *err);
int	mqs_embedded_reader_next(struct mqs_reader *, struct mqs_message *,
	    struct mqs_error *err);
void	mqs_embedded_reader_rest(struct mqs_reader *);
int	mqs_embedded_reader_fd(struct mqs_reader *, struct mqs_error *err);
int	mqs_embedded_reader_service(struct mqs_reader *, struct mqs_error *err);
void	mqs_embedded_reader_free(struct mqs_reader *);

/* Looking. */
int	mqs_embedded_queue_uuid(struct mqs_spool *, const char *queue,
	    char uuid[MQS_UUID_SIZE], struct mqs_error *err);
int	mqs_embedded_stat(struct mqs_spool *, const char *queue, const char *group,
	    mqs_queue_stat_fn *, mqs_group_stat_fn *, void *arg, struct mqs_error *err);
int	mqs_embedded_outstanding(struct mqs_spool *, const char *queue,
	    const char *group, mqs_consumer_stat_fn *, mqs_delivery_stat_fn *,
	    void *arg, struct mqs_error *err);
int	mqs_embedded_list(struct mqs_spool *, const char *queue, mqs_name_listed_fn *, void *arg,
	    struct mqs_error *err);
int	mqs_embedded_next_due(struct mqs_spool *, const char *queue, const char *group,
	    int64_t *due, struct mqs_error *err);
int	mqs_embedded_trace(struct mqs_spool *, const char *queue, const char *id,
	    mqs_trace_message_fn *, mqs_group_trace_fn *, void *arg, struct mqs_error *err);

/* Administering. */
int	mqs_embedded_create(struct mqs_spool *, const char *queue, const char *group,
	    const struct mqs_consumer_options *, struct mqs_error *err);
int	mqs_embedded_set(struct mqs_spool *, const char *queue, const char *group,
	    const char *const *pairs, size_t n, struct mqs_error *err);
int	mqs_embedded_show(struct mqs_spool *, const char *queue, const char *group,
	    mqs_setting_fn *, void *arg, struct mqs_error *err);
int	mqs_embedded_bind(struct mqs_spool *, const char *queue, const char *group,
	    const struct mqs_binding *, size_t n, int replace, struct mqs_error *err);
int	mqs_embedded_unbind(struct mqs_spool *, const char *queue, const char *group,
	    const struct mqs_binding *, size_t n, size_t *left, struct mqs_error *err);
int	mqs_embedded_bindings(struct mqs_spool *, const char *queue, const char *group,
	    mqs_binding_fn *, void *arg, struct mqs_error *err);
int	mqs_embedded_delete(struct mqs_spool *, const char *queue, const char *group,
	    struct mqs_error *err);
int	mqs_embedded_purge(struct mqs_spool *, const char *queue, const char *group,
	    uint64_t *count, struct mqs_error *err);
int	mqs_embedded_rewind(struct mqs_spool *, const char *queue, const char *group,
	    const struct mqs_rewind_options *, struct mqs_rewound *,
	    struct mqs_error *err);
int	mqs_embedded_redrive(struct mqs_spool *, const char *queue,
	    const struct mqs_redrive_options *, struct mqs_redriven *,
	    struct mqs_error *err);
int	mqs_embedded_pause(struct mqs_spool *, const char *queue, const char *group,
	    int on, struct mqs_error *err);
int	mqs_embedded_skip(struct mqs_spool *, const char *queue, const char *group,
	    const char *const *ids, size_t n, struct mqs_error *err);
int	mqs_embedded_trim(struct mqs_spool *, const char *queue, uint64_t *count,
	    struct mqs_error *err);
int	mqs_embedded_backup(struct mqs_spool *, const char *queue, const char *spool,
	    struct mqs_backup *, struct mqs_error *err);
int	mqs_embedded_compact(struct mqs_spool *, const char *queue, int64_t wait,
	    uint64_t *before, uint64_t *after, struct mqs_error *err);
int	mqs_embedded_rename(struct mqs_spool *, const char *queue, const char *name,
	    struct mqs_error *err);
int	mqs_embedded_salvage(struct mqs_spool *, const char *from, const char *queue,
	    mqs_finding_fn *finding, void *arg, struct mqs_salvaged *, struct mqs_error *err);
int	mqs_embedded_salvage_group(struct mqs_spool *, const char *queue, const char *group,
	    mqs_finding_fn *finding, void *arg, struct mqs_salvaged *, struct mqs_error *err);
int	mqs_embedded_check(struct mqs_spool *, const char *queue, unsigned flags,
	    mqs_finding_fn *finding, void *arg, uint64_t *findings, uint64_t *messages,
	    struct mqs_error *err);
int	mqs_embedded_check_schema(struct mqs_spool *, const char *queue, const char *schema,
	    size_t schema_len, mqs_finding_fn *finding, void *arg, uint64_t *findings,
	    uint64_t *messages, struct mqs_error *err);

#endif
