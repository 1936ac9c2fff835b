/*
 * holding/table.c - an engine whose deliveries end with their consumer, for tests
 *
 * It does what a cluster does: a consumer is given $MQ_HOLDING messages (3), "one", "two", ...,
 * and whoever has a receipt settles by the consumer's socket.  Nothing is kept: the next
 * consumer is given the same messages.  $MQ_RECORD gets a line for each thing that is
 * settled, how, and by which process.
 */
#include "engine/engine.h"
#include "holding/consume.h"
#include "holding/settle.h"
#include "record/look.h"
#include "record/spool.h"

static const char *const can[] = {
	"extend", "lease", "manual", "prefetch", "reject", "release", "retry", NULL
};

extern const struct mqs_engine mqs_engine_table;

const struct mqs_engine mqs_engine_table = {
	.version = MQS_ENGINE_VERSION,
	.name = "holding",
	.can = can,
	.is_id = record_is_id,
	.spool_open = record_spool_open, .spool_free = record_spool_free,
	.spool_close_queues = record_spool_close_queues,
	.consumer_open = holding_consumer_open, .consumer_claim = holding_consumer_claim,
	.consumer_next = holding_consumer_next, .consumer_rest = holding_consumer_rest,
	.consumer_settle = holding_consumer_settle, .consumer_flush = holding_consumer_flush,
	.consumer_ack_through = holding_consumer_ack_through,
	.consumer_handed_out = holding_consumer_handed_out, .consumer_held = holding_consumer_held,
	.consumer_receipt = holding_consumer_receipt, .consumer_fd = holding_consumer_fd,
	.consumer_service = holding_consumer_service, .consumer_close = holding_consumer_close,
	.consumer_free = holding_consumer_free,
	.run_new = holding_run_new, .run_started = holding_run_started, .run_free = holding_run_free,
	.settler_open = holding_settler_open, .settler_add = holding_settler_add,
	.settler_flush = holding_settler_flush, .settler_free = holding_settler_free,
	.show = holding_show, .stat = record_stat_all
};
