/*
 * test_mqspool.c - the library as a caller sees it: mqspool.h and nothing else
 */
#include <sys/wait.h>

#include <ftw.h>
#include <poll.h>
#include <signal.h>
#include <stdlib.h>
#include <unistd.h>

#include "check.h"
#include "mqspool.h"

static char where[] = "/tmp/mq-test-spool.XXXXXX";
static struct mqs_error err;

#define ok(call) check_ok((call), #call, __LINE__)

static int
check_ok(int rc, const char *what, int line)
{
	if (rc == MQS_OK)
		return 1;
	check_failures++;
	printf("# line %d: %s: %d: %s\n", line, what, rc, err.text);
	return 0;
}

static struct mqs_spool *
spool_with(int64_t shift)
{
	struct mqs_options options = {
		.flags = MQS_AUTOCREATE, .clock_shift = shift
	};
	struct mqs_spool *spool;

	if (mqs_spool_open(&spool, where, &options, &err) != MQS_OK) {
		printf("Bail out! %s\n", err.text);
		exit(99);
	}
	return spool;
}

/* What the callback of publishing saw. */
static unsigned published;
static char last_id[MQS_ID_SIZE];

static void
on_published(void *arg, uint64_t tag, int code, const char *id)
{
	(void)arg;
	if (code == MQS_OK && tag == published) {
		published++;
		snprintf(last_id, sizeof(last_id), "%s", id);
	}
}

static void
publish(struct mqs_spool *spool, const char *queue, unsigned n)
{
	const struct mqs_publisher_options options = { .published = on_published };
	struct mqs_message m = MQS_MESSAGE_INIT;
	struct mqs_publisher *p;
	char bodies[64][32];
	unsigned i;

	published = 0;
	if (!ok(mqs_publisher_open(&p, spool, queue, &options, &err)))
		return;
	for (i = 0; i < n; i++) {
		m.body_len = (uint64_t)snprintf(bodies[i % 64], 32, "message %u", i);
		m.body = bodies[i % 64];
		ok(mqs_publisher_send(p, &m, i, &err));
		if (i % 64 == 63)
			ok(mqs_publisher_flush(p, &err));
	}
	ok(mqs_publisher_flush(p, &err));
	check_u64(published, n);
	mqs_publisher_free(p);
}

static struct mqs_consumer *
consumer_of(struct mqs_spool *spool, const char *queue, unsigned flags)
{
	const struct mqs_consumer_options options = { .flags = flags, .prefetch = 100 };
	struct mqs_consumer *c = NULL;

	ok(mqs_consumer_open(&c, spool, queue, "g", &options, &err));
	return c;
}

static void
settle(struct mqs_consumer *c, const struct mqs_message *m, enum mqs_verb verb)
{
	const struct mqs_settlement s = {
		.verb = verb, .seq = m->seq, .lease = m->lease, .delay = -1
	};

	ok(mqs_consumer_settle(c, &s, &err));
}

/* Claims and reads one message: its number, or -1 if there is none. */
static int
one(struct mqs_consumer *c, struct mqs_message *m)
{
	char text[64];
	size_t n;
	int rc;

	rc = mqs_consumer_claim(c, 1, &n, NULL, &err);
	if (rc == MQS_NOTHING)
		return -1;
	if (!ok(rc) || !ok(mqs_consumer_next(c, m, &err)))
		return -2;
	snprintf(text, sizeof(text), "%.*s", (int)m->body_len, (const char *)m->body);
	return atoi(text + strlen("message "));
}

static void
test_round_trip(void)
{
	struct mqs_spool *spool = spool_with(0);
	struct mqs_message m;
	struct mqs_consumer *c;
	size_t n;
	int i;

	publish(spool, "round", 200);
	c = consumer_of(spool, "round", 0);
	for (i = 0; i < 200; i++) {
		if (!check_int(one(c, &m), i))
			break;
		check_u64(m.attempt, 1);
		settle(c, &m, MQS_ACK);
	}
	check_int(mqs_consumer_claim(c, 10, &n, NULL, &err), MQS_NOTHING);
	ok(mqs_consumer_close(c, &err));
	mqs_consumer_free(c);
	mqs_spool_free(spool);
}

