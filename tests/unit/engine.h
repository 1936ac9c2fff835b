/*
 * engine.h - a spool of its own for each test of the engine, and short ways to use it
 *
 *	start();
 *	ok(publish("queue", "body"));
 *	c = take("queue", &m);
 *	settle(c, &m, MQS_ACK);
 *	finish();
 */
#ifndef MQ_TESTS_ENGINE_H
#define MQ_TESTS_ENGINE_H

#include "base/clock.h"
#include "check.h"
#include "embedded/consume_collect.h"
#include "embedded/queue/group_page.h"
#include "embedded/queue/group_state.h"
#include "embedded/settle.h"
#include "tree.h"

static char where[64];
static struct mqs_error err;
static struct mqs_spool *spool;

#define ok(call) ok_at((call), #call, __LINE__)

static inline int
ok_at(int rc, const char *what, int line)
{
	if (rc == MQS_OK)
		return 1;
	check_failures++;
	printf("# line %d: %s: %d: %s\n", line, what, rc, err.text);
	return 0;
}

static inline struct mqs_spool *
open_spool(void)
{
	const struct mqs_options options = { .flags = MQS_AUTOCREATE };
	struct mqs_spool *s;

	must(mqs_spool_open(&s, where, &options, &err) == MQS_OK);
	return s;
}

static inline void
start(void)
{
	snprintf(where, sizeof(where), "/tmp/mq-test-engine.XXXXXX");
	must(mkdtemp(where) != NULL);
	spool = open_spool();
}

static inline void
finish(void)
{
	mqs_spool_free(spool);
	(void)nftw(where, tree_remove, 16, FTW_DEPTH | FTW_PHYS);
}

static inline int
publish_message(const char *queue, struct mqs_message *m)
{
	struct mqs_publisher *p;
	int rc;

	must(mqs_publisher_open(&p, spool, queue, NULL, &err) == MQS_OK);
	if ((rc = mqs_publisher_send(p, m, 0, &err)) == MQS_OK)
		rc = mqs_publisher_flush(p, &err);
	mqs_publisher_free(p);
	return rc;
}

static inline int
publish(const char *queue, const void *body, size_t n)
{
	struct mqs_message m = MQS_MESSAGE_INIT;

	m.body = body;
	m.body_len = n;
	return publish_message(queue, &m);
}

/* How many messages a queue has. */
static inline uint64_t
count(const char *queue)
{
	struct mqs_reader *r;
	struct mqs_message m;
	uint64_t n = 0;

	if (mqs_reader_open(&r, spool, queue, NULL, NULL, &err) != MQS_OK)
		return 0;
	while (mqs_reader_next(r, &m, &err) == MQS_OK)
		n++;
	mqs_reader_free(r);
	return n;
}

static inline struct mqs_consumer *
consumer(const char *queue)
{
	struct mqs_consumer *c;

	must(mqs_consumer_open(&c, spool, queue, "g", NULL, &err) == MQS_OK);
	return c;
}

/* Claims one message and reads it: MQS_OK or MQS_NOTHING. */
static inline int
next(struct mqs_consumer *c, struct mqs_message *m)
{
	size_t n;
	int rc;

	if ((rc = mqs_consumer_claim(c, 1, &n, NULL, &err)) == MQS_OK)
		rc = mqs_consumer_next(c, m, &err);
	mqs_consumer_rest(c);
	return rc;
}

static inline struct mqs_consumer *
take(const char *queue, struct mqs_message *m)
{
	struct mqs_consumer *c = consumer(queue);

	ok(next(c, m));
	return c;
}

static inline struct mqs_settlement
settlement(const struct mqs_message *m, enum mqs_verb verb)
{
	return (struct mqs_settlement){
		.verb = verb, .seq = m->seq, .lease = m->lease, .delay = -1
	};
}

static inline void
settle(struct mqs_consumer *c, const struct mqs_message *m, enum mqs_verb verb)
{
	const struct mqs_settlement s = settlement(m, verb);

	ok(mqs_consumer_settle(c, &s, &err));
}

/* A hook for commits that counts them and fails the next `commit_failures'. */
static int commits, commit_failures;

static inline int
on_commit(void *arg)
{
	(void)arg;
	commits++;
	if (commit_failures == 0)
		return 0;
	commit_failures--;
	return ENOSPC;
}

static inline void
print_finding(void *arg, const char *text)
{
	(void)arg;
	printf("# %s\n", text);
}

/* That there is nothing wrong with a queue and its groups. */
static inline void
sound(const char *queue)
{
	uint64_t findings, messages;

	ok(mqs_check(spool, queue, 0, print_finding, NULL, &findings, &messages, &err));
	check_u64(findings, 0);
}

/* Files in a queue's owner/. */
static inline int
owner_files(const char *queue)
{
	struct mqs_dir dir = { .path = NULL };
	int n;

	must(asprintf(&dir.path, "%s/%s", where, queue) != -1);
	n = tree_entries(&dir, "owner");
	free(dir.path);
	return n;
}

#endif
