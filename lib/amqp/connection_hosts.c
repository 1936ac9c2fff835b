/* connection_hosts.c - see connection.h: the hosts in turn, with backoff and jitter */
#include <errno.h>
#include <poll.h>
#include <stdlib.h>
#include <string.h>

#include "amqp/connection_state.h"
#include "amqp/login.h"
#include "amqp/reply_error.h"
#include "base/clock.h"
#include "base/error.h"

#define FIRST_PAUSE_MS	100
#define LAST_PAUSE_MS	5000
/* A connection that lasted less is not followed by the next one at once. */
#define SHORT_NS	MQS_SECOND

static int
quits(struct mqs_amqp_connection *c)
{
	int quit;

	mqs_amqp_lock(c);
	quit = c->quit;
	mqs_amqp_unlock(c);
	return quit;
}

/* Waits for between a half and the whole of a pause, or until the thread is to quit. */
static void
rest(struct mqs_amqp_connection *c, int pause_ms)
{
	int64_t end = mqs_boottime() + MQS_MSEC * (pause_ms / 2 +
	    (int64_t)arc4random_uniform((uint32_t)pause_ms / 2 + 1));
	struct pollfd wake = { .fd = c->wake_fd, .events = POLLIN };
	int64_t left;

	while (!quits(c) && (left = end - mqs_boottime()) > 0) {
		if (poll(&wake, 1, (int)(left / MQS_MSEC) + 1) > 0)
			mqs_amqp_unwake(c->wake_fd);	/* a job, or a channel: later */
	}
}

/* Of two errors, the one that says more: what was refused before what was not reached. */
static void
keep_worse(struct mqs_error *kept, const struct mqs_error *why)
{
	if (kept->code == 0 || (kept->code == MQS_EBUSY && why->code != MQS_EBUSY))
		*kept = *why;
}

/*
 * Connects to a host, and opens the channel for jobs: a node that dies meanwhile is as good as one
 * that is not there.
 */
static int
connect_to(struct mqs_amqp_connection *c, size_t host, amqp_connection_state_t *state,
    struct mqs_error *err)
{
	int rc;

	if ((rc = mqs_amqp_login(state, c->address, host, c->configuration, err)) != MQS_OK)
		return rc;
	(void)amqp_channel_open(*state, MQS_AMQP_JOB_CHANNEL);
	if (mqs_amqp_fail_reply(err, c->address->hosts[host].shown,
	    amqp_get_rpc_reply(*state)) == MQS_OK)
		return MQS_OK;
	(void)amqp_destroy_connection(*state);
	err->code = MQS_EBUSY;
	return MQS_EBUSY;
}

/*
 * Tries each host once.  *refused: all of them refused the login.  When none was reached, the
 * error is of the first that was tried, and says how many there are.
 */
static int
try_round(struct mqs_amqp_connection *c, int *refused, struct mqs_error *err)
{
	size_t n = c->address->nhosts, first = c->ever ? c->host + 1 : c->host, i;
	struct mqs_error why, worst = { 0 };
	amqp_connection_state_t state;

	*refused = 1;
	for (i = 0; i < n; i++) {
		size_t host = (first + i) % n;

		if (quits(c))
			return mqs_fail(err, MQS_EINTR, "connection: ended");
		if (connect_to(c, host, &state, &why) == MQS_OK) {
			mqs_amqp_lock(c);
			c->state = state;
			c->host = host;
			mqs_amqp_unlock(c);
			return MQS_OK;
		}
		*refused = *refused && why.code == MQS_EPERM;
		keep_worse(&worst, &why);
	}
	if (n > 1 && worst.code == MQS_EBUSY)
		return mqs_fail(err, worst.code, "%s (none of %zu hosts can be reached)", worst.text, n);
	if (err != NULL)
		*err = worst;
	return worst.code;
}

/* What a loss that was not told has become. */
static void
tell_outage(struct mqs_amqp_connection *c, const struct mqs_error *why)
{
	mqs_amqp_lock(c);
	if (c->untold)
		mqs_amqp_note(c, "%s; connecting again", why->text);
	c->untold = 0;
	mqs_amqp_unlock(c);
}

int
mqs_amqp_reconnect(struct mqs_amqp_connection *c, struct mqs_error *err)
{
	int pause_ms = FIRST_PAUSE_MS, refused, rc;

	if (c->ever && mqs_boottime() - c->began < SHORT_NS)
		rest(c, (int)(SHORT_NS / MQS_MSEC));
	while ((rc = try_round(c, &refused, err)) != MQS_OK) {
		if (rc == MQS_EINTR || rc == MQS_ECONFIG || !c->ever || refused)
			return rc;
		tell_outage(c, err);
		rest(c, pause_ms);
		if ((pause_ms *= 2) > LAST_PAUSE_MS)
			pause_ms = LAST_PAUSE_MS;
	}
	return MQS_OK;
}
