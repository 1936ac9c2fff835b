/*
 * schema_checker.c - see schema_checker.h
 *
 * One loop sends bodies and receives verdicts, whichever the socket is ready for, so
 * neither side waits for the other with a full buffer.  Nothing is copied but the bodies
 * that are files.  The verdicts come in the order of the bodies.
 *
 * The program hangs if neither a byte is taken nor one comes for PATIENCE, and a second for
 * each MiB that it was given and has not judged: a large body takes its time.
 */
#include <sys/socket.h>
#include <sys/uio.h>

#include <errno.h>
#include <poll.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>
#include <unistd.h>

#include "base/bytes.h"
#include "base/clock.h"
#include "base/error.h"
#include "base/interrupted.h"
#include "embedded/schema_checker.h"
#include "embedded/schema_process.h"

#define PATIENCE	(10 * MQS_SECOND)
#define HEAD		8		/* bytes of a body's length, before it */
#define VERDICT_HEAD	4
#define VERDICT_MAX	8300		/* two texts of 4,096 bytes, and what is around them */
#define AT_ONCE		256		/* bodies in one system call */
#define CHUNK		(64 * 1024)	/* of a body that is a file */
#define WHY_MAX		400		/* an error has room for that and a name */
#define POINTER_MAX	160

struct mqs_schema_checker {
	struct mqs_schema_process process;
	const struct mqs_options *options;	/* the spool's */
	char		*queue;
	unsigned char	 in[VERDICT_HEAD + VERDICT_MAX];	/* verdicts that came */
	size_t		 in_n;
	char		*chunk;		/* of a body that is a file; NULL until there is one */
};

/* A call of mqs_schema_check. */
struct checking {
	mqs_schema_body_fn *body;
	mqs_schema_broken_fn *broken;	/* NULL once it has said stop */
	void		*arg;
	size_t		 n;
	size_t		 sent;		/* bodies that are wholly on their way */
	uint64_t	 part;		/* bytes of the next one that are, with its head */
	size_t		 judged;
	uint64_t	 owed;		/* bytes on their way since the last verdict */
	int64_t		 moved;		/* mqs_boottime of the last byte, either way */
	int		 rc;		/* what `broken' returned */
};

/* ------------------------------------------------------------- sending -- */

static int
failed(struct mqs_schema_checker *c, struct mqs_error *err)
{
	if (errno == EPIPE || errno == ECONNRESET)
		return mqs_schema_process_died(&c->process, c->queue, err);
	return mqs_fail_errno(err, "%s: checking its schema", c->queue);
}

/* Sends pieces: how many bytes went, 0 if there is no room, or -1. */
static ssize_t
send_pieces(const struct mqs_schema_checker *c, struct iovec *iov, size_t n)
{
	struct msghdr m = { .msg_iov = iov, .msg_iovlen = n };
	ssize_t done = sendmsg(c->process.fd, &m, MSG_NOSIGNAL | MSG_DONTWAIT);

	return done == -1 && (errno == EAGAIN || errno == EINTR) ? 0 : done;
}

/* Takes note of what went: the rest of a body, then whole bodies, then a part. */
static void
account(struct checking *k, uint64_t done)
{
	uint64_t left;

	k->owed += done;
	if (done > 0)
		k->moved = mqs_boottime();
	while (done > 0) {
		left = HEAD + k->body(k->arg, k->sent).n - k->part;
		if (done < left) {
			k->part += done;
			return;
		}
		done -= left;
		k->part = 0;
		k->sent++;
	}
}

/* Sends a part of a body that is a file, with its head where that has not gone yet. */
static int
send_file(struct mqs_schema_checker *c, struct checking *k, const struct mqs_schema_body *b,
    struct mqs_error *err)
{
	unsigned char head[HEAD];
	struct iovec iov[2];
	uint64_t at = k->part > HEAD ? k->part - HEAD : 0;
	size_t skip = k->part < HEAD ? (size_t)k->part : HEAD;
	ssize_t got = 0;

	if (c->chunk == NULL && (c->chunk = malloc(CHUNK)) == NULL)
		return mqs_fail_errno(err, "%s: checking its schema", c->queue);
	if (at < b->n) {
		got = pread(b->fd, c->chunk, b->n - at < CHUNK ? (size_t)(b->n - at) : CHUNK,
		    (off_t)at);
		if (got <= 0)
			return got == 0 ? mqs_fail(err, MQS_EIO, "%s: body of a message is cut "
			    "short", c->queue) :
			    mqs_fail_errno(err, "%s: body of a message", c->queue);
	}
	mqs_put_le64(head, b->n);
	iov[0] = (struct iovec){ head + skip, HEAD - skip };
	iov[1] = (struct iovec){ c->chunk, (size_t)got };
	if ((got = send_pieces(c, iov, 2)) == -1)
		return failed(c, err);
	account(k, (uint64_t)got);
	return MQS_OK;
}

