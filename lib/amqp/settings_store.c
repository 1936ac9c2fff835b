/* settings_store.c - see settings_store.h */
#include <bsd/stdlib.h>

#include <stdio.h>
#include <stdlib.h>
#include <string.h>

#include "amqp/publish_confirmed.h"
#include "amqp/settings_store.h"
#include "amqp/stream_read.h"
#include "amqp/table.h"
#include "amqp/topology.h"
#include "base/error.h"

#define NAME	MQS_AMQP_SETTINGS
#define KEY	"record"

#define LOOK_SIZE	64

static int
make_job(void *arg, const struct mqs_amqp_link *link, struct mqs_error *err)
{
	amqp_table_entry_t e = mqs_amqp_entry("x-queue-type", "stream");
	int rc;

	(void)arg;
	if ((rc = mqs_amqp_queue_declare(link, NAME, mqs_amqp_table(&e, 1), err)) != MQS_OK ||
	    (rc = mqs_amqp_exchange_declare(link, NAME, "direct", err)) != MQS_OK)
		return rc;
	return mqs_amqp_queue_bind(link, NAME, NAME, KEY, amqp_empty_table, err);
}

/* Publishes; if something of mq.settings is missing, it is made. */
static int
publish(struct mqs_amqp_connection *c, const char *text, size_t n, uint64_t epoch,
    struct mqs_error *err)
{
	int rc = mqs_amqp_publish_confirmed(c, NAME, KEY, text, n, epoch, err);

	if (rc != MQS_ENOENT && rc != MQS_ECONFIG)
		return rc;
	if ((rc = mqs_amqp_run(c, make_job, NULL, -1, err)) != MQS_OK)
		return rc;
	return mqs_amqp_publish_confirmed(c, NAME, KEY, text, n, epoch, err);
}

static int
look(struct mqs_amqp_connection *c, char text[LOOK_SIZE], uint64_t epoch, struct mqs_error *err)
{
	(void)snprintf(text, LOOK_SIZE, "{\"look\":\"%08x%08x\"}", arc4random(), arc4random());
	return publish(c, text, strlen(text), epoch, err);
}

/* Reads up to a text, or (it is "") the end; *n: how many came.  MQS_ENOENT: no stream. */
static int
read_until(struct mqs_amqp_connection *c, const char *until, mqs_amqp_settings_fn *fn, void *arg,
    size_t *n, struct mqs_error *err)
{
	static const struct mqs_amqp_stream_start first = { .at = MQS_AMQP_STREAM_FIRST };
	struct mqs_amqp_stream *s;
	struct mqs_amqp_kept *k;
	amqp_bytes_t body;
	int rc;

	rc = mqs_amqp_stream_open(&s, c, NAME, &first, until[0] == '\0', err);
	if (rc != MQS_OK)
		return rc;
	for (*n = 0; rc == MQS_OK && (rc = mqs_amqp_stream_next(s, &k, -1, err)) == MQS_OK; ++*n) {
		if ((rc = mqs_amqp_kept_body(k, &body, err)) == MQS_OK)
			rc = until[0] != '\0' && mqs_amqp_bytes_are(body, until) ? MQS_NOTHING :
			    fn(arg, body, err);
		mqs_amqp_stream_release(s, k);
	}
	mqs_amqp_stream_close(s);
	return rc == MQS_NOTHING ? MQS_OK : rc;
}

int
mqs_amqp_settings_each(struct mqs_amqp_connection *c, int all, mqs_amqp_settings_fn *fn, void *arg,
    struct mqs_error *err)
{
	char text[LOOK_SIZE];
	size_t n = 0;
	int rc = all ? MQS_OK : read_until(c, "", fn, arg, &n, err);

	if (rc != MQS_OK)
		return rc == MQS_ENOENT ? MQS_OK : rc;
	if (n > 0)
		return MQS_OK;
	/* Nothing came in time: there is nothing, or the node is slow. */
	if ((rc = look(c, text, 0, err)) != MQS_OK)
		return rc;
	return read_until(c, text, fn, arg, &n, err);
}

/* What is read. */
struct reading {
	struct mqs_amqp_record *const *rs;
	size_t	 n;
	int	*found;		/* of each */
};

static int
take(void *arg, amqp_bytes_t body, struct mqs_error *err)
{
	const struct reading *reading = arg;
	size_t i;
	int rc;

	for (i = 0; i < reading->n; i++) {
		rc = mqs_amqp_record_read(reading->rs[i], body.bytes, body.len, err);
		if (rc == MQS_OK)
			reading->found[i] = !reading->rs[i]->deleted;
		/* What anybody may publish there by hand is no reason to stop. */
		else if (rc != MQS_NOTHING && rc != MQS_EDAMAGED)
			return rc;
	}
	return MQS_OK;
}

/* What was read of it was deleted, or is nothing. */
static void
make_empty(struct mqs_amqp_record *r)
{
	(void)json_object_clear(r->settings);
	mqs_bindings_free(&r->bindings);
	mqs_bindings_free(&r->was);
	r->rewind[0] = '\0';
	r->deleted = r->changing = r->temp = 0;
}

int
mqs_amqp_settings_read(struct mqs_amqp_connection *c, struct mqs_amqp_record *r, uint64_t epoch,
    struct mqs_error *err)
{
	int rc, found = 0;
	struct reading reading = { .rs = &r, .n = 1, .found = &found };
	char text[LOOK_SIZE];
	size_t n;

	if (epoch == 0)
		rc = mqs_amqp_settings_each(c, 0, take, &reading, err);
	else if ((rc = look(c, text, epoch, err)) == MQS_OK &&
	    (rc = read_until(c, text, take, &reading, &n, err)) == MQS_ENOENT)
		rc = MQS_OK;
	if (rc != MQS_OK)
		return rc;
	if (found)
		return MQS_OK;
	make_empty(r);
	return MQS_NOTHING;
}

int
mqs_amqp_settings_read_all(struct mqs_amqp_connection *c, struct mqs_amqp_record *const *rs,
    size_t n, int written, struct mqs_error *err)
{
	struct reading reading = { .rs = rs, .n = n, .found = calloc(n, sizeof(int)) };
	size_t i;
	int rc;

	if (reading.found == NULL)
		return mqs_fail_errno(err, NAME);
	rc = mqs_amqp_settings_each(c, 0, take, &reading, err);
	if (rc == MQS_OK && written && !reading.found[0])
		rc = mqs_amqp_settings_each(c, 1, take, &reading, err);
	for (i = 0; i < n; i++)
		if (!reading.found[i])
			make_empty(rs[i]);
	free(reading.found);
	return rc;
}

int
mqs_amqp_settings_write(struct mqs_amqp_connection *c, const struct mqs_amqp_record *r,
    uint64_t epoch, struct mqs_error *err)
{
	struct mqs_buf text = { 0 };
	int rc;

	if ((rc = mqs_amqp_record_write(r, &text, err)) == MQS_OK)
		rc = publish(c, text.p, text.n, epoch, err);
	mqs_buf_free(&text);
	return rc;
}

void
mqs_amqp_settings_made(struct mqs_amqp_connection *c, const char *queue)
{
	struct mqs_amqp_record r;

	if (mqs_amqp_record_init(&r, queue, NULL, NULL) != MQS_OK)
		return;
	r.made = 1;
	(void)mqs_amqp_settings_write(c, &r, 0, NULL);
	mqs_amqp_record_free(&r);
}
