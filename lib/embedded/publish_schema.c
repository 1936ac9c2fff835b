/* publish_schema.c - see publish_schema.h */
#include "base/error.h"
#include "embedded/publish_batch.h"
#include "embedded/publish_schema.h"
#include "embedded/queue/settings_schema.h"
#include "embedded/schema_checker.h"
#include "embedded/store/blob.h"
#include "embedded/store/lmdb/entry.h"

/* Checking messages from `first' on, of which `left_out' were taken out of the batch. */
struct batch_check {
	struct mqs_publisher *p;
	size_t		 first;
	size_t		 left_out;
	size_t		 kept;		/* the batch without them ends here so far */
	int		 only_look;	/* mqs_publisher_check: the batch stays as it is */
	size_t		 bad;		/* the message that ends it */
	struct mqs_blob	*open;		/* whose file was opened for the check */
	char		 why[MQS_ERROR_TEXT];
};

int
mqs_publish_schema_holds(const struct mqs_publisher *p)
{
	const uint64_t schema = p->log->settings.schema;

	return schema == 0 || (p->schema.checked_by == schema && p->schema.checked == p->n);
}

void
mqs_publish_schema_shrunk(struct mqs_publisher *p, size_t n)
{
	if (p->schema.checked > n)
		p->schema.checked = n;
	if (n == 0)
		p->schema.whole = 0;
}

void
mqs_publish_schema_free(struct mqs_publisher *p)
{
	mqs_schema_checker_free(p->schema.checker);
	p->schema.checker = NULL;
	p->schema.checks = 0;
}

/* Has a checker for the schema that the queue has now, if it has one. */
static int
start_checker(struct mqs_publisher *p, struct mqs_error *err)
{
	struct mqs_slice text;
	struct mqs_tx *tx;
	struct mqs_buf copy = { 0 };
	uint64_t hash = 0;
	int rc;

	if ((rc = mqs_tx_read(p->log->db, &tx, err)) != MQS_OK)
		return rc;
	if ((rc = mqs_settings_schema(tx, &text, err)) == MQS_OK) {
		hash = mqs_settings_schema_hash(text.p, text.n);
		if (hash != p->schema.checks && mqs_buf_add(&copy, text.p, text.n) != 0)
			rc = mqs_fail_errno(err, "%s", p->log->dir.name);
	}
	mqs_tx_abort(tx);
	if (rc < 0)
		return rc;
	if (hash != p->schema.checks) {
		mqs_publish_schema_free(p);
		rc = hash == 0 ? MQS_OK : mqs_schema_checker_new(&p->schema.checker,
		    &p->spool->options, p->log->dir.name, copy.p, copy.n, err);
		if (rc == MQS_OK)
			p->schema.checks = hash;
		mqs_buf_free(&copy);
	}
	return rc == MQS_NOTHING ? MQS_OK : rc;
}

/* Closes the file that was open before, if the batch has too many to keep all of them open. */
static void
keep_one_open(struct batch_check *k, struct mqs_blob *blob)
{
	if (blob == k->open)
		return;
	if (k->open != NULL && k->p->hold != -1)
		(void)mqs_blob_suspend(k->open, NULL);
	k->open = blob;
}

static struct mqs_schema_body
body_of(void *arg, size_t i)
{
	struct batch_check *k = arg;
	/* Asked only for bodies that are not judged: leaving out has not moved them. */
	const struct mqs_pending *e = &k->p->batch[k->first + i];
	struct mqs_blob *blob = k->p->shapes[e->shape].blob;

	if (blob != NULL)
		keep_one_open(k, blob);
	if (blob != NULL)
		return (struct mqs_schema_body){ NULL, mqs_blob_size(blob), mqs_blob_fd(blob) };
	return (struct mqs_schema_body){ e->body, e->body_len, -1 };
}

/* The message as it was given to the publisher, for the caller to put aside. */
static struct mqs_message
message_of(const struct mqs_publisher *p, const struct mqs_pending *e)
{
	const struct mqs_shape *s = &p->shapes[e->shape];
	struct mqs_message m = s->record.message;

	m.body = s->blob == NULL ? e->body : NULL;
	m.body_fd = s->blob == NULL ? -1 : mqs_blob_fd(s->blob);
	m.body_len = s->blob == NULL ? e->body_len : mqs_blob_size(s->blob);
	return m;
}