/* Sends as many bodies as there is room for. */
static int
send_some(struct mqs_schema_checker *c, struct checking *k, struct mqs_error *err)
{
	unsigned char heads[AT_ONCE][HEAD];
	struct iovec iov[2 * AT_ONCE];
	struct mqs_schema_body b = k->body(k->arg, k->sent);
	uint64_t skip = k->part;
	size_t i, n = 0, cut;
	ssize_t done;

	if (b.p == NULL && b.n > 0)
		return send_file(c, k, &b, err);
	for (i = 0; i < AT_ONCE && k->sent + i < k->n; i++) {
		b = k->body(k->arg, k->sent + i);
		if (b.p == NULL && b.n > 0)
			break;
		mqs_put_le64(heads[i], b.n);
		cut = skip < HEAD ? (size_t)skip : HEAD;
		iov[n++] = (struct iovec){ heads[i] + cut, HEAD - cut };
		skip -= cut;
		if (b.n > 0)
			iov[n++] = (struct iovec){ (char *)(uintptr_t)b.p + skip,
			    (size_t)(b.n - skip) };
		skip = 0;
	}
	if ((done = send_pieces(c, iov, n)) == -1)
		return failed(c, err);
	account(k, (uint64_t)done);
	return MQS_OK;
}

/* ----------------------------------------------------------- verdicts -- */

static int
nonsense(const struct mqs_schema_checker *c, struct mqs_error *err)
{
	return mqs_fail(err, MQS_ESYSTEM, "%s: its schema can't be checked: mq-schema does not "
	    "answer as it should (is it of another version?)", c->queue);
}

/*
 * Makes a sentence of a verdict: `letter' says which, `pointer' where, `text' what was
 * expected, or why.  The schema itself has no `breaks'.
 */
static int
tell(char why[WHY_MAX], char letter, const char *pointer, const char *text)
{
	const char *more = strlen(pointer) > POINTER_MAX ? "..." : "";

	switch (letter) {
	case 'J':
		(void)snprintf(why, WHY_MAX, "is no JSON: %s", text);
		return 0;
	case 'S':
		(void)snprintf(why, WHY_MAX, "is no JSON Schema: %.*s%s%sexpected %s", POINTER_MAX,
		    pointer, more, pointer[0] != '\0' ? ": " : "", text);
		return 0;
	case 'B':
		(void)snprintf(why, WHY_MAX, "breaks the schema%s%.*s%s: expected %s",
		    pointer[0] != '\0' ? " at " : "", POINTER_MAX, pointer, more, text);
		return 0;
	default:
		return -1;
	}
}

/* Takes one verdict of n bytes. */
static int
take_verdict(struct mqs_schema_checker *c, struct checking *k, const char *verdict, size_t n,
    struct mqs_error *err)
{
	char text[VERDICT_MAX + 1], why[WHY_MAX];
	const char *nul;
	size_t i;

	if (k->judged == k->sent)
		return nonsense(c, err);
	i = k->judged++;
	k->owed = 0;
	if (n == 0)
		return MQS_OK;
	memcpy(text, verdict, n);
	text[n] = '\0';
	if ((nul = memchr(text + 1, '\0', n - 1)) == NULL)
		return nonsense(c, err);
	if (text[0] == 'F')
		return mqs_fail(err, MQS_ESYSTEM, "%s: its schema can't be checked: mq-schema: "
		    "%.200s", c->queue, nul + 1);
	if (tell(why, text[0], text + 1, nul + 1) == -1)
		return nonsense(c, err);
	if (k->broken != NULL && (k->rc = k->broken(k->arg, i, why)) != 0)
		k->broken = NULL;
	return k->rc < 0 ? k->rc : MQS_OK;
}

