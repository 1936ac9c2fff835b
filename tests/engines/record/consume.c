/* record/consume.c - see record/consume.h */
#include <stdio.h>
#include <stdlib.h>
#include <sys/eventfd.h>
#include <unistd.h>

#include "base/error.h"
#include "record/consume.h"
#include "record/record.h"

struct mqs_consumer { struct mqs_handle handle; size_t claimed, read; int fd; };
struct mqs_run { struct mqs_handle handle; };

int
record_consumer_open(struct mqs_consumer **out, struct mqs_spool *spool, const char *queue,
    const char *group, const struct mqs_consumer_options *o, struct mqs_error *err)
{
	int rc;

	(void)spool;
	record("consumer_open %s/%s flags=%u from=%s bindings=%zu settings=%zu", queue, group,
	    o->flags, record_dash(o->from), o->nbindings, o->nsettings);
	if ((rc = record_make(out, sizeof(**out), err)) != MQS_OK)
		return rc;
	if (((*out)->fd = eventfd(0, EFD_CLOEXEC)) != -1)
		return MQS_OK;
	free(*out);
	return mqs_fail_errno(err, "record");
}

int
record_consumer_claim(struct mqs_consumer *c, size_t max, size_t *count, int *held,
    struct mqs_error *err)
{
	(void)err;
	if (held != NULL)
		*held = 0;
	*count = 0;
	while (max-- > 0 && c->claimed < 2) {
		c->claimed++;
		++*count;
	}
	return *count == 0 ? MQS_NOTHING : MQS_OK;
}

int
record_consumer_next(struct mqs_consumer *c, struct mqs_message *m, struct mqs_error *err)
{
	(void)err;
	if (c->read == c->claimed)
		return MQS_NOTHING;
	record_give(m, c->read++);
	return MQS_OK;
}

void
record_consumer_rest(struct mqs_consumer *c)
{
	(void)c;
}

int
record_consumer_settle(struct mqs_consumer *c, const struct mqs_settlement *s, struct mqs_error *err)
{
	(void)c;
	(void)err;
	record("consumer_settle verb=%d seq=%llu", (int)s->verb, (unsigned long long)s->seq);
	return MQS_OK;
}

int
record_consumer_flush(struct mqs_consumer *c, struct mqs_error *err)
{
	(void)c;
	(void)err;
	record("consumer_flush");
	return MQS_OK;
}

int
record_consumer_ack_through(struct mqs_consumer *c, uint64_t seq, uint64_t lease, size_t n,
    struct mqs_error *err)
{
	(void)c;
	(void)lease;
	(void)err;
	record("consumer_ack_through seq=%llu n=%zu", (unsigned long long)seq, n);
	return MQS_OK;
}

int
record_consumer_handed_out(struct mqs_consumer *c, size_t n, struct mqs_error *err)
{
	(void)c;
	(void)err;
	record("consumer_handed_out %zu", n);
	return MQS_OK;
}

size_t
record_consumer_held(const struct mqs_consumer *c)
{
	return c->claimed - c->read;
}

char *
record_consumer_receipt(const struct mqs_consumer *c, const struct mqs_message *m,
    char buf[MQS_RECEIPT_SIZE])
{
	(void)c;
	snprintf(buf, MQS_RECEIPT_SIZE, "q/g/%s.token-9", m->id);
	return buf;
}

int
record_consumer_fd(struct mqs_consumer *c)
{
	return c->fd;
}

int
record_consumer_service(struct mqs_consumer *c, struct mqs_error *err)
{
	(void)c;
	(void)err;
	return MQS_OK;
}

int
record_consumer_close(struct mqs_consumer *c, struct mqs_error *err)
{
	(void)c;
	(void)err;
	record("consumer_close");
	return MQS_OK;
}

void
record_consumer_free(struct mqs_consumer *c)
{
	close(c->fd);
	free(c);
}

int
record_run_new(struct mqs_run **out, struct mqs_consumer *c, const struct mqs_message *m, int *fd,
    struct mqs_error *err)
{
	(void)c;
	record("run_new seq=%llu", (unsigned long long)m->seq);
	*fd = -1;
	return record_make(out, sizeof(**out), err);
}

int
record_run_add(struct mqs_run *run, const struct mqs_message *m, struct mqs_error *err)
{
	(void)run;
	(void)err;
	record("run_add seq=%llu", (unsigned long long)m->seq);
	return MQS_OK;
}

int
record_run_started(struct mqs_run *run, int64_t pid, struct mqs_error *err)
{
	(void)run;
	(void)err;
	record("run_started %s", pid > 0 ? "pid" : "nobody");
	return MQS_OK;
}

void
record_run_free(struct mqs_run *run)
{
	free(run);
}
