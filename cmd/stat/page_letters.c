/*
 * stat/page_letters.c - the newest dead letters of a queue, for the page
 *
 * What a letter says comes from whoever published the message and from the handler that
 * failed.  Each of its texts is cut, so that a letter takes some 8 KB at most, and goes
 * through html_beginning.  Bodies and other headers are not shown.
 *
 * A message may have been a copy of a dead letter before it died.  So the last header of each
 * name counts (lib/engine/dead_letter.h).
 */
#include <stdlib.h>

#include "stat/html.h"
#include "stat/page_letters.h"

#define SHORT		120	/* bytes of a name, an id, a time */
#define REASON		200
#define STDERR		600
/* A group with more letters than this is not read: finding the newest takes reading all. */
#define GROUP_LETTERS	10000

struct letter {
	const char	*queue, *group, *id, *reason, *attempts, *time, *stderr_text;
};

static void
read_letter(struct letter *l, const struct mqs_message *m)
{
	const struct { const char *name; const char **to; } fields[] = {
		{ "mq-dead-queue", &l->queue }, { "mq-dead-group", &l->group },
		{ "mq-dead-id", &l->id }, { "mq-dead-reason", &l->reason },
		{ "mq-dead-attempts", &l->attempts }, { "mq-dead-time", &l->time },
		{ "mq-dead-stderr", &l->stderr_text }
	};
	const char *name, *value;
	size_t pos = 0, i;

	memset(l, 0, sizeof(*l));
	while (mqs_headers_next(m->headers, m->headers_len, &pos, &name, &value))
		for (i = 0; i < sizeof(fields) / sizeof(fields[0]); i++)
			if (strcmp(name, fields[i].name) == 0)
				*fields[i].to = value;
}

static void
fact(struct mqs_buf *to, const char *before, const char *value)
{
	if (value == NULL)
		return;
	html_raw(to, "%s", before);
	html_beginning(to, value, SHORT);
}

/* "2026-11-26T19:40:00.123456789Z" without what nobody reads. */
static void
add_time(struct mqs_buf *to, const struct letter *l, const struct mqs_message *m)
{
	if (l->time == NULL || strlen(l->time) < 19 || l->time[10] != 'T') {
		html_time(to, m->time);
		return;
	}
	html_bytes(to, l->time, 10);
	html_raw(to, " ");
	html_bytes(to, l->time + 11, 8);
}

static void
add_key(struct mqs_buf *to, const struct mqs_message *m)
{
	if (m->key_len == 0)
		return;
	html_raw(to, " &middot; key ");
	html_bytes(to, m->key, m->key_len);	/* at most MQS_KEY_MAX */
}

void
page_letter(struct mqs_buf *to, const struct mqs_message *m)
{
	char id[MQS_ID_SIZE];
	struct letter l;

	read_letter(&l, m);
	html_raw(to, "<li><b>");
	html_beginning(to, l.reason != NULL ? l.reason : "no dead letter", REASON);
	html_raw(to, "</b> <span class=m>");
	add_time(to, &l, m);
	if (l.queue != NULL && l.group != NULL) {
		fact(to, " &middot; in ", l.queue);
		fact(to, "/", l.group);
	}
	fact(to, " &middot; attempts ", l.attempts);
	add_key(to, m);
	fact(to, " &middot; id ", l.id != NULL ? l.id : mqs_message_id(m, id));
	html_raw(to, " &middot; ");
	html_size(to, m->body_len);
	html_raw(to, "</span>");
	if (l.stderr_text != NULL && *l.stderr_text != '\0') {
		html_raw(to, "<pre>");
		html_beginning(to, l.stderr_text, STDERR);
		html_raw(to, "</pre>");
	}
	html_raw(to, "</li>\n");
}

/* Puts the letters of a reader into `last', oldest first: MQS_OK or an error. */
static int
read_letters(struct mqs_reader *reader, struct mqs_buf last[PAGE_LETTERS_MAX],
    struct mqs_error *err)
{
	struct mqs_message m;
	int n = 0, rc;

	while (n < PAGE_LETTERS_MAX && (rc = mqs_reader_next(reader, &m, err)) != MQS_NOTHING) {
		if (rc == MQS_OK)
			page_letter(&last[n++], &m);
		else if (rc != MQS_EDAMAGED || m.seq == 0)
			return rc;
	}
	return MQS_OK;
}

/* The letters that the group has yet to settle, or else all that are retained. */
static int
open_letters(struct mqs_reader **out, struct mqs_spool *spool, const char *queue,
    const char *group, struct mqs_error *err)
{
	const struct mqs_reader_options options = { .last = PAGE_LETTERS_MAX };

	if (group != NULL &&
	    mqs_reader_open(out, spool, queue, group, &options, NULL) == MQS_OK)
		return MQS_OK;
	return mqs_reader_open(out, spool, queue, NULL, &options, err);
}

void
page_letters(struct mqs_buf *to, struct mqs_spool *spool, const char *queue,
    const char *group, uint64_t count)
{
	struct mqs_buf last[PAGE_LETTERS_MAX] = { { 0 } };
	struct mqs_reader *reader = NULL;
	struct mqs_error err;
	int i, rc;

	if (!mqs_can(spool, "quiet-replay")) {
		html_raw(to, "<li>Not shown, since looking must leave nothing in the queue; <code>mq-replay ");
		html_text(to, queue);
		html_raw(to, "</code> reads them.</li>\n");
		return;
	}
	if ((rc = open_letters(&reader, spool, queue, count <= GROUP_LETTERS ? group : NULL,
	    &err)) == MQS_OK)
		rc = read_letters(reader, last, &err);
	mqs_reader_free(reader);
	if (rc < 0) {
		html_raw(to, "<li>");
		html_text(to, err.text);
		html_raw(to, "</li>\n");
	}
	for (i = PAGE_LETTERS_MAX; i-- > 0; mqs_buf_free(&last[i]))
		html_part(to, &last[i]);
}
