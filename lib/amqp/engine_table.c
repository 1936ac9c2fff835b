/*
 * engine_table.c - the table of the RabbitMQ engine
 *
 * What the engine can't do is not in the table, and options that it can't honour are not in the
 * list.
 */
#include "amqp/admin.h"
#include "amqp/call.h"
#include "amqp/consumer.h"
#include "amqp/publisher.h"
#include "amqp/reader.h"
#include "amqp/redrive.h"
#include "amqp/run.h"
#include "amqp/settler.h"
#include "amqp/stat.h"

static const char *const can[] = {
	"any", "at", "call", "delay", "dry-run", "exclusive", "follow", "from", "header",
	"key", "last", "latest", "lease", "mandatory", "manual", "ordered", "pattern",
	"prefetch", "reason", "reject", "release", "replace", "retry", "rewind", "since",
	"temp", "ttl", "until", "wait", NULL
};

extern const struct mqs_engine mqs_engine_table;

const struct mqs_engine mqs_engine_table = {
	.version = MQS_ENGINE_VERSION,
	.name = "amqp",
	.can = can,
	.is_id = mqs_amqp_is_place,

	.spool_open = mqs_amqp_spool_open,
	.spool_free = mqs_amqp_spool_free,

	.publisher_open = mqs_amqp_publisher_open,
	.publisher_send = mqs_amqp_publisher_send,
	.publisher_send_like = mqs_amqp_publisher_send_like,
	.publisher_flush = mqs_amqp_publisher_flush,
	.publisher_stored = mqs_amqp_publisher_stored,
	.publisher_pending = mqs_amqp_publisher_pending,
	.publisher_max_message = mqs_amqp_publisher_max_message,
	.publisher_free = mqs_amqp_publisher_free,

	.large_new = mqs_amqp_large_new,
	.large_write = mqs_amqp_large_write,
	.large_size = mqs_amqp_large_size,
	.large_free = mqs_amqp_large_free,

	.consumer_open = mqs_amqp_consumer_open,
	.consumer_claim = mqs_amqp_consumer_claim,
	.consumer_next = mqs_amqp_consumer_next,
	.consumer_rest = mqs_amqp_consumer_rest,
	.consumer_settle = mqs_amqp_consumer_settle,
	.consumer_flush = mqs_amqp_consumer_flush,
	.consumer_ack_through = mqs_amqp_consumer_ack_through,
	.consumer_handed_out = mqs_amqp_consumer_handed_out,
	.consumer_held = mqs_amqp_consumer_held,
	.consumer_receipt = mqs_amqp_consumer_receipt,
	.consumer_fd = mqs_amqp_consumer_fd,
	.consumer_service = mqs_amqp_consumer_service,
	.consumer_close = mqs_amqp_consumer_close,
	.consumer_free = mqs_amqp_consumer_free,

	.run_new = mqs_amqp_run_new,
	.run_add = mqs_amqp_run_add,
	.run_started = mqs_amqp_run_started,
	.run_free = mqs_amqp_run_free,

	.call_open = mqs_amqp_call_open,
	.call_address = mqs_amqp_call_address,
	.call_wait = mqs_amqp_call_wait,
	.call_free = mqs_amqp_call_free,
	.reply_wanted = mqs_amqp_reply_wanted,
	.reply = mqs_amqp_reply,

	.settler_open = mqs_amqp_settler_open,
	.settler_add = mqs_amqp_settler_add,
	.settler_flush = mqs_amqp_settler_flush,
	.settler_free = mqs_amqp_settler_free,

	.reader_open = mqs_amqp_reader_open,
	.reader_next = mqs_amqp_reader_next,
	.reader_rest = mqs_amqp_reader_rest,
	.reader_fd = mqs_amqp_reader_fd,
	.reader_service = mqs_amqp_reader_service,
	.reader_free = mqs_amqp_reader_free,

	.stat = mqs_amqp_stat,

	.list = mqs_amqp_list,
	.create = mqs_amqp_create,
	.set = mqs_amqp_set,
	.show = mqs_amqp_show,
	.bind = mqs_amqp_bind,
	.unbind = mqs_amqp_unbind,
	.bindings = mqs_amqp_bindings,
	.delete = mqs_amqp_delete,
	.purge = mqs_amqp_purge,
	.rewind = mqs_amqp_rewind,
	.redrive = mqs_amqp_redrive,
};
