/*
 * sub/command_batch.c - mq-sub --batch: several messages to one run of the command
 *
 * All claimed messages, up to the number of --batch, are written one after the other
 * into an unnamed file, framed as the options say.  The file becomes the command's
 * stdin, so it is complete before the command starts.  Each message has a slot in the
 * owner file, and one lock, that of the run, covers all slots: when mq-sub is killed,
 * each message is treated as the message of a single run would be.  The command's status
 * settles all of them.
 *
 * A damaged message ends the batch before it.  The next batch begins with the damaged
 * message, and mq-sub ends with an error.
 */
#include <stdlib.h>
#include <unistd.h>

#include "base/error.h"
#include "common/printer.h"
#include "common/temporary_file.h"
#include "sub/command_batch.h"
#include "sub/command_pool.h"
#include "sub/consumer.h"
#include "sub/handler.h"
#include "sub/handler_env.h"
#include "sub/sub.h"

#define FLUSH_BYTES	((size_t)64 * 1024)

static int
write_one(struct sub *s, struct printer *out, const struct mqs_message *m,
    struct mqs_error *err)
{
	char receipt[MQS_RECEIPT_SIZE];
	const struct mqs_envelope_place place = { .queue = s->queue, .queue_uuid = s->queue_uuid, .group = s->group,
	    .receipt = mqs_consumer_receipt(s->consumer, m, receipt) };
	int rc;

	if ((rc = print_message(out, m, &place, err)) != MQS_OK)
		return rc;
	return out->buf.n >= FLUSH_BYTES ? printer_flush(out, err) : MQS_OK;
}

/* Adds a message: its slot first, so that it is never there without one. */
static int
add(struct pool *p, struct printer *out, const struct mqs_message *m,
    struct mqs_error *err)
{
	struct handler *h = &p->next;
	struct sub *s = p->sub;
	int rc;

	rc = h->count == 0 ?
	    mqs_run_new(&h->run, s->consumer, m, &h->run_fd, err) :
	    mqs_run_add(h->run, m, err);
	if (rc != MQS_OK)
		return rc;
	h->more[h->count++] = (struct delivered){ m->seq, m->lease };
	return write_one(s, out, m, err);
}

static int
fill(struct pool *p, struct printer *out, const struct mqs_message *first,
    struct mqs_error *err)
{
	struct mqs_message m = *first;
	struct sub *s = p->sub;
	int rc;

	p->next.count = 0;
	do
		rc = add(p, out, &m, err);
	while (rc == MQS_OK && p->next.count < s->batch && s->unread > 0 &&
	    (rc = sub_next(s, &m, err)) == MQS_OK);
	if (rc == MQS_NOTHING)		/* the rest was removed meanwhile */
		rc = MQS_OK;
	if (rc == MQS_EDAMAGED && p->next.count > 0)
		rc = MQS_OK;
	return rc == MQS_OK ? printer_flush(out, err) : rc;
}

int
command_batch_prepare(struct pool *p, const struct mqs_message *m, struct mqs_error *err)
{
	struct handler *h = &p->next;
	struct sub *s = p->sub;
	struct printer out = s->printer;
	int rc, file;

	out.buf = (struct mqs_buf){ 0 };
	if ((h->more = calloc(s->batch, sizeof(*h->more))) == NULL)
		return mqs_fail_errno(err, "%s", s->command[0]);
	if ((rc = temporary_file_open(&file, err)) != MQS_OK)
		return rc;
	out.fd = file;
	if ((rc = fill(p, &out, m, err)) == MQS_OK &&
	    (rc = handler_describe_batch(&p->command, s->queue, s->group, h->count,
	    err)) == MQS_OK)
		rc = temporary_file_reopen(&h->body, file, err);
	mqs_buf_free(&out.buf);
	(void)close(file);
	return rc;
}

int
command_batch_settle(struct sub *s, const struct handler *h, struct mqs_settlement *how,
    struct mqs_error *err)
{
	size_t i;
	int rc;

	if (h->more == NULL)
		return sub_settle(s, how, err);
	for (i = 0; i < h->count; i++) {
		how->seq = h->more[i].seq;
		how->lease = h->more[i].lease;
		if ((rc = sub_settle(s, how, err)) != MQS_OK)
			return rc;
	}
	return MQS_OK;
}
