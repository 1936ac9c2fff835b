/*
 * engine_table.c - the table of the embedded engine, which can do everything
 */
#include "embedded/embedded.h"

static const char *const can[] = {
	"any", "at", "atomic", "call", "delay", "dry-run", "exclusive", "expect-last", "extend",
	"follow", "from", "header", "key", "last", "latest", "lease", "list", "mandatory", "manual",
	"manual-outlives", "message-id", "mirror", "MQ_NOW", "next-due", "ordered", "pattern",
	"prefetch", "priority", "reason", "redrive", "reject", "release", "repair", "replace",
	"retry", "rewind", "schema", "since", "temp", "to", "ttl", "until", "wait", NULL
};

const struct mqs_engine mqs_embedded_engine = {
	.version = MQS_ENGINE_VERSION,
	.name = "embedded",
	.can = can,
	.is_id = mqs_embedded_is_id,

	.spool_open = mqs_embedded_spool_open,
	.spool_free = mqs_embedded_spool_free,
	.spool_close_queues = mqs_embedded_spool_close_queues,

	.publisher_open = mqs_embedded_publisher_open,
	.publisher_send = mqs_embedded_publisher_send,
	.publisher_send_like = mqs_embedded_publisher_send_like,
	.publisher_flush = mqs_embedded_publisher_flush,
	.publisher_stored = mqs_embedded_publisher_stored,
	.publisher_check = mqs_embedded_publisher_check,
	.publisher_atomic = mqs_embedded_publisher_atomic,
	.publisher_expect = mqs_embedded_publisher_expect,
	.publisher_dropped = mqs_embedded_publisher_dropped,
	.publisher_pending = mqs_embedded_publisher_pending,
	.publisher_max_message = mqs_embedded_publisher_max_message,
	.publisher_free = mqs_embedded_publisher_free,

	.large_new = mqs_embedded_large_new,
	.large_write = mqs_embedded_large_write,
	.large_size = mqs_embedded_large_size,
	.large_free = mqs_embedded_large_free,

	.consumer_open = mqs_embedded_consumer_open,
	.consumer_claim = mqs_embedded_consumer_claim,
	.consumer_next = mqs_embedded_consumer_next,
	.consumer_rest = mqs_embedded_consumer_rest,
	.consumer_settle = mqs_embedded_consumer_settle,
	.consumer_flush = mqs_embedded_consumer_flush,
	.consumer_ack_through = mqs_embedded_consumer_ack_through,
	.consumer_handed_out = mqs_embedded_consumer_handed_out,
	.consumer_held = mqs_embedded_consumer_held,
	.consumer_receipt = mqs_embedded_consumer_receipt,
	.consumer_fd = mqs_embedded_consumer_fd,
	.consumer_service = mqs_embedded_consumer_service,
	.consumer_idle = mqs_embedded_consumer_idle,
	.consumer_rivals = mqs_embedded_consumer_rivals,
	.consumer_close = mqs_embedded_consumer_close,
	.consumer_free = mqs_embedded_consumer_free,

	.run_new = mqs_embedded_run_new,
	.run_add = mqs_embedded_run_add,
	.run_started = mqs_embedded_run_started,
	.run_free = mqs_embedded_run_free,

	.publisher_input = mqs_embedded_publisher_input,
	.publisher_feed = mqs_embedded_publisher_feed,
	.publisher_input_drop = mqs_embedded_publisher_input_drop,
	.publisher_input_fits = mqs_embedded_publisher_input_fits,
	.publisher_input_done = mqs_embedded_publisher_input_done,

	.call_open = mqs_embedded_call_open,
	.call_address = mqs_embedded_call_address,
	.call_wait = mqs_embedded_call_wait,
	.call_free = mqs_embedded_call_free,
	.reply_wanted = mqs_embedded_reply_wanted,
	.reply = mqs_embedded_reply,

	.settler_open = mqs_embedded_settler_open,
	.settler_add = mqs_embedded_settler_add,
	.settler_flush = mqs_embedded_settler_flush,
	.settler_free = mqs_embedded_settler_free,

	.reader_open = mqs_embedded_reader_open,
	.reader_next = mqs_embedded_reader_next,
	.reader_rest = mqs_embedded_reader_rest,
	.reader_fd = mqs_embedded_reader_fd,
	.reader_service = mqs_embedded_reader_service,
	.reader_free = mqs_embedded_reader_free,

	.queue_uuid = mqs_embedded_queue_uuid,
	.stat = mqs_embedded_stat,
	.outstanding = mqs_embedded_outstanding,
	.next_due = mqs_embedded_next_due,

	.create = mqs_embedded_create,
	.set = mqs_embedded_set,
	.show = mqs_embedded_show,
	.bind = mqs_embedded_bind,
	.unbind = mqs_embedded_unbind,
	.bindings = mqs_embedded_bindings,
	.delete = mqs_embedded_delete,
	.purge = mqs_embedded_purge,
	.rewind = mqs_embedded_rewind,
	.redrive = mqs_embedded_redrive,
	.pause = mqs_embedded_pause,
	.skip = mqs_embedded_skip,
	.trim = mqs_embedded_trim,
	.rename = mqs_embedded_rename,
	.compact = mqs_embedded_compact,
	.backup = mqs_embedded_backup,
	.check = mqs_embedded_check,
	.check_schema = mqs_embedded_check_schema,
	.salvage = mqs_embedded_salvage,
	.salvage_group = mqs_embedded_salvage_group,
};
