/* connection_thread.c - see connection.h: the thread that owns the connection */
#include <poll.h>
#include <stdio.h>
#include <string.h>
#include <sys/time.h>

#include "amqp/connection_state.h"
#include "amqp/reply_error.h"
#include "amqp/table.h"
#include "base/clock.h"
#include "base/error.h"

/* Frames that are read before sending has its turn. */
#define FRAMES		512
/* The library sends heartbeats when it is called, so it is called this often. */
#define LOOK_MS		500
/* How many heartbeats the broker has for an answer, at first, and how long it has at most. */
#define ANSWER_BEATS	6
#define ANSWER_MOST	(600 * MQS_SECOND)

/* ------------------------------------------------------------- jobs -- */

/* Runs the job; MQS_NOTHING if there is none. */
static int
run_job(struct mqs_amqp_connection *c, struct mqs_error *err)
{
	struct mqs_amqp_link link = mqs_amqp_link_of(c, NULL);
	struct mqs_amqp_job *job;
	int rc, refused;

	mqs_amqp_lock(c);
	if ((job = c->job) != NULL)
		job->running = 1;
	mqs_amqp_unlock(c);
	if (job == NULL)
		return MQS_NOTHING;
	rc = job->fn(job->arg, &link, &job->error);
	refused = mqs_amqp_refused(c, &job->refusals, rc, &job->error);
	amqp_maybe_release_buffers_on_channel(c->state, MQS_AMQP_JOB_CHANNEL);
	mqs_amqp_lock(c);
	job->running = 0;
	if (rc == MQS_AMQP_LOST && err != NULL)
		*err = job->error;
	if (rc != MQS_AMQP_LOST || refused) {
		job->rc = refused ? job->error.code : rc;
		job->done = 1;
		c->job = NULL;
	}
	mqs_amqp_wake(c->told_fd);
	mqs_amqp_unlock(c);
	return rc == MQS_AMQP_LOST ? rc : MQS_OK;
}

/* ---------------------------------------------------------- reading -- */

/* Reads what has come.  *more: there may be more. */
static int
read_frames(struct mqs_amqp_connection *c, int *more, struct mqs_error *err)
{
	const struct timeval now = { 0, 0 };
	amqp_frame_t frame;
	int i, status, rc;

	*more = 0;
	for (i = 0; i < FRAMES; i++) {
		status = amqp_simple_wait_frame_noblock(c->state, &frame, &now);
		if (status == AMQP_STATUS_TIMEOUT)
			return MQS_OK;
		if (status != AMQP_STATUS_OK)
			return mqs_amqp_fail_status(err, "connection", status);
		if ((rc = mqs_amqp_frame(c, &frame, err)) != MQS_OK)
			return rc;
	}
	*more = 1;
	return MQS_OK;
}

/* Waits until something can be done. */
static void
wait_for_work(struct mqs_amqp_connection *c, int sending)
{
	struct pollfd polled[2] = {
		{ .fd = c->fd, .events = (short)(sending ? POLLIN | POLLOUT : POLLIN) },
		{ .fd = c->wake_fd, .events = POLLIN }
	};

	if (poll(polled, 2, LOOK_MS) > 0 && polled[1].revents != 0)
		mqs_amqp_unwake(c->wake_fd);
}

static int
has_work(struct mqs_amqp_connection *c, int *quit)
{
	struct mqs_amqp_channel *ch;
	int work;

	mqs_amqp_lock(c);
	*quit = c->quit;
	work = *quit || c->job != NULL;
	for (ch = c->channels; ch != NULL; ch = ch->next)
		if (ch->phase == MQS_AMQP_OPENING || ch->phase == MQS_AMQP_CLOSING)
			work = 1;
	mqs_amqp_unlock(c);
	return work;
}

static void
set_patience(struct mqs_amqp_connection *c, int64_t patience)
{
	struct timeval most = { 0 };

	c->patience = patience < ANSWER_MOST ? patience : ANSWER_MOST;
	most.tv_sec = c->patience / MQS_SECOND;
	(void)amqp_set_rpc_timeout(c->state, &most);	/* without memory it waits for ever */
}

/* Opens and closes channels, runs jobs: MQS_NOTHING if there are none. */
static int
do_work(struct mqs_amqp_connection *c, struct mqs_error *err)
{
	const int64_t least = ANSWER_BEATS * c->configuration->heartbeat * MQS_SECOND;
	const int64_t began = mqs_boottime();
	int rc;

	set_patience(c, c->patience == 0 ? least : c->patience);
	if ((rc = mqs_amqp_change_channel(c, err)) == MQS_NOTHING)
		rc = run_job(c, err);
	if (rc == MQS_AMQP_LOST && mqs_boottime() - began >= c->patience)
		c->patience *= 2;
	else if (rc == MQS_OK)
		c->patience = least;
	return rc;
}

/*
 * Whether the broker owes a channel an answer, and has sent nothing there for too long: MQS_AMQP_LOST.
 * Under an alarm, what asks waits here as well as there.
 */
