/* answer.c - see answer.h */

#include "amqp/answer.h"
#include "amqp/reply_error.h"

static int
open_again(const struct mqs_amqp_link *link, const char *object, struct mqs_error *err)
{
	amqp_channel_close_ok_t ok = { 0 };
	struct mqs_error why;
	int status;

	status = amqp_send_method(link->state, link->number, AMQP_CHANNEL_CLOSE_OK_METHOD, &ok);
	if (status == AMQP_STATUS_OK) {
		(void)amqp_channel_open(link->state, link->number);
		if (mqs_amqp_fail_reply(&why, object, amqp_get_rpc_reply(link->state)) == MQS_OK)
			return MQS_OK;
	}
	if (err != NULL)
		err->code = MQS_AMQP_LOST;
	return MQS_AMQP_LOST;
}

int
mqs_amqp_answer_of(const struct mqs_amqp_link *link, const char *object, amqp_rpc_reply_t reply,
    struct mqs_error *err)
{
	int rc = mqs_amqp_fail_reply(err, object, reply);

	if (rc == MQS_OK || rc == MQS_AMQP_LOST)
		return rc;
	if (rc == MQS_EBUSY && !link->looks && mqs_amqp_reply_number(reply) == AMQP_NOT_FOUND) {
		if (err != NULL)
			err->code = MQS_AMQP_LOST;
		return MQS_AMQP_LOST;
	}
	return open_again(link, object, err) == MQS_OK ? rc : MQS_AMQP_LOST;
}

int
mqs_amqp_answer(const struct mqs_amqp_link *link, const char *object, struct mqs_error *err)
{
	return mqs_amqp_answer_of(link, object, amqp_get_rpc_reply(link->state), err);
}

struct mqs_amqp_link
mqs_amqp_looking(const struct mqs_amqp_link *link)
{
	struct mqs_amqp_link looking = *link;

	looking.looks = 1;
	return looking;
}
