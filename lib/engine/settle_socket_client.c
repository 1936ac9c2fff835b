/*
 * settle_socket_client.c - see settle_socket_client.h
 *
 * A batch (settle_socket_batch.h) is for each consumer that receipts name.  A flush goes on
 * with up to AT_ONCE of them at the same time, so that one that does not answer holds up no
 * others, and returns when every receipt has its outcome: an answer, or what went wrong with
 * its consumer.
 */
#include <errno.h>
#include <poll.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>

#include "base/clock.h"
#include "base/error.h"
#include "base/interrupted.h"
#include "engine/settle_socket_batch.h"
#include "engine/settle_socket_client.h"

#define AT_ONCE		64u
#define KEPT_MAX	16u	/* connections that stay open for the next flush */
#define PATIENCE	(30 * MQS_SECOND)
#define LOOK_EVERY	MQS_SECOND	/* whether the caller wants it to end */

struct mqs_settle_client {
	const struct mqs_options *options;
	mqs_settled_fn		*settled;
	void			*arg;
	int64_t			 patience;
	struct mqs_settle_batch	*batches;
	size_t			 n, cap;
	struct mqs_buf		 receipts;	/* of all batches, each with its NUL */
	struct mqs_error	 worst;		/* of this flush: what is not one receipt's fault */
};

int
mqs_settle_client_open(struct mqs_settle_client **out, const struct mqs_options *options,
    mqs_settled_fn *settled, void *arg, struct mqs_error *err)
{
	struct mqs_settle_client *c;

	if ((c = calloc(1, sizeof(*c))) == NULL)
		return mqs_fail_errno(err, "settling");
	c->options = options;
	c->settled = settled;
	c->arg = arg;
	c->patience = PATIENCE;
	*out = c;
	return MQS_OK;
}

void
mqs_settle_client_patience(struct mqs_settle_client *c, int64_t patience)
{
	c->patience = patience;
}

void
mqs_settle_client_free(struct mqs_settle_client *c)
{
	size_t i;

	if (c == NULL)
		return;
	for (i = 0; i < c->n; i++)
		mqs_settle_batch_free(&c->batches[i]);
	free(c->batches);
	mqs_buf_free(&c->receipts);
	free(c);
}

/* The batch for a consumer.  The last ones are looked at first. */
static struct mqs_settle_batch *
batch_for(struct mqs_settle_client *c, struct mqs_settle_token token)
{
	struct mqs_settle_batch *b;
	size_t i, cap = c->cap == 0 ? 4 : 2 * c->cap;

	for (i = c->n; i-- > 0;)
		if (c->batches[i].token.value == token.value)
			return &c->batches[i];
	if (c->n == c->cap) {
		if ((b = reallocarray(c->batches, cap, sizeof(*b))) == NULL)
			return NULL;
		c->batches = b;
		c->cap = cap;
	}
	b = &c->batches[c->n++];
	*b = (struct mqs_settle_batch){ .token = token, .fd = -1 };
	return b;
}

int
mqs_settle_client_add(struct mqs_settle_client *c, const char *receipt,
    const struct mqs_settlement *settlement, uint64_t tag, struct mqs_error *err)
{
	struct mqs_settlement how = *settlement;
	struct mqs_settle_receipt r;
	struct mqs_settle_batch *b;
	size_t at = c->receipts.n;
	const char *why;

	if (mqs_settle_receipt_parse(receipt, &r, &why) == -1)
		return mqs_fail(err, MQS_EINVAL, "%s: not a receipt: %s", receipt, why);
	how.seq = r.seq;
	how.lease = r.lease;
	if ((b = batch_for(c, r.token)) == NULL ||
	    mqs_buf_add(&c->receipts, receipt, strlen(receipt) + 1) != 0 ||
	    mqs_settle_batch_add(b, at, &how, tag) != 0) {
		c->receipts.n = at;
		return mqs_fail_errno(err, "settling");
	}
	return MQS_OK;
}

/* ----------------------------------------------------------- flushing -- */

