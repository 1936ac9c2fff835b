/* consumer_copies.c - see consumer_copies.h: copies are begun */
#include <sys/epoll.h>
#include <sys/mman.h>

#include <stdio.h>
#include <stdlib.h>
#include <string.h>

#include "amqp/consumer_copies.h"
#include "amqp/consumer_settle.h"
#include "amqp/delay.h"
#include "amqp/delay_topology.h"
#include "amqp/settings_store.h"
#include "base/clock.h"
#include "base/error.h"
#include "base/name.h"
#include "engine/retry.h"

/* ------------------------------------------------------- getting ready -- */

static int
make_delays(void *arg, const struct mqs_amqp_link *link, struct mqs_error *err)
{
	struct mqs_consumer *c = arg;
	const int levels = c->copies->want_delays;
	int rc = c->copies->remake ? mqs_amqp_delays_make(link, levels, err) : MQS_OK;

	return rc != MQS_OK ? rc :
	    mqs_amqp_delays_for_group(link, c->group.queue, c->group.group, levels, err);
}

/* The queue of dead letters is made whoever may make queues: letters must not be lost. */
static int
make_dead(void *arg, const struct mqs_amqp_link *link, struct mqs_error *err)
{
	static const struct mqs_amqp_queue_settings settings = MQS_AMQP_QUEUE_SETTINGS_INIT;
	struct mqs_consumer *c = arg;

	return mqs_amqp_queue_open(link, c->copies->dead_queue, 1, &settings, NULL,
	    &c->copies->made_dead, err);
}

static int
stream_job(void *arg, const struct mqs_amqp_link *link, struct mqs_error *err)
{
	const struct mqs_consumer *c = arg;
	char stream[MQS_AMQP_NAME_SIZE];

	return mqs_amqp_queue_exists(link, mqs_amqp_stream(stream, c->group.queue), NULL, NULL,
	    err);
}

/* Without a stream it could only be lost, so it is tried again for ever. */
static int
look_for_stream(struct mqs_consumer *c, struct mqs_error *err)
{
	int rc = mqs_amqp_run(c->connection, stream_job, c, -1, err);

	c->copies->stays = rc == MQS_OK;
	return rc == MQS_ENOENT ? MQS_OK : rc;
}

static int
new_copies(struct mqs_consumer *c, struct mqs_error *err)
{
	struct mqs_amqp_copies *s = calloc(1, sizeof(*s));

	if (s == NULL)
		return mqs_fail_errno(err, "%s", c->group.name);
	if (!mqs_dead_letter_queue(c->group.queue, c->group.settings.dead_letter, s->dead_queue))
		s->dead_queue[0] = '\0';
	TAILQ_INIT(&s->unsent);
	TAILQ_INIT(&s->sent);
	TAILQ_INIT(&s->done);
	mqs_amqp_ids_init(&s->ids);
	init_amqp_pool(&s->pool, 4096);
	c->copies = s;
	return s->dead_queue[0] == '\0' ? look_for_stream(c, err) : MQS_OK;
}

static int
open_channel(struct mqs_consumer *c, struct mqs_error *err)
{
	struct epoll_event event = { .events = EPOLLIN };
	struct mqs_amqp_channel *channel;
	int rc;

	rc = mqs_amqp_channel_open(&channel, c->connection, &mqs_amqp_copies_events, c, -1, err);
	/* If it was not opened, set_up may have been called nevertheless. */
	c->copies->channel = rc == MQS_OK ? channel : NULL;
	if (rc != MQS_OK)
		return rc;
	if (epoll_ctl(c->epoll, EPOLL_CTL_ADD, mqs_amqp_channel_fd(channel), &event) != 0)
		return mqs_fail_errno(err, "%s: waiting", c->group.name);
	return MQS_OK;
}

