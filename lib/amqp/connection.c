/* connection.c - see connection.h: made and freed */
#include <sys/eventfd.h>

#include <errno.h>
#include <signal.h>
#include <stdlib.h>
#include <unistd.h>

#include "amqp/connection_state.h"
#include "base/clock.h"
#include "base/error.h"

/* How long the thread may take to close politely; then its socket is shut down. */
#define POLITE_NS	(MQS_SECOND / 2)
/* How long it may take after that.  One that resolves a name is left to itself. */
#define LEAVE_NS	(2 * MQS_SECOND)
/*
 * The thread's stack, whatever ulimit -s says: librabbitmq reads nested headers by recursion,
 * and a client can nest 26,000 levels in one frame, which take 3 MiB.
 */
#define STACK	((size_t)16 << 20)

/* The last of thread and caller frees. */
static void
leave(struct mqs_amqp_connection *c)
{
	int last;

	mqs_amqp_lock(c);
	last = --c->users == 0;
	mqs_amqp_wake(c->told_fd);
	mqs_amqp_unlock(c);
	if (!last)
		return;
	(void)pthread_mutex_destroy(&c->lock);
	if (c->wake_fd != -1)
		(void)close(c->wake_fd);
	if (c->told_fd != -1)
		(void)close(c->told_fd);
	free(c);
}

static void *
thread_main(void *arg)
{
	struct mqs_amqp_connection *c = arg;

	mqs_amqp_thread(c);
	leave(c);
	return NULL;
}

/* Starts the thread, which takes no signals. */
static int
start_thread(struct mqs_amqp_connection *c)
{
	sigset_t all, before;
	pthread_attr_t attributes;
	int error;

	if ((error = pthread_attr_init(&attributes)) != 0)
		return error;
	(void)sigfillset(&all);
	error = pthread_attr_setstacksize(&attributes, STACK);
	if (error == 0 && (error = pthread_sigmask(SIG_SETMASK, &all, &before)) == 0) {
		error = pthread_create(&c->thread, &attributes, thread_main, c);
		(void)pthread_sigmask(SIG_SETMASK, &before, NULL);
	}
	(void)pthread_attr_destroy(&attributes);
	return error;
}

/* Waits until the first connection stands or has failed. */
static int
await_first(struct mqs_amqp_connection *c, struct mqs_error *err)
{
	int ever, rc;

	for (;;) {
		mqs_amqp_lock(c);
		ever = c->ever;
		mqs_amqp_unlock(c);
		if (ever)
			return MQS_OK;
		if ((rc = mqs_amqp_wait_fd(c, c->told_fd, -1, err)) != MQS_OK)
			return rc;
	}
}

int
mqs_amqp_connect(struct mqs_amqp_connection **out, const struct mqs_amqp_address *address,
    const struct mqs_amqp_configuration *configuration, const struct mqs_options *options,
    struct mqs_error *err)
{
	struct mqs_amqp_connection *c = calloc(1, sizeof(*c));
	int rc;

	if (c == NULL)
		return mqs_fail_errno(err, "connection");
	c->address = address;
	c->configuration = configuration;
	c->options = options;
	c->fd = -1;
	c->users = 1;
	(void)pthread_mutex_init(&c->lock, NULL);
	c->wake_fd = eventfd(0, EFD_CLOEXEC | EFD_NONBLOCK);
	c->told_fd = eventfd(0, EFD_CLOEXEC | EFD_NONBLOCK);
	if (c->wake_fd == -1 || c->told_fd == -1) {
		rc = mqs_fail_errno(err, "connection");
		leave(c);
		return rc;
	}
	c->users = 2;
	if ((errno = start_thread(c)) != 0) {
		rc = mqs_fail_errno(err, "connection: thread");
		c->users = 1;
		leave(c);
		return rc;
	}
	if ((rc = await_first(c, err)) != MQS_OK) {
		mqs_amqp_connection_free(c);
		return rc;
	}
	*out = c;
	return MQS_OK;
}

/* Waits until the thread has ended: 1, or 0 if it has not in time. */
static int
await_end(struct mqs_amqp_connection *c, int64_t ns)
{
	int64_t deadline = mqs_boottime() + ns;
	int users;

	for (;;) {
		mqs_amqp_lock(c);
		users = c->users;
		mqs_amqp_unlock(c);
		if (users == 1)
			return 1;
		if (mqs_boottime() >= deadline)
			return 0;
		mqs_amqp_pause(c);
	}
}

int
mqs_amqp_connection_free(struct mqs_amqp_connection *c)
{
	int ended;

	if (c == NULL)
		return 1;
	mqs_amqp_lock(c);
	c->quit = 1;
	mqs_amqp_unlock(c);
	mqs_amqp_wake(c->wake_fd);
	if (!(ended = await_end(c, POLITE_NS))) {
		mqs_amqp_end(c);
		ended = await_end(c, LEAVE_NS);
	}
	/* What libraries keep for the thread is gone before the process can end; one that hangs
	 * in the network is left to itself. */
	if (ended)
		(void)pthread_join(c->thread, NULL);
	else
		(void)pthread_detach(c->thread);
	mqs_amqp_notices(c);
	leave(c);
	return ended;
}