static void
test_prefetch(void)
{
	struct mqs_spool *spool = spool_with(0);
	struct mqs_message m;
	struct mqs_consumer *c;
	size_t n, i;
	int held;

	publish(spool, "prefetch", 200);
	c = consumer_of(spool, "prefetch", 0);
	ok(mqs_consumer_claim(c, 1000, &n, &held, &err));
	check_u64(n, 100);
	check_int(mqs_consumer_claim(c, 1000, &n, &held, &err), MQS_NOTHING);
	check_int(held, 1);
	for (i = 0; i < 100; i++) {
		ok(mqs_consumer_next(c, &m, &err));
		settle(c, &m, MQS_ACK);
	}
	check_int(mqs_consumer_next(c, &m, &err), MQS_NOTHING);
	ok(mqs_consumer_claim(c, 1000, &n, &held, &err));
	check_u64(n, 100);
	check_u64(mqs_consumer_held(c), 100);
	ok(mqs_consumer_close(c, &err));
	mqs_consumer_free(c);
	c = consumer_of(spool, "prefetch", 0);
	check_int(one(c, &m), 100);
	check_u64(m.attempt, 1);
	mqs_consumer_free(c);
	mqs_spool_free(spool);
}

static void
test_retry(void)
{
	struct mqs_spool *spool = spool_with(0);
	const char *pairs[] = { "backoff=1h", "max-attempts=2" };
	struct mqs_message m;
	struct mqs_consumer *c;
	size_t n;

	publish(spool, "retry", 2);
	c = consumer_of(spool, "retry", 0);
	ok(mqs_set(spool, "retry", "g", pairs, 2, &err));
	check_int(one(c, &m), 0);
	settle(c, &m, MQS_RETRY);
	check_int(one(c, &m), 1);
	settle(c, &m, MQS_RELEASE);
	check_int(one(c, &m), 1);
	check_u64(m.attempt, 1);
	settle(c, &m, MQS_ACK);
	check_int(mqs_consumer_claim(c, 10, &n, NULL, &err), MQS_NOTHING);
	mqs_consumer_free(c);
	mqs_spool_free(spool);

	spool = spool_with(INT64_C(7200) * 1000000000);
	c = consumer_of(spool, "retry", 0);
	check_int(one(c, &m), 0);
	check_u64(m.attempt, 2);
	settle(c, &m, MQS_RETRY);	/* its last */
	check_int(one(c, &m), -1);
	ok(mqs_consumer_close(c, &err));
	mqs_consumer_free(c);
	mqs_spool_free(spool);

	spool = spool_with(0);
	c = consumer_of(spool, "retry.dead", 0);
	check_int(one(c, &m), 0);
	check(m.headers_len > 0);
	settle(c, &m, MQS_ACK);
	check_int(one(c, &m), -1);
	mqs_consumer_free(c);
	mqs_spool_free(spool);
}

/* In a child: takes everything, marks a run started, dies without a word. */
static void
die_holding(int started)
{
	struct mqs_spool *spool = spool_with(0);
	struct mqs_consumer *c;
	struct mqs_message m;
	struct mqs_run *run;
	size_t n;
	int fd;

	c = consumer_of(spool, "death", 0);
	if (mqs_consumer_claim(c, 10, &n, NULL, &err) != MQS_OK || n != 3 ||
	    mqs_consumer_next(c, &m, &err) != MQS_OK ||
	    mqs_run_new(&run, c, &m, &fd, &err) != MQS_OK)
		_exit(1);
	if (started && mqs_run_started(run, getpid(), &err) != MQS_OK)
		_exit(1);
	kill(getpid(), SIGKILL);
}

