/*
 * pub/batch.c - messages that mq-pub has collected and not yet published
 *
 * A message is durable when batch_flush returns, not before.  Ids and receipts are
 * printed after that, in the order of the input, up to the first message that is not
 * durable.  So a kill at any moment never leaves a printed id whose message is lost; it may
 * leave durable messages whose ids were not printed.
 *
 * The bytes of messages are borrowed from the input's buffer, or copied to `kept', which
 * each flush empties.  Messages point into `kept', so it has a fixed size and never
 * moves.  Under --atomic its size is the most that one transaction may hold; pages of it
 * that were never written to cost nothing.
 */
#include <errno.h>
#include <limits.h>
#include <poll.h>
#include <stdlib.h>
#include <string.h>
#include <unistd.h>

#include "base/units.h"
#include "common/diagnostics.h"
#include "common/exit_status.h"
#include "common/progress.h"
#include "common/signals.h"
#include "common/suggest_name.h"
#include "pub/batch.h"

#define KEPT_BYTES		(2u << 20)
#define KEPT_BYTES_ATOMIC	(64u << 20)
#define OUT_BYTES		(64u << 10)
#define LAST_WRITES_MS		1000

/* One line for each record that was passed over in place of a message. */
static void
print_passed(struct batch *b, uint64_t n)
{
	for (; n > 0 && !b->out_failed; n--)
		b->out_failed = mqs_buf_add(&b->out, "-\n", 2) != 0;
}

/* So many records were passed over before the message of that number. */
struct passes {
	uint64_t	 number, passed;
};

/*
 * A cluster may store messages behind one that it does not store.  What is printed is in the order of
 * records, so that its place says whose it is, and ends at such a gap.  A record that is bad in itself
 * is passed over, or ends all.
 */
static void
on_published(void *arg, uint64_t number, int code, const char *id)
{
	struct batch *b = arg;
	struct passes p;

	if (code != MQS_OK && code != MQS_EDATA)
		b->gap = 1;
	if (code != MQS_OK || b->gap)
		return;
	while (b->passes_at < b->passes.n) {
		memcpy(&p, b->passes.p + b->passes_at, sizeof(p));
		if (p.number > number)
			break;
		print_passed(b, p.passed);
		b->passes_at += sizeof(p);
	}
	if (mqs_buf_add(&b->out, id, strlen(id)) != 0 || mqs_buf_addc(&b->out, '\n') != 0)
		b->out_failed = 1;
}

static void
on_published_receipt(void *arg, uint64_t number, int code, const char *id)
{
	struct batch *b = arg;

	(void)number;
	(void)id;
	if (code != MQS_OK)
		b->gap = 1;
	else if (!b->gap)
		b->before_gap++;
}

static int
on_refused(void *arg, uint64_t number, const struct mqs_message *m, const char *why)
{
	struct batch *b = arg;

	return refused_record(&b->refused, number, m, why);
}

void
batch_open(struct batch *b, struct mqs_spool *spool, const char *queue)
{
	struct mqs_publisher_options options = {
	    /* Nobody is told an id that nobody asked for. */
	    .published = b->print == PRINT_IDS ? on_published :
	    b->print == PRINT_RECEIPTS ? on_published_receipt : NULL, .arg = b,
	    .flags = (b->mandatory ? MQS_MANDATORY : 0) | (b->mirror ? MQS_MIRROR : 0), .wait = b->wait,
	    .refused = on_refused };
	struct mqs_error err;

	b->queue = queue;
	b->refused.receipts = &b->out;
	if (mqs_publisher_open(&b->publisher, spool, queue, &options, &err) != 0) {
		suggest_name(spool, queue, NULL, &err);
		fail_error(&err);
	}
	if (b->atomic && !b->single && mqs_publisher_atomic(b->publisher, 1, &err) != 0)
		fail_error(&err);
	b->kept_size = b->atomic ? KEPT_BYTES_ATOMIC : KEPT_BYTES;
}

