/*
 * holding/consume.c - see holding/consume.h
 *
 * What a client asks for is carried out in the next service, not in the one that takes it,
 * as with a broker that has to be told first.
 */
#include <stdio.h>
#include <stdlib.h>
#include <sys/epoll.h>
#include <sys/eventfd.h>
#include <unistd.h>

#include "base/error.h"
#include "engine/settle_socket_server.h"
#include "holding/consume.h"
#include "record/record.h"

#define MESSAGES_MAX	100000

enum state { WAITS, OUT, HANDED_OUT, SETTLED };

struct asked {
	uint64_t	 ticket, seq;
	enum mqs_verb	 verb;
};

struct mqs_consumer {
	struct mqs_handle handle;
	char		 queue[MQS_NAME_MAX + 1], group[MQS_NAME_MAX + 1];
	struct mqs_settle_server *server;
	int		 epoll, news;
	size_t		 most, prefetch, claimed, read, marked, held;
	struct asked	 asked[MESSAGES_MAX];
	size_t		 n_asked;
	char		 states[MESSAGES_MAX];	/* by seq */
	char		 body[32], id[32];
};
struct mqs_run { struct mqs_handle handle; };

static void
on_asked(void *arg, uint64_t ticket, const struct mqs_settlement *how)
{
	struct mqs_consumer *c = arg;
	const uint64_t one = 1;

	if (c->n_asked == MESSAGES_MAX || write(c->news, &one, sizeof(one)) != sizeof(one)) {
		mqs_settle_server_answer(c->server, ticket, MQS_ESYSTEM, "holding: too much");
		return;
	}
	c->asked[c->n_asked++] = (struct asked){ ticket, how->seq, how->verb };
}

static int
watch(struct mqs_consumer *c, int fd)
{
	struct epoll_event event = { .events = EPOLLIN };

	return epoll_ctl(c->epoll, EPOLL_CTL_ADD, fd, &event);
}

int
holding_consumer_open(struct mqs_consumer **out, struct mqs_spool *spool, const char *queue,
    const char *group, const struct mqs_consumer_options *o, struct mqs_error *err)
{
	const char *most = getenv("MQ_HOLDING");
	struct mqs_consumer *c;
	int rc;

	(void)spool;
	record("consumer_open %ld", (long)getpid());
	if ((rc = record_make(&c, sizeof(*c), err)) != MQS_OK)
		return rc;
	(void)snprintf(c->queue, sizeof(c->queue), "%s", queue);
	(void)snprintf(c->group, sizeof(c->group), "%s", group);
	c->most = most == NULL ? 3 : (size_t)atol(most);
	c->prefetch = o->prefetch;
	if ((rc = mqs_settle_server_open(&c->server, on_asked, c, err)) != MQS_OK) {
		free(c);
		return rc;
	}
	if ((c->epoll = epoll_create1(EPOLL_CLOEXEC)) == -1 ||
	    (c->news = eventfd(0, EFD_CLOEXEC | EFD_NONBLOCK)) == -1 ||
	    watch(c, c->news) != 0 || watch(c, mqs_settle_server_fd(c->server)) != 0)
		return mqs_fail_errno(err, "holding");
	*out = c;
	return MQS_OK;
}

int
holding_consumer_claim(struct mqs_consumer *c, size_t max, size_t *count, int *held,
    struct mqs_error *err)
{
	(void)err;
	*count = 0;
	while (max-- > 0 && c->claimed < c->most && c->held < c->prefetch) {
		c->states[c->claimed++] = OUT;
		c->held++;
		++*count;
	}
	if (held != NULL)
		*held = *count == 0 && c->claimed < c->most;
	return *count == 0 ? MQS_NOTHING : MQS_OK;
}

int
holding_consumer_next(struct mqs_consumer *c, struct mqs_message *m, struct mqs_error *err)
{
	static const char *const bodies[] = { "one", "two", "three" };

	(void)err;
	if (c->read == c->claimed)
		return MQS_NOTHING;
	*m = (struct mqs_message)MQS_MESSAGE_INIT;
	(void)snprintf(c->id, sizeof(c->id), "3:%zu", c->read);
	(void)snprintf(c->body, sizeof(c->body), "%zu", c->read + 1);
	m->id = c->id;
	m->body = c->read < 3 ? bodies[c->read] : c->body;
	for (m->body_len = 0; ((const char *)m->body)[m->body_len] != '\0'; m->body_len++)
		continue;
	m->seq = c->read++;
	m->lease = 9;
	m->time = INT64_C(1700000000000000000);
	m->attempt = 1;
	return MQS_OK;
}