/* Reports the outcome for one receipt. */
static void
tell(void *arg, const struct mqs_settle_item *item, int code, const char *text)
{
	struct mqs_settle_client *c = arg;
	const char *receipt = c->receipts.p + item->receipt;
	struct mqs_error e;

	if (code == MQS_OK)
		text = "";
	else if (text[0] != '\0')
		(void)mqs_fail(&e, code, "%s", text);
	else if (code == MQS_ESTALE)
		(void)mqs_fail(&e, code, "%s: settled or delivered again meanwhile", receipt);
	else
		(void)mqs_fail(&e, code, "%s: %s", receipt, mqs_strerror(code));
	if (code != MQS_OK && code != MQS_ESTALE && code != MQS_ENOENT &&
	    c->worst.code == MQS_OK)
		c->worst = e;
	if (c->settled != NULL)
		c->settled(c->arg, item->tag, code, code == MQS_OK ? text : e.text);
}

/* What became of a consumer is the outcome for all of a batch that is not answered. */
static void
tell_rest(struct mqs_settle_client *c, struct mqs_settle_batch *b, const struct mqs_error *why)
{
	struct mqs_error e;
	size_t i;

	for (i = 0; i < b->n; i++) {
		if (b->items[i].answered)
			continue;
		(void)mqs_fail(&e, why->code, "%s: %s%s", c->receipts.p + b->items[i].receipt,
		    why->text, why->code != MQS_ESTALE ? "" :
		    ": the delivery was settled, or the message is delivered again");
		tell(c, &b->items[i], e.code, e.text);
	}
	mqs_settle_batch_disconnect(b);
	b->left = 0;
}

/* Goes on with each batch that has something left, up to AT_ONCE: how many these are. */
static unsigned
go_on(struct mqs_settle_client *c, struct pollfd fds[AT_ONCE], int64_t *wait)
{
	struct mqs_settle_batch *b;
	struct mqs_error e;
	int64_t its;
	unsigned n = 0;

	*wait = LOOK_EVERY;
	for (b = c->batches; b < c->batches + c->n && n < AT_ONCE; b++) {
		if (b->left == 0)
			continue;
		if (mqs_settle_batch_go_on(b, c->patience, tell, c, &e) != MQS_OK)
			tell_rest(c, b, &e);
		if (b->left == 0)
			continue;
		its = mqs_settle_batch_waits(b, c->patience, &fds[n++]);
		if (its < *wait)
			*wait = its;
	}
	return n;
}

/* Forgets the receipts; keeps the connections to a few consumers. */
static void
clear(struct mqs_settle_client *c)
{
	size_t i, n = 0;

	for (i = 0; i < c->n; i++) {
		mqs_settle_batch_clear(&c->batches[i]);
		if (c->batches[i].fd == -1 || n == KEPT_MAX)
			mqs_settle_batch_free(&c->batches[i]);
		else
			c->batches[n++] = c->batches[i];
	}
	c->n = n;
	c->receipts.n = 0;
}

static void
tell_all(struct mqs_settle_client *c, const struct mqs_error *why)
{
	size_t i;

	for (i = 0; i < c->n; i++)
		tell_rest(c, &c->batches[i], why);
}

int
mqs_settle_client_flush(struct mqs_settle_client *c, struct mqs_error *err)
{
	struct pollfd fds[AT_ONCE];
	struct mqs_error e;
	unsigned n;
	int64_t wait;

	c->worst = (struct mqs_error){ .code = MQS_OK };
	while ((n = go_on(c, fds, &wait)) > 0) {
		if (mqs_interrupted(c->options)) {
			(void)mqs_fail(&e, MQS_EINTR, "settling was interrupted");
			tell_all(c, &e);
		} else if (poll(fds, n, (int)((wait + MQS_MSEC - 1) / MQS_MSEC)) < 0 &&
		    errno != EINTR) {
			(void)mqs_fail_errno(&e, "waiting for an answer");
			tell_all(c, &e);
		}
	}
	clear(c);
	if (c->worst.code != MQS_OK && err != NULL)
		*err = c->worst;
	return c->worst.code;
}