void
batch_expect(struct batch *b, const char *id, const char *key)
{
	struct mqs_error err;

	if (mqs_publisher_expect(b->publisher, id, key, key == NULL ? 0 : strlen(key),
	    &err) != 0)
		fail_error(&err);
}

char *
batch_keep(struct batch *b, const void *p, size_t n)
{
	char *copy;

	if (b->kept == NULL && (b->kept = malloc(b->kept_size)) == NULL)
		fail(STATUS_SYSTEM, "%s: %s", b->queue, strerror(ENOMEM));
	if (n > b->kept_size - b->kept_used)
		return NULL;
	copy = b->kept + b->kept_used;
	if (n > 0)
		memcpy(copy, p, n);
	b->kept_used += n;
	return copy;
}

/* Copies all that *m points to: 0, or -1 if there is no room for it. */
static int
keep_message(struct batch *b, struct mqs_message *m)
{
	size_t room = b->kept_size - b->kept_used;

	if (m->body_len > room ||
	    m->key_len + m->headers_len + m->message_id_len > room - m->body_len)
		return -1;
	m->key = batch_keep(b, m->key, m->key_len);
	m->headers = batch_keep(b, m->headers, m->headers_len);
	if (m->message_id != NULL)
		m->message_id = batch_keep(b, m->message_id, m->message_id_len);
	m->body = batch_keep(b, m->body, (size_t)m->body_len);
	return 0;
}

static size_t
pending(const struct batch *b)
{
	return mqs_publisher_pending(b->publisher, NULL);
}

static void
add_receipt(struct batch *b, const char *receipt)
{
	if (mqs_buf_add(&b->out, receipt, strlen(receipt)) != 0 ||
	    mqs_buf_addc(&b->out, '\n') != 0)
		fail(STATUS_SYSTEM, "%s: %s", b->queue, strerror(ENOMEM));
}

int
batch_add(struct batch *b, const struct mqs_message *m, int keep,
    const char *receipt, struct mqs_error *err)
{
	const struct passes p = { b->number, b->passed_now };
	struct mqs_message copy;
	int code, alone = 0;

	if (keep) {
		copy = *m;
		if (keep_message(b, &copy) == 0)
			m = &copy;
		else if (b->atomic || pending(b))
			return MQS_EBUSY;
		else	/* larger than all of kept: goes by itself */
			alone = 1;
	}
	code = mqs_publisher_send(b->publisher, m, b->number, err);
	if (code == MQS_EBUSY || code == MQS_EDATA)
		return code;
	if (code != MQS_OK)
		batch_fail(b, err);
	if (b->passed_now > 0 && b->print == PRINT_IDS &&
	    mqs_buf_add(&b->passes, &p, sizeof(p)) != 0)
		fail(STATUS_SYSTEM, "%s: %s", b->queue, strerror(ENOMEM));
	b->passed_now = 0;
	/* Before a flush that may put it aside. */
	refused_keep(&b->refused, b->number, b->line, receipt == NULL ? SIZE_MAX : b->out.n);
	if (receipt != NULL)
		add_receipt(b, receipt);
	if (alone)
		batch_flush(b);
	return 0;
}

void
batch_pass_over(struct batch *b, const char *receipt)
{
	b->passed_over++;
	b->passed_now++;
	if (receipt != NULL)
		add_receipt(b, receipt);
	if (b->out.n >= OUT_BYTES && !b->atomic)
		batch_flush(b);
}

/*
 * Waits for room in stdout.  After a signal to stop, not for long: a reader that has
 * stopped reading must not keep us.
 */
static int
wait_for_room(void)
{
	struct pollfd p = { .fd = STDOUT_FILENO, .events = POLLOUT };
	int n;

	if (stopping == 0)
		n = wait_poll(&p, 1, -1);
	else if ((n = poll(&p, 1, LAST_WRITES_MS)) == 0)
		errno = EAGAIN;
	return n > 0 || (n < 0 && errno == EINTR) ? 0 : -1;
}

