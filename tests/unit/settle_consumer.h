/*
 * settle_consumer.h - a consumer in a process of its own, whose deliveries others settle
 *
 *	runtime_dir();			a directory for sockets, of this test alone
 *	start_consumer(&c);
 *	receipt_of(&c, ANSWER_OK, 0, buf);
 *	...
 *	end_consumer(&c);
 *
 * What it does with a delivery, its seq says.
 */
#ifndef MQ_TESTS_SETTLE_CONSUMER_H
#define MQ_TESTS_SETTLE_CONSUMER_H

#include <sys/resource.h>
#include <sys/wait.h>

#include <errno.h>
#include <poll.h>
#include <signal.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>
#include <unistd.h>

#include "engine/settle_socket_client.h"
#include "engine/settle_socket_server.h"

#define must(condition) do {						\
	if (!(condition)) {						\
		printf("Bail out! %s:%d: %s: %s\n", __FILE__, __LINE__,	\
		    #condition, strerror(errno));			\
		fflush(stdout);						\
		_exit(99);						\
	}								\
} while (0)

enum {
	ANSWER_OK = 1,
	ANSWER_STALE,		/* without a text */
	ANSWER_FULL,		/* with a text */
	ANSWER_MISSING,
	ANSWER_NEVER,
	ANSWER_LATER,		/* after all that came with it, the last one first */
	ANSWER_DETAILS,		/* MQS_ESTALE, the text says what was asked for */
	ANSWER_END,		/* it ends in order, and answers */
	ANSWER_DIE,		/* it is killed, and does not */
	ANSWER_WITH_OK,		/* when ANSWER_OK comes next */
	ANSWER_NOTE		/* as ANSWER_LATER; and a byte goes into the pipe */
};

struct test_consumer {
	pid_t			 pid;
	int			 notes;		/* a byte for each ANSWER_NOTE */
	struct mqs_settle_token	 token;
};

struct consuming {
	struct mqs_settle_server *server;
	uint64_t	 later[200000];
	size_t		 n;
	uint64_t	 waiting;
	int		 waits;
	int		 ending, notes;
};

static inline void
consuming_asked(void *arg, uint64_t ticket, const struct mqs_settlement *how)
{
	struct consuming *c = arg;
	char text[300];

	switch (how->seq) {
	case ANSWER_WITH_OK:
		c->waiting = ticket;
		c->waits = 1;
		break;
	case ANSWER_OK:
		if (c->waits)
			mqs_settle_server_answer(c->server, c->waiting, MQS_OK, NULL);
		c->waits = 0;
		mqs_settle_server_answer(c->server, ticket, MQS_OK, NULL);
		break;
	case ANSWER_STALE:
		mqs_settle_server_answer(c->server, ticket, MQS_ESTALE, NULL);
		break;
	case ANSWER_FULL:
		mqs_settle_server_answer(c->server, ticket, MQS_EFULL, "q/g: the disk is full");
		break;
	case ANSWER_MISSING:
		mqs_settle_server_answer(c->server, ticket, MQS_ENOENT, NULL);
		break;
	case ANSWER_DETAILS:
		(void)snprintf(text, sizeof(text), "%d %llu %lld %s %s", (int)how->verb,
		    (unsigned long long)how->lease, (long long)how->delay,
		    how->reason == NULL ? "-" : how->reason,
		    how->detail == NULL ? "-" : how->detail);
		mqs_settle_server_answer(c->server, ticket, MQS_ESTALE, text);
		break;
	case ANSWER_DIE:
		(void)raise(SIGKILL);
		break;
	case ANSWER_NOTE:
		must(write(c->notes, "n", 1) == 1);
		/* FALLTHROUGH */
	case ANSWER_END:
	case ANSWER_LATER:
		c->ending |= how->seq == ANSWER_END;
		must(c->n < sizeof(c->later) / sizeof(c->later[0]));
		c->later[c->n++] = ticket;
		break;
	}
}