static void
test_death(int started, unsigned attempt)
{
	struct mqs_spool *spool;
	struct mqs_message m[3];
	struct mqs_consumer *c;
	int status, i;
	pid_t pid;

	fflush(stdout);
	if ((pid = fork()) == 0) {
		die_holding(started);
		_exit(1);
	}
	check(waitpid(pid, &status, 0) == pid && WIFSIGNALED(status));
	spool = spool_with(0);
	c = consumer_of(spool, "death", 0);
	for (i = 0; i < 3; i++) {
		check_int(one(c, &m[i]), i);
		check_u64(m[i].attempt, i == 0 ? attempt : 1);
	}
	for (i = 0; i < 3; i++)
		settle(c, &m[i], MQS_RELEASE);
	ok(mqs_consumer_close(c, &err));
	mqs_consumer_free(c);
	mqs_spool_free(spool);
}

static void
test_deaths(void)
{
	struct mqs_spool *spool = spool_with(0);

	publish(spool, "death", 3);
	mqs_spool_free(spool);
	test_death(0, 1);
	test_death(1, 2);
	test_death(0, 2);
}

static void
test_large(void)
{
	struct mqs_spool *spool = spool_with(0);
	struct mqs_message m = MQS_MESSAGE_INIT;
	struct mqs_publisher *p;
	struct mqs_reader *r;
	size_t size = 3 << 20;
	char *body = malloc(size), *back = malloc(size);
	int i;

	memset(body, 'b', size);
	ok(mqs_publisher_open(&p, spool, "large", NULL, &err));
	m.body = body;
	m.body_len = size;
	ok(mqs_publisher_send(p, &m, 0, &err));
	m.body = NULL;
	m.body_len = 0;
	ok(mqs_large_new(&m.large, p, &err));
	for (i = 0; i < 3; i++)
		ok(mqs_large_write(m.large, body, (size_t)1 << 20, &err));
	ok(mqs_publisher_send(p, &m, 1, &err));
	ok(mqs_publisher_flush(p, &err));
	mqs_publisher_free(p);
	ok(mqs_reader_open(&r, spool, "large", NULL, NULL, &err));
	for (i = 0; i < 2; i++) {
		ok(mqs_reader_next(r, &m, &err));
		check(m.body == NULL && m.body_fd != -1);
		check_u64(m.body_len, size);
		check_int(pread(m.body_fd, back, size, 0), (int64_t)size);
		check_mem(back, size, body, size);
	}
	check_int(mqs_reader_next(r, &m, &err), MQS_NOTHING);
	mqs_reader_free(r);
	mqs_spool_free(spool);
	free(body);
	free(back);
}

static void
test_wake(void)
{
	struct mqs_spool *spool = spool_with(0);
	struct mqs_message m;
	struct mqs_consumer *c;
	struct pollfd pfd;
	int status, number = -1, i;
	pid_t pid;

	c = consumer_of(spool, "wake", 0);
	check_int(one(c, &m), -1);
	fflush(stdout);
	if ((pid = fork()) == 0) {
		publish(spool_with(0), "wake", 1);
		_exit(published != 1);
	}
	for (i = 0; i < 100 && number == -1; i++) {
		pfd.fd = mqs_consumer_fd(c);
		pfd.events = POLLIN;
		check(poll(&pfd, 1, 10000) == 1);
		ok(mqs_consumer_service(c, &err));
		number = one(c, &m);
	}
	check_int(number, 0);
	check(waitpid(pid, &status, 0) == pid && status == 0);
	mqs_consumer_free(c);
	mqs_spool_free(spool);
}

/* Outcomes of a settler. */
static int settled_code[4];

static void
on_settled(void *arg, uint64_t tag, int code, const char *text)
{
	(void)arg;
	(void)text;
	settled_code[tag] = code;
}