/* Once asked to stop, writes no more at once than poll(2) has said will fit. */
static int
write_out(const char *p, size_t n)
{
	while (n > 0) {
		size_t part = n;
		ssize_t done;

		if (stopping != 0) {
			if (wait_for_room() != 0)
				return -1;
			part = n < PIPE_BUF ? n : PIPE_BUF;
		}
		done = write(STDOUT_FILENO, p, part);
		if (done < 0 && errno != EINTR &&
		    (errno != EAGAIN || wait_for_room() != 0))
			return -1;
		if (done > 0) {
			p += done;
			n -= (size_t)done;
		}
	}
	return 0;
}

static void
print_out(struct batch *b)
{
	const char *what = b->print == PRINT_IDS ? "ids" : "receipts";

	if (b->out_failed)
		errno = ENOMEM;
	if (b->out_failed || write_out(b->out.p, b->out.n) != 0)
		fail(STATUS_IO, "stdout: %s not written, but %llu message%s %s "
		    "published: %s", what, (unsigned long long)b->published,
		    mqs_plural(b->published), mqs_were(b->published), strerror(errno));
	b->out.n = 0;
}

/*
 * Drops the receipts of messages that were not published after all.  Those of records that
 * were passed over may go as well: what is not settled comes again.
 */
static void
keep_printable(struct batch *b, size_t n)
{
	const char *at = b->out.p, *end = at + b->out.n;

	for (; n > 0 && at < end; n--)
		at = (const char *)memchr(at, '\n', (size_t)(end - at)) + 1;
	b->out.n -= (size_t)(end - at);
}

void
batch_tell_dropped(const struct batch *b)
{
	uint64_t n = mqs_publisher_dropped(b->publisher);

	if (n > 0)
		complain("%s: queue full: %llu message%s that %s not settled %s dropped",
		    b->queue, (unsigned long long)n, mqs_plural(n), mqs_were(n),
		    mqs_were(n));
}

void
batch_flush(struct batch *b)
{
	const size_t n = pending(b);
	struct mqs_error err;
	int failed;

	b->gap = 0;
	b->before_gap = 0;
	failed = n > 0 && mqs_publisher_flush(b->publisher, &err) != 0;
	if (failed && b->print == PRINT_RECEIPTS)
		keep_printable(b, b->before_gap);
	if (!failed && b->print == PRINT_IDS)
		print_passed(b, b->passed_now);
	b->passed_now = 0;
	b->passes.n = b->passes_at = 0;
	b->published += failed ? mqs_publisher_stored(b->publisher) : n - b->refused.count;
	refused_flushed(&b->refused);
	b->kept_used = 0;
	if (b->out.n > 0 || b->out_failed)
		print_out(b);
	if (failed && b->refused.number != 0)
		b->bad(b->bad_arg, b->refused.number, b->refused.why);
	if (failed)
		batch_fail(b, &err);
	progress_tick();
}

void
batch_fail(const struct batch *b, const struct mqs_error *err)
{
	unsigned long long n = b->published;

	batch_tell_dropped(b);
	if (err->code == MQS_EINTR && stopping != 0) {
		complain("%s: stopped by a signal: %llu message%s %s published",
		    b->queue, n, mqs_plural(n), mqs_were(n));
		signal_end(STATUS_AGAIN);
	}
	if (n == 0)
		fail_error(err);
	fail(status_of(err->code), "%s (%llu message%s %s published before)",
	    err->text, n, mqs_plural(n), mqs_were(n));
}

void
batch_close(struct batch *b)
{
	mqs_publisher_free(b->publisher);
	mqs_buf_free(&b->out);
	mqs_buf_free(&b->passes);
	refused_free(&b->refused);
	free(b->kept);
}
