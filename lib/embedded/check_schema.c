/*
 * check_schema.c - holds the messages that a queue retains against a schema
 *
 * The bodies of many messages are copied, then the reader gives up its snapshot, and only
 * then they are sent to the checker, which takes its time.  A large body is not copied: its
 * file is checked by itself while the reader has it open.
 */
#include <inttypes.h>
#include <stdio.h>
#include <stdlib.h>

#include "base/bytes.h"
#include "base/error.h"
#include "embedded/schema_checker.h"
#include "embedded/spool.h"

#define AT_ONCE		1024
#define COPY_MOST	((size_t)1 << 20)	/* and one body more */

struct checked_message {
	uint64_t	 id;
	size_t		 at;		/* in the copies */
	uint64_t	 len;
	int		 fd;		/* a large body; -1 */
};

struct schema_check {
	struct mqs_spool *spool;
	const char	*queue;
	uint64_t	 done;		/* messages */
	struct mqs_schema_checker *checker;
	struct checked_message	 list[AT_ONCE];
	size_t		 n;
	struct mqs_buf	 copies;
	mqs_finding_fn	*finding;
	void		*arg;
	uint64_t	*findings;
	int		 table;		/* compact=key: an empty body deletes its key */
};

static struct mqs_schema_body
body_of(void *arg, size_t i)
{
	const struct schema_check *k = arg;
	const struct checked_message *m = &k->list[i];

	return (struct mqs_schema_body){ m->fd == -1 ? k->copies.p + m->at : NULL, m->len, m->fd };
}

static void
found(const struct schema_check *k, uint64_t id, const char *why)
{
	char text[MQS_ERROR_TEXT];

	++*k->findings;
	if (k->finding == NULL)
		return;
	(void)snprintf(text, sizeof(text), "%s: message %" PRIu64 ": %s", k->queue, id, why);
	k->finding(k->arg, text);
}

static int
broken(void *arg, size_t i, const char *why)
{
	const struct schema_check *k = arg;

	if (!k->table || k->list[i].len > 0)
		found(k, k->list[i].id, why);
	return 0;
}

/* Checks what was gathered. */
static int
check_gathered(struct schema_check *k, struct mqs_reader *r, struct mqs_error *err)
{
	int rc;

	if (k->n == 0)
		return MQS_OK;
	mqs_embedded_reader_rest(r);
	mqs_progress(k->spool, k->done, 0, "%s: checking messages", k->queue);
	k->done += k->n;
	rc = mqs_schema_check(k->checker, body_of, k->n, broken, k, err);
	k->n = 0;
	k->copies.n = 0;
	return rc;
}

static int
gather(struct schema_check *k, const struct mqs_message *m, struct mqs_error *err)
{
	struct checked_message *c = &k->list[k->n++];

	*c = (struct checked_message){ .id = m->seq, .at = k->copies.n, .len = m->body_len,
	    .fd = m->body == NULL && m->body_len > 0 ? m->body_fd : -1 };
	/* One byte at least, so that the copies are somewhere. */
	if (mqs_buf_addc(&k->copies, '\0') != 0 || (c->fd == -1 && c->len > 0 &&
	    mqs_buf_add(&k->copies, m->body, (size_t)m->body_len) != 0))
		return mqs_fail_errno(err, "%s", k->queue);
	c->at++;
	return MQS_OK;
}

/* Reads all messages.  A damaged one is a finding: nobody knows what its body was. */
static int
check_messages(struct schema_check *k, struct mqs_reader *r, uint64_t *messages,
    struct mqs_error *err)
{
	struct mqs_message m = MQS_MESSAGE_INIT;
	struct mqs_error why;
	int rc, large;

	for (;;) {
		rc = mqs_embedded_reader_next(r, &m, &why);
		if (rc == MQS_EDAMAGED && m.seq != 0) {
			++*messages;
			++*k->findings;
			if (k->finding != NULL)
				k->finding(k->arg, why.text);
			continue;
		}
		if (rc < 0 && err != NULL)
			*err = why;
		if (rc != MQS_OK)
			break;
		++*messages;
		large = m.body == NULL && m.body_len > 0;
		if ((rc = gather(k, &m, err)) == MQS_OK && (large || k->n == AT_ONCE ||
		    k->copies.n >= COPY_MOST))
			rc = check_gathered(k, r, err);
		if (rc != MQS_OK)
			return rc;
	}
	return rc == MQS_NOTHING ? check_gathered(k, r, err) : rc;
}

int
mqs_embedded_check_schema(struct mqs_spool *spool, const char *queue, const char *schema,
    size_t schema_len, mqs_finding_fn *finding, void *arg, uint64_t *findings,
    uint64_t *messages, struct mqs_error *err)
{
	struct schema_check *k = calloc(1, sizeof(*k));
	struct mqs_reader *r = NULL;
	struct mqs_log *log;
	int rc;

	*findings = *messages = 0;
	if (k == NULL)
		return mqs_fail_errno(err, "%s", queue);
	k->spool = spool;
	k->queue = queue;
	k->finding = finding;
	k->arg = arg;
	k->findings = findings;
	if ((rc = mqs_embedded_reader_open(&r, spool, queue, NULL, NULL, err)) == MQS_OK &&
	    (rc = mqs_spool_log_readonly(spool, queue, &log, err)) == MQS_OK &&
	    (rc = mqs_schema_checker_new(&k->checker, &spool->options, queue, schema,
	    schema_len, err)) == MQS_OK) {
		k->table = log->settings.compact != 0;
		rc = check_messages(k, r, messages, err);
	}
	mqs_schema_checker_free(k->checker);
	mqs_embedded_reader_free(r);
	mqs_buf_free(&k->copies);
	free(k);
	return rc;
}
