/*
 * redrive_survey.c - see redrive.h: counts the letters of a queue that has no group `redrive'
 *
 * Then all that the stream has are left.  What is there is read to its end.
 */
#include "amqp/properties_in.h"
#include "amqp/redrive.h"
#include "amqp/settings_store.h"
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
read_all(struct mqs_amqp_stream *s, const struct mqs_redrive_options *o, struct mqs_redriven *out,
    struct mqs_error *err)
{
	struct mqs_amqp_incoming in = { 0 };
	struct mqs_amqp_kept *k;
	int rc;

	while ((rc = mqs_amqp_stream_next(s, &k, -1, err)) == MQS_OK) {
		if (!mqs_amqp_is_sign(k) && (rc = mqs_amqp_properties_read(&in, &k->properties,
		    k->routing_key, err)) == MQS_OK)
			count(o, &in.message, out);
		mqs_amqp_stream_release(s, k);
		if (rc != MQS_OK)
			break;
	}
	mqs_amqp_incoming_free(&in);
	return rc == MQS_NOTHING ? MQS_OK : rc;
}

/* The exchange of settings routes nothing for the reader's probe; reading a record makes it. */
static int
make_probe(struct mqs_amqp_connection *c, const char *queue, struct mqs_error *err)
{
	struct mqs_amqp_record r;
	int rc;

	if ((rc = mqs_amqp_record_init(&r, queue, NULL, err)) != MQS_OK)
		return rc;
	rc = mqs_amqp_settings_read(c, &r, 0, err);
	mqs_amqp_record_free(&r);
	return rc < 0 ? rc : MQS_OK;
}

int
mqs_amqp_redrive_survey(struct mqs_spool *spool, const char *queue,
    const struct mqs_redrive_options *o, struct mqs_redriven *out, struct mqs_error *err)
{
	static const struct mqs_amqp_stream_start first = { .at = MQS_AMQP_STREAM_FIRST };
	char name[MQS_AMQP_NAME_SIZE];
	struct mqs_amqp_stream *s;
	int rc;

	if ((rc = make_probe(spool->connection, queue, err)) != MQS_OK)
		return rc;
	rc = mqs_amqp_stream_open(&s, spool->connection, mqs_amqp_stream(name, queue), &first,
	    MQS_AMQP_SETTINGS, err);
	if (rc != MQS_OK)
		return rc == MQS_ENOENT ? MQS_OK : rc;	/* it retains nothing */
	rc = read_all(s, o, out, err);
	mqs_amqp_stream_close(s);
	return rc;
}