/* What copies need: delays always, since a letter that can't be one is tried again. */
int
mqs_amqp_copies_make_ready(struct mqs_consumer *c, int dead, int levels, struct mqs_error *err)
{
	struct mqs_amqp_copies *s = c->copies;
	const char *why;
	int rc;

	if (s->has_delays < levels && !dead) {
		s->want_delays = levels;
		if ((rc = mqs_amqp_run(c->connection, make_delays, c, -1, err)) != MQS_OK)
			return rc;
		s->has_delays = levels;
	}
	if (!s->has_dead && dead) {
		if (mqs_name_check(s->dead_queue, &why) == -1)
			return mqs_fail(err, MQS_ECONFIG, "%s: %s (mq-ctl set %s dead-letter=NAME)",
			    s->dead_queue, why, c->group.queue);
		if ((rc = mqs_amqp_run(c->connection, make_dead, c, -1, err)) != MQS_OK)
			return rc;
		if (s->made_dead)
			mqs_amqp_settings_made(c->connection, s->dead_queue);
		s->has_dead = 1;
	}
	return s->channel == NULL ? open_channel(c, err) : MQS_OK;
}

int
mqs_amqp_copies_end(const struct mqs_consumer *c, const struct mqs_amqp_held *h,
    const struct mqs_settlement *how)
{
	const uint64_t most = c->group.settings.max_attempts;

	return how->verb == MQS_REJECT || (most != 0 && h->attempt >= most);
}

/* 1 if a settling makes a dead letter. */
static int
dies(const struct mqs_consumer *c, const struct mqs_amqp_held *h,
    const struct mqs_settlement *how)
{
	return c->copies->dead_queue[0] != '\0' && mqs_amqp_copies_end(c, h, how);
}

int
mqs_amqp_copies_stay(const struct mqs_consumer *c, const struct mqs_amqp_held *h,
    const struct mqs_settlement *how)
{
	return c->copies->stays && mqs_amqp_copies_end(c, h, how);
}

/* For the longest delay that a settling may ask for.  Should it be another by then: mended. */
static int
levels_for(const struct mqs_consumer *c, const struct mqs_settlement *how)
{
	return mqs_amqp_delay_levels(mqs_amqp_delay_of_retry(how->verb == MQS_RETRY &&
	    how->delay >= 0 ? how->delay : c->group.settings.backoff_max));
}

int
mqs_amqp_copies_ready(struct mqs_consumer *c, const struct mqs_settlement *how,
    struct mqs_error *err)
{
	const struct mqs_amqp_held *h;
	int dead, levels, rc;

	if (c->copies == NULL && (rc = new_copies(c, err)) != MQS_OK)
		return rc;
	mqs_amqp_lock(c->connection);
	levels = levels_for(c, how);
	h = mqs_amqp_lease_generation(how->lease) != c->generation ? NULL :
	    mqs_amqp_deliveries_find(&c->deliveries, how->seq);
	dead = h != NULL && dies(c, h, how);
	if (c->copies->generation != c->generation)	/* the group may be another one by now */
		c->copies->has_delays = 0;
	c->copies->generation = c->generation;
	mqs_amqp_unlock(c->connection);
	return h == NULL ? MQS_OK : mqs_amqp_copies_make_ready(c, dead, levels, err);
}

/* --------------------------------------------------------- beginning -- */

static int
write_death(struct mqs_consumer *c, struct mqs_amqp_copy *k, const struct mqs_amqp_held *h,
    const struct mqs_settlement *how, struct mqs_error *err)
{
	const struct mqs_message none = MQS_MESSAGE_INIT;
	struct mqs_death death = { .queue = c->group.queue, .group = c->group.group,
	    .reason = how->reason, .detail = how->detail, .attempts = h->attempt,
	    .time = mqs_now() };
	struct mqs_amqp_copies *s = c->copies;
	void *properties = NULL;
	int rc;

	recycle_amqp_pool(&c->pool);
	if (amqp_decode_properties(AMQP_BASIC_CLASS, &c->pool, mqs_amqp_held_properties(h),
	    &properties) != AMQP_STATUS_OK)
		return mqs_fail(err, MQS_ESYSTEM, "a message's properties can't be read");
	if ((rc = mqs_amqp_properties_read(&s->incoming, properties, mqs_amqp_held_key(h),
	    err)) != MQS_OK)
		return rc;
	death.id = s->incoming.message.id;
	if (death.id == NULL || *death.id == '\0')
		death.id = "-";
	(void)mqs_amqp_ids_next(&s->ids, death.time, k->id);
	if (mqs_dead_letter_headers(&k->text, &none, &death) == -1)
		return mqs_fail_errno(err, "%s: dead letter", c->group.name);
	return MQS_OK;
}

