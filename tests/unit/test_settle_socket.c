/*
 * test_settle_socket.c - settling deliveries of a consumer in another process
 */
#include <sys/stat.h>

#include <dirent.h>
#include <fcntl.h>

#include "base/clock.h"
#include "check.h"
#include "engine/settle_socket_client.h"
#include "settle_consumer.h"

#define MANY	20000

/* What was reported for each tag. */
struct outcomes {
	int		 codes[MANY];
	int		 times[MANY];
	char		 text[MQS_ERROR_TEXT];	/* the last one */
	size_t		 n;
};
static struct outcomes seen;
static struct mqs_settle_client *client;
static struct mqs_error err;
static int stop;

static void
settled(void *arg, uint64_t tag, int code, const char *text)
{
	struct outcomes *o = arg;

	o->codes[tag] = code;
	o->times[tag]++;
	o->n++;
	(void)snprintf(o->text, sizeof(o->text), "%s", text);
}

static int
stops(void *arg)
{
	(void)arg;
	return stop;
}

static void
open_client(void)
{
	static const struct mqs_options options = { .interrupted = stops };

	stop = 0;
	err = (struct mqs_error){ 0 };
	memset(&seen, 0, sizeof(seen));
	must(mqs_settle_client_open(&client, &options, settled, &seen, &err) == MQS_OK);
}

static void
add(const struct test_consumer *c, uint64_t seq, uint64_t tag)
{
	const struct mqs_settlement how = { .verb = MQS_ACK };
	char receipt[MQS_RECEIPT_SIZE];

	must(mqs_settle_client_add(client, receipt_of(c, seq, 5, receipt), &how, tag,
	    &err) == MQS_OK);
}

/* What a flush of one receipt reports, and returns. */
static int
settle_one(const struct test_consumer *c, uint64_t seq, int want)
{
	memset(&seen, 0, sizeof(seen));
	add(c, seq, 0);
	check_int(mqs_settle_client_flush(client, &err), want);
	check_u64(seen.n, 1);
	return seen.codes[0];
}

static size_t
sockets(const char *runtime)
{
	char path[128];
	struct dirent *e;
	size_t n = 0;
	DIR *dir;

	(void)snprintf(path, sizeof(path), "%s/mq", runtime);
	must((dir = opendir(path)) != NULL);
	while ((e = readdir(dir)) != NULL)
		n += e->d_name[0] != '.';
	must(closedir(dir) == 0);
	return n;
}

static void
test_outcomes(void)
{
	const char *runtime = runtime_dir();
	struct test_consumer c;
	char receipt[MQS_RECEIPT_SIZE], want[MQS_ERROR_TEXT];

	start_consumer(&c);
	open_client();
	check_int(settle_one(&c, ANSWER_OK, MQS_OK), MQS_OK);
	check_str(seen.text, "");
	check_int(settle_one(&c, ANSWER_LATER, MQS_OK), MQS_OK);
	check_int(settle_one(&c, ANSWER_STALE, MQS_OK), MQS_ESTALE);
	(void)snprintf(want, sizeof(want), "%s: settled or delivered again meanwhile",
	    receipt_of(&c, ANSWER_STALE, 5, receipt));
	check_str(seen.text, want);
	check_int(settle_one(&c, ANSWER_MISSING, MQS_OK), MQS_ENOENT);
	check_int(settle_one(&c, ANSWER_FULL, MQS_EFULL), MQS_EFULL);
	check_str(seen.text, "q/g: the disk is full");
	check_str(err.text, "q/g: the disk is full");
	check_int(mqs_settle_client_flush(client, &err), MQS_OK);
	check_int(mqs_settle_client_add(client, "q/g/1.2", &(struct mqs_settlement){
	    .verb = MQS_ACK }, 0, &err), MQS_EINVAL);
	mqs_settle_client_free(client);
	end_consumer(&c);
	remove_runtime_dir(runtime);
}

static void
test_what_is_asked(void)
{
	const struct mqs_settlement how = { .verb = MQS_REJECT, .delay = 77,
	    .reason = "bad", .detail = "last words" };
	const char *runtime = runtime_dir();
	char receipt[MQS_RECEIPT_SIZE];
	struct test_consumer c;

	start_consumer(&c);
	open_client();
	receipt_of(&c, ANSWER_DETAILS, 1234567, receipt);
	check_int(mqs_settle_client_add(client, receipt, &how, 0, &err), MQS_OK);
	check_int(mqs_settle_client_flush(client, &err), MQS_OK);
	check_str(seen.text, "4 1234567 77 bad last words");
	check_int(settle_one(&c, ANSWER_DETAILS, MQS_OK), MQS_ESTALE);
	check_str(seen.text, "1 5 0 - -");
	mqs_settle_client_free(client);
	end_consumer(&c);
	remove_runtime_dir(runtime);
}

/* One flush, two consumers, far more than a socket's buffers hold. */
static void
test_many(void)
{
	const char *runtime = runtime_dir();
	struct test_consumer a, b;
	uint64_t i;

	start_consumer(&a);
	start_consumer(&b);
	open_client();
	for (i = 0; i < MANY; i++)
		add(i % 2 == 0 ? &a : &b, i % 3 == 0 ? ANSWER_LATER : ANSWER_STALE, i);
	check_int(mqs_settle_client_flush(client, &err), MQS_OK);
	check_u64(seen.n, MANY);
	for (i = 0; i < MANY; i++)
		if (!check_int(seen.times[i], 1) ||
		    !check_int(seen.codes[i], i % 3 == 0 ? MQS_OK : MQS_ESTALE))
			break;
	mqs_settle_client_free(client);
	end_consumer(&a);
	end_consumer(&b);
	remove_runtime_dir(runtime);
}

