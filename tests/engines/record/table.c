/*
 * record/table.c - an engine that writes down which of its functions were called, for tests
 *
 * Each call appends a line to the file $MQ_RECORD: the function's name and the arguments
 * that its caller chose.  Nothing is kept: a consumer is given the same two messages, a
 * reader too, whatever was published.  It does what clusters do and files do not: ids are
 * text (PARTITION:OFFSET), consumers are on other machines, runs have no descriptor, and
 * counters are unknown.
 *
 * Compiled with INCAPABLE it can honour no option.
 */
#include <string.h>

#include "engine/engine.h"
#include "record/admin.h"
#include "record/consume.h"
#include "record/look.h"
#include "record/publish.h"
#include "record/read.h"
#include "record/reply.h"
#include "record/settle.h"
#include "record/spool.h"

#ifdef INCAPABLE
static const char *
what_instead(const char *option)
{
	return strcmp(option, "priority") == 0 ? "publish to a queue for each priority" : NULL;
}

#define CAN	NULL
#define INSTEAD	what_instead
#else
static const char *const can[] = {
	"any", "at", "atomic", "call", "delay", "dry-run", "exclusive", "expect-last", "extend", "follow",
	"from", "header", "key", "last", "latest", "lease", "list", "mandatory", "manual", "manual-outlives", "message", "message-id",
	"mirror", "next-due", "ordered", "pattern", "prefetch", "priority", "quiet-replay", "reason",
	"reject", "release", "repair", "replace", "retry", "rewind", "schema", "since", "temp", "to", "ttl", "until",
	"wait", NULL
};
#define CAN	can
#define INSTEAD	NULL
#endif

extern const struct mqs_engine mqs_engine_table;

const struct mqs_engine mqs_engine_table = {
	.version = MQS_ENGINE_VERSION,
	.name = "record",
	.can = CAN,
	.instead = INSTEAD,
	.is_id = record_is_id,
	.spool_open = record_spool_open, .spool_free = record_spool_free,
	.spool_close_queues = record_spool_close_queues,
	.publisher_open = record_publisher_open, .publisher_send = record_publisher_send,
	.publisher_send_like = record_publisher_send_like, .publisher_flush = record_publisher_flush,
	.publisher_stored = record_publisher_stored, .publisher_check = record_publisher_check,
	.publisher_atomic = record_publisher_atomic,
	.publisher_expect = record_publisher_expect, .publisher_dropped = record_publisher_dropped, .publisher_pending = record_publisher_pending,
	.publisher_max_message = record_publisher_max_message, .publisher_free = record_publisher_free,
	.large_new = record_large_new, .large_write = record_large_write, .large_size = record_large_size,
	.large_free = record_large_free,
	.consumer_open = record_consumer_open, .consumer_claim = record_consumer_claim,
	.consumer_next = record_consumer_next, .consumer_rest = record_consumer_rest,
	.consumer_settle = record_consumer_settle, .consumer_flush = record_consumer_flush,
	.consumer_ack_through = record_consumer_ack_through,
	.consumer_handed_out = record_consumer_handed_out, .consumer_held = record_consumer_held,
	.consumer_receipt = record_consumer_receipt, .consumer_fd = record_consumer_fd,
	.consumer_service = record_consumer_service, .consumer_close = record_consumer_close,
	.consumer_free = record_consumer_free,
	.run_new = record_run_new, .run_add = record_run_add, .run_started = record_run_started,
	.run_free = record_run_free,
	.publisher_input = record_publisher_input, .publisher_feed = record_publisher_feed,
	.publisher_input_drop = record_publisher_input_drop,
	.publisher_input_fits = record_publisher_input_fits,
	.publisher_input_done = record_publisher_input_done,
	.call_open = record_call_open, .call_address = record_call_address, .call_wait = record_call_wait,
	.call_free = record_call_free, .reply_wanted = record_reply_wanted, .reply = record_reply,
	.settler_open = record_settler_open, .settler_add = record_settler_add,
	.settler_flush = record_settler_flush, .settler_free = record_settler_free,
	.reader_open = record_reader_open, .reader_next = record_reader_next, .reader_rest = record_reader_rest,
	.reader_fd = record_reader_fd, .reader_service = record_reader_service, .reader_free = record_reader_free,
	.stat = record_stat_all, .outstanding = record_outstanding, .next_due = record_next_due, .trace = record_trace,
	.create = record_create, .set = record_set, .show = record_show, .bind = record_bind, .unbind = record_unbind,
	.bindings = record_bindings, .delete = record_delete, .purge = record_purge, .rewind = record_rewind_group,
	.redrive = record_redrive, .pause = record_pause_group, .skip = record_skip, .trim = record_trim,
	.rename = record_rename_queue, .compact = record_compact, .backup = record_backup, .check = record_check,
	.check_schema = record_check_schema, .salvage = record_salvage, .salvage_group = record_salvage_group,
	.queue_uuid = record_queue_uuid
};