void
mqs_amqp_copy_free(struct mqs_amqp_copy *k)
{
	if (k->map != NULL)
		(void)munmap(k->map, k->map_len);
	mqs_buf_free(&k->text);
	free(k);
}

static void
add(struct mqs_consumer *c, struct mqs_amqp_copy *k, struct mqs_amqp_held *h)
{
	k->held = h;
	k->generation = h->generation;
	mqs_amqp_consumer_leave_state(c, h);
	mqs_amqp_consumer_enter_state(c, h, MQS_AMQP_COPYING);
	TAILQ_INSERT_TAIL(&c->copies->unsent, k, entry);
	c->copies->pending++;
	mqs_amqp_channel_send_more(c->copies->channel);
}

int64_t
mqs_amqp_copies_delay(const struct mqs_consumer *c, const struct mqs_amqp_held *h,
    const struct mqs_settlement *how)
{
	const struct mqs_amqp_group_settings *s = &c->group.settings;

	return how->verb == MQS_RETRY && how->delay >= 0 ? how->delay :
	    mqs_retry_delay(s->backoff_min, s->backoff_max, h->attempt, arc4random());
}

int
mqs_amqp_copies_begin(struct mqs_consumer *c, struct mqs_amqp_held *h,
    const struct mqs_settlement *how, const uint64_t *ticket, struct mqs_error *err)
{
	struct mqs_amqp_copy *k = calloc(1, sizeof(*k));
	int rc;

	if (k == NULL)
		return mqs_fail_errno(err, "%s", c->group.name);
	k->kind = dies(c, h, how) ? MQS_AMQP_COPY_DEAD : MQS_AMQP_COPY_RETRY;
	k->delay = mqs_amqp_copies_delay(c, h, how);
	if (ticket != NULL) {
		k->asked = 1;
		k->ticket = *ticket;
	}
	if ((rc = mqs_amqp_spill_load(h, err)) != MQS_OK || (k->kind == MQS_AMQP_COPY_DEAD &&
	    (rc = write_death(c, k, h, how, err)) != MQS_OK)) {
		mqs_amqp_copy_free(k);
		return rc;
	}
	add(c, k, h);
	return MQS_OK;
}

int
mqs_amqp_copies_redrive(struct mqs_consumer *c, const struct mqs_message *m,
    const struct mqs_amqp_copy_target *to, struct mqs_error *err)
{
	struct mqs_amqp_copy *k;
	struct mqs_amqp_held *h;
	int rc;

	if ((c->copies == NULL && (rc = new_copies(c, err)) != MQS_OK) ||
	    (c->copies->channel == NULL && (rc = open_channel(c, err)) != MQS_OK))
		return rc;
	if ((k = calloc(1, sizeof(*k))) == NULL ||
	    mqs_buf_add(&k->text, to->queue, strlen(to->queue) + 1) == -1 ||
	    mqs_buf_add(&k->text, to->group, strlen(to->group) + 1) == -1 ||
	    mqs_buf_add(&k->text, to->id, strlen(to->id) + 1) == -1) {
		rc = mqs_fail_errno(err, "%s", c->group.name);
		if (k != NULL)
			mqs_amqp_copy_free(k);
		return rc;
	}
	k->kind = MQS_AMQP_COPY_REDRIVE;
	mqs_amqp_lock(c->connection);
	/* One that was lost meanwhile comes again. */
	if ((h = mqs_amqp_consumer_find(c, m->seq, m->lease)) != NULL)
		add(c, k, h);
	mqs_amqp_unlock(c->connection);
	if (h == NULL)
		mqs_amqp_copy_free(k);
	return MQS_OK;
}