void
holding_consumer_rest(struct mqs_consumer *c)
{
	(void)c;
}

/* Settles a delivery: 0, or -1 if it is not out. */
static int
settle(struct mqs_consumer *c, enum mqs_verb verb, uint64_t seq, const char *who)
{
	static const char *const verbs[] = { "", "ack", "retry", "release", "reject", "extend" };

	if (seq >= c->claimed || c->states[seq] == SETTLED)
		return -1;
	record("%s %s %llu", who, verbs[verb], (unsigned long long)seq);
	if (verb == MQS_EXTEND)
		return 0;
	c->states[seq] = SETTLED;
	c->held--;
	return 0;
}

int
holding_consumer_settle(struct mqs_consumer *c, const struct mqs_settlement *s, struct mqs_error *err)
{
	(void)err;
	(void)settle(c, s->verb, s->seq, "consumer");
	return MQS_OK;
}

int
holding_consumer_flush(struct mqs_consumer *c, struct mqs_error *err)
{
	(void)c;
	(void)err;
	return MQS_OK;
}

int
holding_consumer_ack_through(struct mqs_consumer *c, uint64_t seq, uint64_t lease, size_t n,
    struct mqs_error *err)
{
	(void)lease;
	(void)err;
	while (n-- > 0)
		(void)settle(c, MQS_ACK, seq - n, "consumer");
	return MQS_OK;
}

int
holding_consumer_handed_out(struct mqs_consumer *c, size_t n, struct mqs_error *err)
{
	(void)err;
	for (; n > 0 && c->marked < c->read; n--, c->marked++)
		if (c->states[c->marked] == OUT)
			c->states[c->marked] = HANDED_OUT;
	return MQS_OK;
}

size_t
holding_consumer_held(const struct mqs_consumer *c)
{
	return c->held;
}

char *
holding_consumer_receipt(const struct mqs_consumer *c, const struct mqs_message *m,
    char buf[MQS_RECEIPT_SIZE])
{
	return mqs_settle_receipt_format(c->queue, c->group, m->id,
	    mqs_settle_server_token(c->server), m->seq, m->lease, buf);
}

int
holding_consumer_fd(struct mqs_consumer *c)
{
	return c->epoll;
}

int
holding_consumer_service(struct mqs_consumer *c, struct mqs_error *err)
{
	uint64_t news;
	size_t i;

	if (read(c->news, &news, sizeof(news)) == sizeof(news)) {
		for (i = 0; i < c->n_asked; i++)
			mqs_settle_server_answer(c->server, c->asked[i].ticket,
			    settle(c, c->asked[i].verb, c->asked[i].seq, "client") == 0 ?
			    MQS_OK : MQS_ESTALE, NULL);
		c->n_asked = 0;
	}
	return mqs_settle_server_service(c->server, err);
}

/* What was not handed out goes back. */
int
holding_consumer_close(struct mqs_consumer *c, struct mqs_error *err)
{
	size_t i;

	(void)err;
	for (i = 0; i < c->claimed; i++)
		if (c->states[i] == OUT)
			(void)settle(c, MQS_RELEASE, i, "consumer");
	record("consumer_close %ld", (long)getpid());
	return MQS_OK;
}

void
holding_consumer_free(struct mqs_consumer *c)
{
	size_t i;

	for (i = 0; i < c->claimed; i++)
		if (c->states[i] != SETTLED)
			record("back %zu%s", i, c->states[i] == HANDED_OUT ? " handed out" : "");
	mqs_settle_server_free(c->server);
	(void)close(c->news);
	(void)close(c->epoll);
	free(c);
}

int
holding_run_new(struct mqs_run **out, struct mqs_consumer *c, const struct mqs_message *m, int *fd,
    struct mqs_error *err)
{
	(void)c;
	(void)m;
	*fd = -1;
	return record_make(out, sizeof(**out), err);
}

int
holding_run_started(struct mqs_run *run, int64_t pid, struct mqs_error *err)
{
	(void)run;
	(void)pid;
	(void)err;
	return MQS_OK;
}

void
holding_run_free(struct mqs_run *run)
{
	free(run);
}