/* The consumer's process: tells its token, and answers until it is killed. */
static inline void
consume(int notes, rlim_t descriptors)
{
	static struct consuming c;
	struct rlimit limit = { descriptors, descriptors };
	struct mqs_settle_token token;
	struct mqs_error err = { 0 };
	struct pollfd fd = { .events = POLLIN };
	uint64_t turns = 0;

	c.notes = notes;
	if (mqs_settle_server_open(&c.server, consuming_asked, &c, &err) != MQS_OK) {
		printf("# %s\n", err.text);
		_exit(1);
	}
	if (descriptors != 0)
		must(setrlimit(RLIMIT_NOFILE, &limit) == 0);
	token = mqs_settle_server_token(c.server);
	must(write(notes, &token, sizeof(token)) == sizeof(token));
	fd.fd = mqs_settle_server_fd(c.server);
	while (!c.ending) {
		must(poll(&fd, 1, -1) == 1);
		must(++turns < 1000000);	/* a descriptor that is readable without a reason */
		must(mqs_settle_server_service(c.server, &err) == MQS_OK);
		while (c.n > 0)
			mqs_settle_server_answer(c.server, c.later[--c.n], MQS_OK, NULL);
	}
	mqs_settle_server_free(c.server);
	_exit(0);
}

/* descriptors: it has no more than that; 0: as many as the test. */
static inline void
start_consumer_with(struct test_consumer *c, rlim_t descriptors)
{
	int fds[2];

	must(pipe(fds) == 0);
	must((c->pid = fork()) != -1);
	if (c->pid == 0) {
		(void)close(fds[0]);
		consume(fds[1], descriptors);
	}
	(void)close(fds[1]);
	c->notes = fds[0];
	must(read(c->notes, &c->token, sizeof(c->token)) == sizeof(c->token));
}

static inline void
start_consumer(struct test_consumer *c)
{
	start_consumer_with(c, 0);
}

/* Kills it, unless it has ended. */
static inline int
end_consumer(struct test_consumer *c)
{
	int status = -1;

	(void)kill(c->pid, SIGKILL);
	must(waitpid(c->pid, &status, 0) == c->pid);
	(void)close(c->notes);
	return status;
}

static inline char *
receipt_of(const struct test_consumer *c, uint64_t seq, uint64_t lease,
    char buf[MQS_RECEIPT_SIZE])
{
	return mqs_settle_receipt_format("q", "g", "id", c->token, seq, lease, buf);
}

static char settled_text[MQS_ERROR_TEXT];	/* the last one that settle_with was told */

static inline void
settled_one(void *arg, uint64_t tag, int code, const char *text)
{
	(void)tag;
	*(int *)arg = code;
	(void)snprintf(settled_text, sizeof(settled_text), "%s", text);
}

/* Settles with a proper client, which is as patient as that: the outcome. */
static inline int
settle_with(const struct test_consumer *c, uint64_t seq, int64_t patience)
{
	const struct mqs_settlement how = { .verb = MQS_ACK };
	struct mqs_settle_client *client;
	struct mqs_error err;
	char receipt[MQS_RECEIPT_SIZE];
	int code = 1;

	must(mqs_settle_client_open(&client, NULL, settled_one, &code, &err) == MQS_OK);
	mqs_settle_client_patience(client, patience);
	must(mqs_settle_client_add(client, receipt_of(c, seq, 5, receipt), &how, 0,
	    &err) == MQS_OK);
	(void)mqs_settle_client_flush(client, &err);
	mqs_settle_client_free(client);
	return code;
}

/* A directory for sockets that is empty; the path of the folder that XDG_RUNTIME_DIR names. */
static inline const char *
runtime_dir(void)
{
	static char path[64];

	(void)snprintf(path, sizeof(path), "%s", "/tmp/mq-test-XXXXXX");
	must(mkdtemp(path) != NULL);
	must(setenv("XDG_RUNTIME_DIR", path, 1) == 0);
	return path;
}

static inline void
remove_runtime_dir(const char *path)
{
	char command[128];

	(void)snprintf(command, sizeof(command), "rm -rf '%s'", path);
	must(system(command) == 0);
}

#endif
