/*
 * redrive_survey.c - see redrive.h: counts the letters of a queue that has no group `redrive'
 *
 * Then all that the stream has are left.  It is read up to a sign (stream_sign.h), since a node that
 * lags would show less than there is.
 */
#include "amqp/properties_in.h"
#include "amqp/redrive.h"
#include "amqp/stream_read.h"
#include "amqp/stream_sign.h"
#include "amqp/topology.h"
#include "base/clock.h"
#include "base/error.h"

/* One message of the stream. */
static void
count(const struct mqs_redrive_options *o, const struct mqs_message *m, struct mqs_redriven *out)
{
	struct mqs_dead_letter l;
	int letter;

	if (m->expires != 0 && m->expires <= mqs_now())
		return;
	if (mqs_amqp_redrive_matches(o, m, &l, &letter) &&
	    (o->count == 0 || out->redriven < o->count)) {
		out->redriven++;
		return;
	}
	out->left++;
	out->others += !letter;
}

static int
read_all(struct mqs_amqp_stream *s, const char *sign, const struct mqs_redrive_options *o,
    struct mqs_redriven *out, struct mqs_error *err)
{
	struct mqs_amqp_incoming in = { 0 };
	struct mqs_amqp_kept *k;
	int rc = MQS_OK, is_end = 0;

	while (rc == MQS_OK && !is_end && (rc = mqs_amqp_stream_next(s, &k, -1, err)) == MQS_OK) {
		if (mqs_amqp_is_sign(k))
			is_end = mqs_amqp_is_sign_of(k, sign);
		else if ((rc = mqs_amqp_properties_read(&in, &k->properties, k->routing_key,
		    err)) == MQS_OK)
			count(o, &in.message, out);
		mqs_amqp_stream_release(s, k);
	}
	mqs_amqp_incoming_free(&in);
	return rc;
}

int
mqs_amqp_redrive_survey(struct mqs_spool *spool, const char *queue,
    const struct mqs_redrive_options *o, struct mqs_redriven *out, struct mqs_error *err)
{
	static const struct mqs_amqp_stream_start first = { .at = MQS_AMQP_STREAM_FIRST };
	char name[MQS_AMQP_NAME_SIZE], sign[MQS_AMQP_SIGN_SIZE];
	struct mqs_amqp_stream *s;
	int rc;

	rc = mqs_amqp_stream_open(&s, spool->connection, mqs_amqp_stream(name, queue), &first,
	    0, err);
	if (rc != MQS_OK)
		return rc == MQS_ENOENT ? MQS_OK : rc;	/* it retains nothing */
	mqs_amqp_sign_make(sign);
	if ((rc = mqs_amqp_sign_publish(spool->connection, name, sign, err)) == MQS_OK)
		rc = read_all(s, sign, o, out, err);
	mqs_amqp_stream_close(s);
	return rc;
}