static void
test_receipts(void)
{
	struct mqs_spool *spool = spool_with(0);
	const struct mqs_settlement ack = { .verb = MQS_ACK };
	char receipt[MQS_RECEIPT_SIZE];
	struct mqs_settler *s;
	struct mqs_message m;
	struct mqs_consumer *c;

	publish(spool, "receipts", 1);
	c = consumer_of(spool, "receipts", MQS_MANUAL);
	check_int(one(c, &m), 0);
	mqs_consumer_receipt(c, &m, receipt);
	ok(mqs_consumer_handed_out(c, 1, &err));
	ok(mqs_consumer_close(c, &err));
	mqs_consumer_free(c);
	c = consumer_of(spool, "receipts", 0);
	check_int(one(c, &m), -1);	/* the lease outlives its consumer */

	ok(mqs_settler_open(&s, spool, on_settled, NULL, &err));
	check_int(mqs_settler_add(s, "nonsense", &ack, 0, &err), MQS_EINVAL);
	ok(mqs_settler_add(s, receipt, &ack, 0, &err));
	ok(mqs_settler_add(s, receipt, &ack, 1, &err));
	ok(mqs_settler_add(s, "receipts/g/17.18", &ack, 2, &err));
	ok(mqs_settler_add(s, "nowhere/g/17.18", &ack, 3, &err));
	ok(mqs_settler_flush(s, &err));
	check_int(settled_code[0] + settled_code[1], MQS_ESTALE);
	check_int(settled_code[2], MQS_ESTALE);
	check_int(settled_code[3], MQS_ENOENT);
	mqs_settler_free(s);
	mqs_consumer_free(c);
	mqs_spool_free(spool);
}

static int
count_stat(void *arg, const struct mqs_group_stat *st)
{
	struct mqs_group_stat *out = arg;

	*out = *st;
	return 0;
}

static int
no_queue(void *arg, const struct mqs_queue_stat *st)
{
	(void)arg;
	(void)st;
	return 0;
}

static void
test_stat_purge_trim_check(void)
{
	struct mqs_spool *spool = spool_with(0);
	struct mqs_group_stat st;
	struct mqs_consumer *c;
	struct mqs_message m;
	uint64_t n, messages;
	int i;

	publish(spool, "stat", 50);
	c = consumer_of(spool, "stat", 0);
	for (i = 0; i < 10; i++) {
		check_int(one(c, &m), i);
		if (i < 5)
			settle(c, &m, MQS_ACK);
	}
	ok(mqs_stat(spool, "stat", "g", no_queue, count_stat, &st, &err));
	check_u64(st.depth, 45);
	check_u64(st.leased, 5);
	check_u64(st.ready, 40);
	check_u64(st.acked, 5);
	check_u64(st.consumers, 1);
	ok(mqs_check(spool, "stat", 0, NULL, NULL, &n, &messages, &err));
	check_u64(n, 0);
	check_u64(messages, 50);
	ok(mqs_trim(spool, "stat", &n, &err));
	check_u64(n, 0);
	mqs_consumer_free(c);
	mqs_spool_free(spool);

	/* In eight days, what was settled goes, and what was not stays. */
	spool = spool_with(INT64_C(8) * 86400 * 1000000000);
	ok(mqs_trim(spool, "stat", &n, &err));
	check_u64(n, 5);
	ok(mqs_purge(spool, "stat", "g", &n, &err));
	check_u64(n, 45);
	ok(mqs_check(spool, "stat", 0, NULL, NULL, &n, &messages, &err));
	check_u64(n, 0);
	check_u64(messages, 45);
	ok(mqs_purge(spool, "stat", NULL, &n, &err));
	check_u64(n, 45);
	ok(mqs_delete(spool, "stat", NULL, &err));
	check_int(mqs_stat(spool, "stat", NULL, no_queue, count_stat, &st, &err),
	    MQS_ENOENT);
	mqs_spool_free(spool);
}

static int
remove_one(const char *path, const struct stat *st, int type, struct FTW *ftw)
{
	(void)st;
	(void)type;
	(void)ftw;
	return remove(path);
}

int
main(void)
{
	if (mkdtemp(where) == NULL)
		return 99;
	run_test("publish, consume, acknowledge", test_round_trip);
	run_test("prefetch bounds what is held", test_prefetch);
	run_test("retry, release, dead letter", test_retry);
	run_test("a dead consumer's messages come back", test_deaths);
	run_test("large bodies by descriptor", test_large);
	run_test("publishing wakes a waiting consumer", test_wake);
	run_test("receipts settle once", test_receipts);
	run_test("stat, trim, purge, check, delete", test_stat_purge_trim_check);
	nftw(where, remove_one, 16, FTW_DEPTH | FTW_PHYS);
	return finish_tests();
}