/* Receives what there is. */
static int
receive_some(struct mqs_schema_checker *c, struct checking *k, struct mqs_error *err)
{
	ssize_t got = recv(c->process.fd, c->in + c->in_n, sizeof(c->in) - c->in_n, MSG_DONTWAIT);
	size_t at = 0, n;
	int rc;

	if (got == -1 && (errno == EAGAIN || errno == EINTR))
		return MQS_OK;
	if (got == -1)
		return failed(c, err);
	if (got == 0)
		return mqs_schema_process_died(&c->process, c->queue, err);
	c->in_n += (size_t)got;
	k->moved = mqs_boottime();
	while (c->in_n - at >= VERDICT_HEAD) {
		n = mqs_get_le32(c->in + at);
		if (n > VERDICT_MAX || (n > 0 && n < 2))
			return nonsense(c, err);
		if (c->in_n - at - VERDICT_HEAD < n)
			break;
		if ((rc = take_verdict(c, k, (char *)c->in + at + VERDICT_HEAD, n, err)) != MQS_OK)
			return rc;
		at += VERDICT_HEAD + n;
	}
	c->in_n -= at;
	memmove(c->in, c->in + at, c->in_n);
	return MQS_OK;
}

/* ------------------------------------------------------------ the loop -- */

/* Waits for the socket; MQS_ESYSTEM if the program hangs. */
static int
wait_for_socket(struct mqs_schema_checker *c, const struct checking *k, short *events,
    struct mqs_error *err)
{
	struct pollfd p = { .fd = c->process.fd, .events = *events };
	const int64_t patience = PATIENCE + (int64_t)(k->owed >> 20) * MQS_SECOND;

	*events = 0;
	if (mqs_interrupted(c->options))
		return mqs_fail(err, MQS_EINTR, "%s: interrupted while checking its schema",
		    c->queue);
	if (mqs_boottime() - k->moved > patience)
		return mqs_fail(err, MQS_ESYSTEM, "%s: its schema can't be checked: mq-schema did "
		    "not answer for %lld s", c->queue, (long long)(patience / MQS_SECOND));
	if (poll(&p, 1, 1000) == -1 && errno != EINTR)
		return mqs_fail_errno(err, "%s: checking its schema", c->queue);
	*events = p.revents;
	return MQS_OK;
}

int
mqs_schema_check(struct mqs_schema_checker *c, mqs_schema_body_fn *body, size_t n,
    mqs_schema_broken_fn *broken, void *arg, struct mqs_error *err)
{
	struct checking k = { .body = body, .broken = broken, .arg = arg, .n = n,
	    .moved = mqs_boottime() };
	int rc = MQS_OK;
	short events;

	while (k.judged < n && rc == MQS_OK) {
		events = (short)(POLLIN | (k.sent < n ? POLLOUT : 0));
		rc = wait_for_socket(c, &k, &events, err);
		/* What it has said before it died counts. */
		if (rc == MQS_OK && events & (POLLIN | POLLHUP | POLLERR))
			rc = receive_some(c, &k, err);
		if (rc == MQS_OK && events & POLLOUT && k.sent < n)
			rc = send_some(c, &k, err);
	}
	return rc == MQS_OK ? k.rc : rc;
}

/* ------------------------------------------------------ start and end -- */

struct schema_text {
	struct mqs_schema_body	 body;
	char			 why[WHY_MAX];
};

static struct mqs_schema_body
schema_body(void *arg, size_t i)
{
	(void)i;
	return ((struct schema_text *)arg)->body;
}

static int
schema_bad(void *arg, size_t i, const char *why)
{
	(void)i;
	(void)snprintf(((struct schema_text *)arg)->why, WHY_MAX, "%s", why);
	return 1;
}

int
mqs_schema_checker_new(struct mqs_schema_checker **out, const struct mqs_options *options,
    const char *queue, const void *schema, size_t len, struct mqs_error *err)
{
	struct schema_text text = { .body = { .p = schema, .n = len, .fd = -1 } };
	struct mqs_schema_checker *c;
	int rc;

	if ((c = calloc(1, sizeof(*c))) == NULL || (c->queue = strdup(queue)) == NULL) {
		free(c);
		return mqs_fail_errno(err, "%s", queue);
	}
	c->options = options;
	c->process.fd = -1;
	if ((rc = mqs_schema_process_start(&c->process, options, queue, err)) == MQS_OK)
		rc = mqs_schema_check(c, schema_body, 1, schema_bad, &text, err);
	if (rc > 0)
		rc = mqs_fail(err, MQS_EDATA, "%s: the schema %s", queue, text.why);
	if (rc == MQS_OK)
		*out = c;
	else
		mqs_schema_checker_free(c);
	return rc;
}

void
mqs_schema_checker_free(struct mqs_schema_checker *c)
{
	if (c == NULL)
		return;
	mqs_schema_process_end(&c->process);
	free(c->chunk);
	free(c->queue);
	free(c);
}