static int
look_for_answers(struct mqs_amqp_connection *c, struct mqs_error *err)
{
	const int64_t now = mqs_boottime();
	struct mqs_amqp_channel *ch;
	int rc = MQS_OK;

	mqs_amqp_lock(c);
	for (ch = c->channels; ch != NULL; ch = ch->next)
		if (ch->questions > 0 && c->blocked)
			ch->heard = now;
		else if (ch->questions > 0 && now - ch->heard >= c->patience)
			rc = mqs_fail(err, MQS_AMQP_LOST, "connection: no answer for %d s",
			    (int)((now - ch->heard) / MQS_SECOND));
	mqs_amqp_unlock(c);
	if (rc != MQS_OK)
		c->patience *= 2;
	return rc;
}

/* Works until the connection is lost (MQS_AMQP_LOST), or the caller ends it (MQS_EINTR). */
static int
serve(struct mqs_amqp_connection *c, struct mqs_error *err)
{
	int quit, more, rc, sending;

	for (;;) {
		if (has_work(c, &quit)) {
			if ((rc = do_work(c, err)) == MQS_NOTHING && quit)
				return MQS_EINTR;
			if (rc != MQS_OK && rc != MQS_NOTHING)
				return rc;
		}
		if ((rc = read_frames(c, &more, err)) != MQS_OK ||
		    (!more && (rc = look_for_answers(c, err)) != MQS_OK))
			return rc;
		rc = mqs_amqp_send_bursts(c, err);
		if (rc != MQS_OK && rc != MQS_NOTHING)
			return rc;
		sending = rc == MQS_OK;
		if (!more && !has_work(c, &quit))
			wait_for_work(c, sending);
	}
}

/* ------------------------------------------------------- connections -- */

static void
read_version(struct mqs_amqp_connection *c)
{
	const amqp_table_t *properties = amqp_get_server_properties(c->state);
	int i;

	c->version[0] = '\0';
	for (i = 0; i < properties->num_entries; i++) {
		const amqp_table_entry_t *e = &properties->entries[i];

		if (mqs_amqp_bytes_are(e->key, "version") &&
		    e->value.kind == AMQP_FIELD_KIND_UTF8)
			(void)snprintf(c->version, sizeof(c->version), "%.*s",
			    (int)e->value.value.bytes.len, (const char *)e->value.value.bytes.bytes);
	}
}

/* The connection stands: the caller may see it. */
static void
begin(struct mqs_amqp_connection *c)
{
	mqs_amqp_lock(c);
	c->fd = amqp_get_sockfd(c->state);
	c->began = mqs_boottime();
	c->epoch++;
	c->blocked = 0;
	read_version(c);
	if (c->ever && !c->untold)
		mqs_amqp_note(c, "%s: connected again", c->address->hosts[c->host].shown);
	c->ever = 1;
	c->untold = 0;
	mqs_amqp_wake(c->told_fd);
	mqs_amqp_unlock(c);
}

/* An error's text without its object, which says nothing here. */
static const char *
reason(const struct mqs_error *why)
{
	const char *colon = strstr(why->text, ": ");

	return colon == NULL ? why->text : colon + 2;
}

/* The connection is gone: channels are to be opened anew. */
static void
end(struct mqs_amqp_connection *c, const struct mqs_error *why)
{
	struct mqs_amqp_channel *ch;
	amqp_connection_state_t state = c->state;

	mqs_amqp_lock(c);
	if (why != NULL && c->ever && !c->untold)
		mqs_amqp_note(c, "%s: connection lost: %s; connecting again",
		    c->address->hosts[c->host].shown, reason(why));
	c->fd = -1;
	c->state = NULL;
	for (ch = c->channels; ch != NULL; ch = ch->next) {
		mqs_amqp_assembly_reset(&ch->in);
		ch->rest_n = 0;
		ch->close_number = 0;
		ch->questions = 0;
		ch->begun = 0;
		if (ch->phase != MQS_AMQP_OPEN)
			continue;
		ch->phase = MQS_AMQP_OPENING;
		if (ch->events->lost != NULL)
			ch->events->lost(ch->arg);
		mqs_amqp_wake(ch->fd);
	}
	mqs_amqp_wake(c->told_fd);
	mqs_amqp_unlock(c);
	(void)amqp_destroy_connection(state);
}

static void
fail(struct mqs_amqp_connection *c, const struct mqs_error *why)
{
	struct mqs_amqp_channel *ch;

	mqs_amqp_lock(c);
	if (why->code != MQS_EINTR)
		c->failed = *why;
	for (ch = c->channels; ch != NULL; ch = ch->next)
		mqs_amqp_wake(ch->fd);
	mqs_amqp_wake(c->told_fd);
	mqs_amqp_unlock(c);
}

void
mqs_amqp_thread(struct mqs_amqp_connection *c)
{
	struct mqs_error why;
	int rc;

	for (;;) {
		memset(&why, 0, sizeof(why));
		if (mqs_amqp_reconnect(c, &why) != MQS_OK) {
			fail(c, &why);
			return;
		}
		begin(c);
		rc = serve(c, &why);
		if (rc == MQS_EINTR) {
			(void)amqp_connection_close(c->state, AMQP_REPLY_SUCCESS);
			end(c, NULL);
			return;
		}
		end(c, &why);
	}
}
