/* reply_error.c - see reply_error.h */
#include <string.h>

#include "amqp/reply_error.h"
#include "base/error.h"

int
mqs_amqp_code(int amqp_code)
{
	switch (amqp_code) {
	case AMQP_ACCESS_REFUSED:
	case AMQP_NOT_ALLOWED:
		return MQS_EPERM;
	case AMQP_NOT_FOUND:
		return MQS_ENOENT;
	case AMQP_RESOURCE_LOCKED:
		return MQS_EBUSY;
	case AMQP_PRECONDITION_FAILED:
		return MQS_ECONFIG;
	case AMQP_CONTENT_TOO_LARGE:
		return MQS_EDATA;
	case AMQP_NOT_IMPLEMENTED:
		return MQS_ENOTSUP;
	case AMQP_CONNECTION_FORCED:
	case AMQP_RESOURCE_ERROR:
	case AMQP_INTERNAL_ERROR:
		return MQS_EBUSY;
	default:
		return MQS_EIO;
	}
}

/* The queue is there, and the node can't see it: the reasons of rabbit_amqqueue:absent. */
static int
is_out_of_sight(int amqp_code, amqp_bytes_t text)
{
	static const char *const reasons[] = { "is down or inaccessible",
	    "has crashed and failed to restart", "process is stopped by supervisor" };
	size_t i;

	for (i = 0; amqp_code == AMQP_NOT_FOUND && text.len > 0 && i < sizeof(reasons) / sizeof(reasons[0]); i++)
		if (memmem(text.bytes, text.len, reasons[i], strlen(reasons[i])) != NULL)
			return 1;
	return 0;
}

int
mqs_amqp_fail_closed(struct mqs_error *err, const char *object, int amqp_code,
    amqp_bytes_t text)
{
	int code = is_out_of_sight(amqp_code, text) ? MQS_EBUSY : mqs_amqp_code(amqp_code);

	return mqs_fail(err, code, "%s: RabbitMQ: %.*s (%d)", object,
	    (int)(text.len > 400 ? 400 : text.len), text.len == 0 ? "" : (const char *)text.bytes,
	    amqp_code);
}

int
mqs_amqp_fail_status(struct mqs_error *err, const char *object, int status)
{
	if (status == AMQP_STATUS_OK)
		return MQS_OK;
	return mqs_fail(err, MQS_AMQP_LOST, "%s: %s", object, amqp_error_string2(status));
}

int
mqs_amqp_is_ack_timeout(int amqp_code, const struct mqs_error *why)
{
	return amqp_code == AMQP_PRECONDITION_FAILED && strstr(why->text, "timed out") != NULL;
}

const char *
mqs_amqp_closed_text(const struct mqs_error *why)
{
	static const char prefix[] = "channel: ";

	return why->text + (strncmp(why->text, prefix, sizeof(prefix) - 1) == 0 ? sizeof(prefix) - 1 : 0);
}

int
mqs_amqp_reply_number(amqp_rpc_reply_t reply)
{
	if (reply.reply_type != AMQP_RESPONSE_SERVER_EXCEPTION)
		return 0;
	if (reply.reply.id == AMQP_CHANNEL_CLOSE_METHOD)
		return ((amqp_channel_close_t *)reply.reply.decoded)->reply_code;
	if (reply.reply.id == AMQP_CONNECTION_CLOSE_METHOD)
		return ((amqp_connection_close_t *)reply.reply.decoded)->reply_code;
	return 0;
}

int
mqs_amqp_fail_reply(struct mqs_error *err, const char *object, amqp_rpc_reply_t reply)
{
	const amqp_connection_close_t *closed;

	switch (reply.reply_type) {
	case AMQP_RESPONSE_NORMAL:
		return MQS_OK;
	case AMQP_RESPONSE_LIBRARY_EXCEPTION:
		return mqs_amqp_fail_status(err, object, reply.library_error);
	case AMQP_RESPONSE_SERVER_EXCEPTION:
		break;
	default:
		return mqs_fail(err, MQS_AMQP_LOST, "%s: no answer", object);
	}
	if (reply.reply.id == AMQP_CHANNEL_CLOSE_METHOD) {
		const amqp_channel_close_t *m = reply.reply.decoded;

		return mqs_amqp_fail_closed(err, object, m->reply_code, m->reply_text);
	}
	if (reply.reply.id != AMQP_CONNECTION_CLOSE_METHOD)
		return mqs_fail(err, MQS_AMQP_LOST, "%s: an answer that does not belong here",
		    object);
	closed = reply.reply.decoded;
	(void)mqs_amqp_fail_closed(err, object, closed->reply_code, closed->reply_text);
	if (err != NULL)
		err->code = MQS_AMQP_LOST;
	return MQS_AMQP_LOST;
}