/* Moves the messages before `to' up to those that are kept. */
static void
keep_up_to(struct batch_check *k, size_t to)
{
	struct mqs_publisher *p = k->p;
	size_t from = k->kept + k->left_out;

	if (k->left_out > 0)
		memmove(p->batch + k->kept, p->batch + from, (to - from) * sizeof(*p->batch));
	k->kept += to - from;
}

/* A message is left out: its body goes with it. */
static void
leave_out(struct batch_check *k, size_t i)
{
	struct mqs_publisher *p = k->p;
	struct mqs_shape *s = &p->shapes[p->batch[i].shape];

	keep_up_to(k, i);
	k->left_out++;
	p->total -= s->blob != NULL ? mqs_blob_size(s->blob) : p->batch[i].body_len;
	if (p->published != NULL)
		p->published(p->arg, p->batch[i].tag, MQS_EDATA, NULL);
	if (k->open == s->blob)
		k->open = NULL;
	mqs_blob_free(s->blob, 0);
	s->blob = NULL;
}

/* In a table an empty body deletes its key, whatever values must be like. */
static int
deletes_key(const struct mqs_publisher *p, const struct mqs_pending *e)
{
	return p->log->settings.compact && p->shapes[e->shape].blob == NULL && e->body_len == 0;
}

static int
broken(void *arg, size_t i, const char *why)
{
	struct batch_check *k = arg;
	struct mqs_publisher *p = k->p;
	struct mqs_message m;

	if (deletes_key(p, &p->batch[k->first + i]))
		return 0;
	k->bad = k->first + i;
	if (!k->only_look && p->refused != NULL) {
		m = message_of(p, &p->batch[k->bad]);
		if (p->refused(p->arg, p->batch[k->bad].tag, &m, why) == 0) {
			leave_out(k, k->bad);
			return 0;
		}
	}
	(void)mqs_fail(&p->schema.refusal, MQS_EDATA, "%s: the message %s", p->log->dir.name, why);
	return 1;
}

/* Checks what is not checked, behind `from': MQS_OK, MQS_NOTHING (k->bad ends it) or an error. */
static int
check_rest(struct mqs_publisher *p, size_t from, struct batch_check *k, struct mqs_error *err)
{
	int rc;

	if ((rc = start_checker(p, err)) != MQS_OK)
		return rc;
	if (p->schema.checked_by != p->schema.checks || p->schema.checked < from)
		p->schema.checked = from;
	p->schema.checked_by = p->schema.checks;
	k->p = p;
	k->first = k->kept = p->schema.checked;
	if (p->schema.checker == NULL)		/* the schema is gone meanwhile */
		return MQS_OK;
	rc = mqs_schema_check(p->schema.checker, body_of, p->n - k->first, broken, k, err);
	if (rc < 0)
		mqs_publish_schema_free(p);
	return rc;
}

int
mqs_publish_schema_check(struct mqs_publisher *p, size_t from, struct mqs_error *err)
{
	struct batch_check k = { 0 };
	size_t n = p->n, end;
	int rc;

	rc = check_rest(p, from, &k, err);
	end = rc > 0 ? k.bad : n;
	keep_up_to(&k, end);
	if (rc > 0) {	/* what is behind stays, to be reported */
		if (k.left_out > 0)
			memmove(p->batch + k.kept, p->batch + end, (n - end) * sizeof(*p->batch));
		p->schema.whole = n - k.left_out;
		p->n = p->atomic ? 0 : k.kept;
	} else
		p->n = k.kept;
	if (rc >= 0)
		p->schema.checked = p->n;
	return rc < 0 ? rc : MQS_OK;
}

int
mqs_embedded_publisher_check(struct mqs_publisher *p, size_t *index, struct mqs_error *err)
{
	struct batch_check k = { .only_look = 1 };
	int rc;

	if ((rc = mqs_log_refresh_now(p->log, err)) != MQS_OK || mqs_publish_schema_holds(p))
		return rc;
	if ((rc = check_rest(p, 0, &k, err)) == MQS_OK)
		p->schema.checked = p->n;
	if (rc <= 0)
		return rc;
	*index = k.bad;
	if (err != NULL)
		*err = p->schema.refusal;
	return MQS_EDATA;
}