static void
test_gone(void)
{
	const char *runtime = runtime_dir();
	struct test_consumer c, next;
	char want[MQS_ERROR_TEXT], receipt[MQS_RECEIPT_SIZE];

	start_consumer(&c);
	open_client();
	check_int(settle_one(&c, ANSWER_OK, MQS_OK), MQS_OK);
	/* It dies in the midst of a flush; what it had answered by then stands. */
	memset(&seen, 0, sizeof(seen));
	add(&c, ANSWER_DIE, 0);
	add(&c, ANSWER_OK, 1);
	check_int(mqs_settle_client_flush(client, &err), MQS_OK);
	check_int(seen.codes[0], MQS_ESTALE);
	check_int(seen.codes[1], MQS_ESTALE);
	(void)snprintf(want, sizeof(want), "%s: its consumer (process %d) is gone: the delivery "
	    "was settled, or the message is delivered again",
	    receipt_of(&c, ANSWER_OK, 5, receipt), (int)c.pid);
	check_str(seen.text, want);
	end_consumer(&c);
	check_int(settle_one(&c, ANSWER_OK, MQS_OK), MQS_ESTALE);
	check_str(seen.text, want);
	check_u64(sockets(runtime), 1);
	/* The next one removes the socket of the dead one, and not those of others. */
	start_consumer(&next);
	check_u64(sockets(runtime), 1);
	start_consumer(&c);
	check_u64(sockets(runtime), 2);
	check_int(settle_one(&next, ANSWER_OK, MQS_OK), MQS_OK);
	check_int(settle_one(&c, ANSWER_OK, MQS_OK), MQS_OK);
	mqs_settle_client_free(client);
	end_consumer(&c);
	end_consumer(&next);
	remove_runtime_dir(runtime);
}

static void
test_ends_in_order(void)
{
	const char *runtime = runtime_dir();
	struct test_consumer c;
	int status = -1;

	start_consumer(&c);
	open_client();
	add(&c, ANSWER_LATER, 0);
	add(&c, ANSWER_END, 1);
	add(&c, ANSWER_NEVER, 2);
	check_int(mqs_settle_client_flush(client, &err), MQS_OK);
	check_int(seen.codes[0], MQS_OK);
	check_int(seen.codes[1], MQS_OK);
	check_int(seen.codes[2], MQS_ESTALE);
	must(waitpid(c.pid, &status, 0) == c.pid);
	check_int(status, 0);
	check_u64(sockets(runtime), 0);
	mqs_settle_client_free(client);
	(void)close(c.notes);
	remove_runtime_dir(runtime);
}

static void
test_silent(void)
{
	const char *runtime = runtime_dir();
	struct test_consumer a, b;

	start_consumer(&a);
	start_consumer(&b);
	open_client();
	mqs_settle_client_patience(client, MQS_SECOND);
	add(&a, ANSWER_OK, 0);
	add(&a, ANSWER_NEVER, 1);
	add(&b, ANSWER_OK, 2);
	check_int(mqs_settle_client_flush(client, &err), MQS_ETIMEOUT);
	check_int(seen.codes[0], MQS_OK);
	check_int(seen.codes[1], MQS_ETIMEOUT);
	check_int(seen.codes[2], MQS_OK);
	check(strstr(err.text, "does not answer") != NULL);
	mqs_settle_client_patience(client, 60 * MQS_SECOND);
	check_int(settle_one(&a, ANSWER_OK, MQS_OK), MQS_OK);
	/* One that is stopped does not even take the connection. */
	must(kill(a.pid, SIGSTOP) == 0);
	mqs_settle_client_patience(client, 30 * MQS_MSEC);
	check_int(settle_one(&a, ANSWER_OK, MQS_ETIMEOUT), MQS_ETIMEOUT);
	mqs_settle_client_patience(client, 60 * MQS_SECOND);
	must(kill(a.pid, SIGCONT) == 0);
	check_int(settle_one(&a, ANSWER_OK, MQS_OK), MQS_OK);
	mqs_settle_client_free(client);
	end_consumer(&a);
	end_consumer(&b);
	remove_runtime_dir(runtime);
}

static void
test_interrupted(void)
{
	const char *runtime = runtime_dir();
	struct test_consumer c;

	start_consumer(&c);
	open_client();
	stop = 1;
	check_int(settle_one(&c, ANSWER_NEVER, MQS_EINTR), MQS_EINTR);
	stop = 0;
	check_int(settle_one(&c, ANSWER_OK, MQS_OK), MQS_OK);
	mqs_settle_client_free(client);
	end_consumer(&c);
	remove_runtime_dir(runtime);
}

int
main(void)
{
	run_test("outcomes, and their texts", test_outcomes);
	run_test("what is asked for arrives", test_what_is_asked);
	run_test("many at once, of two consumers", test_many);
	run_test("a consumer that is gone", test_gone);
	run_test("a consumer that ends answers what it has done", test_ends_in_order);
	run_test("a consumer that does not answer", test_silent);
	run_test("a signal ends a flush", test_interrupted);
	return finish_tests();
}
