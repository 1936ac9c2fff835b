/*
 * pub/mirror.c - mq-pub --mirror: copies that can be made again
 *
 * The message id of a copy names the message: UUID:ID, the queue where it was first
 * published and its id there.  While the target retains the copy, publishing it again adds
 * nothing.  The message id that the message had before is kept in a header.
 *
 * Headers of a copy name the queues that it came through, so that copying in a ring ends: a
 * message that has been in the target is not published.  A copy of a copy keeps its message
 * id, so a message that comes by two ways is there once.
 *
 * These headers count only beside the message id of a copy, which begins with the first of
 * them.  What was made of a copy, a dead letter or the output of a filter, has its headers
 * but not its message id: it is another message, first published where it is.
 *
 * A queue with compact=key forgets the message ids of what was replaced.  A copy that comes again
 * would be new there, and replace what is newer: the library refuses it as a target
 * (MQS_MIRROR).
 *
 * Headers that fill their room leave none for these, and the copy goes without.  It still
 * can't be doubled, nor come back to where it was first published.
 */
#include <errno.h>
#include <stdio.h>
#include <string.h>

#include "common/diagnostics.h"
#include "common/exit_status.h"
#include "message/headers.h"
#include "pub/mirror.h"

#define UUID_LEN	(MQS_UUID_SIZE - 1)

void
mirror_open(struct mirror *c, struct mqs_spool *spool, const char *queue)
{
	struct mqs_error err;

	if (mqs_queue_uuid(spool, queue, c->uuid, &err) != MQS_OK)
		fail_error(&err);
}

static int
is_uuid(const char *s)
{
	static const char form[] = "xxxxxxxx-xxxx-xxxx-xxxx-xxxxxxxxxxxx";
	size_t i;

	for (i = 0; i < UUID_LEN; i++)
		if (form[i] == '-' ? s[i] != '-' :
		    s[i] == '\0' || strchr("0123456789abcdef", s[i]) == NULL)
			return 0;
	return s[i] == '\0';
}

/* 1 if a message id is that of a copy whose first queue has this UUID. */
static int
names(const struct mqs_message *m, const char *uuid)
{
	return m->message_id != NULL && m->message_id_len > UUID_LEN + 1 &&
	    memcmp(m->message_id, uuid, UUID_LEN) == 0 && m->message_id[UUID_LEN] == ':';
}

static int
is_copy(const struct mqs_message *m)
{
	const char *first = mqs_headers_get(m->headers, m->headers_len, MIRRORED_FROM);

	return first != NULL && is_uuid(first) && names(m, first);
}

/* 1 if one of the queues that a copy came through has this UUID. */
static int
came_through(const struct mqs_message *m, const char *uuid)
{
	const char *name, *value;
	size_t at = 0;

	while (mqs_headers_next(m->headers, m->headers_len, &at, &name, &value))
		if (strcmp(name, MIRRORED_FROM) == 0 && strcmp(value, uuid) == 0)
			return 1;
	return 0;
}

static void
add_header(struct mirror *c, const char *name, const char *value, size_t n)
{
	if (strlen(name) + n + 2 > MQS_HEADERS_MAX - c->headers.n)
		return;
	if (mqs_headers_add(&c->headers, name, strlen(name), value, n) != 0)
		fail(STATUS_SYSTEM, "headers: %s", strerror(errno));
}

/* Copies the headers of a message, of one that is no copy without those of a copy. */
static void
take_headers(struct mirror *c, const struct mqs_message *m, int copy)
{
	const char *name, *value;
	size_t at = 0;

	c->headers.n = 0;
	while (mqs_headers_next(m->headers, m->headers_len, &at, &name, &value))
		if (copy || (strcmp(name, MIRRORED_FROM) != 0 &&
		    strcmp(name, ORIGIN_MESSAGE_ID) != 0))
			add_header(c, name, value, strlen(value));
}

static const char *
missing(const struct mqs_envelope *e)
{
	if (e->id == NULL || *e->id == '\0')
		return "no \"id\", which --mirror needs";
	if (e->queue_uuid == NULL)
		return "no \"queue_uuid\", which --mirror needs";
	if (!is_uuid(e->queue_uuid))
		return "\"queue_uuid\" is no UUID";
	if (strlen(e->id) >= MQS_ID_SIZE)
		return "\"id\" is longer than any id";
	return NULL;
}

const char *
mirror_fill(struct mirror *c, const struct mqs_envelope *e, struct mqs_message *m, int *home)
{
	const char *fault = missing(e);
	int copy = is_copy(m);

	if (fault != NULL)
		return fault;
	*home = strcmp(e->queue_uuid, c->uuid) == 0 || names(m, c->uuid) ||
	    (copy && came_through(m, c->uuid));
	if (*home)
		return NULL;
	take_headers(c, m, copy);
	if (!copy || !came_through(m, e->queue_uuid))
		add_header(c, MIRRORED_FROM, e->queue_uuid, UUID_LEN);
	if (!copy) {
		if (m->message_id != NULL)
			add_header(c, ORIGIN_MESSAGE_ID, m->message_id, m->message_id_len);
		(void)snprintf(c->id, sizeof(c->id), "%s:%s", e->queue_uuid, e->id);
		m->message_id = c->id;
		m->message_id_len = strlen(c->id);
	}
	m->headers = c->headers.p;
	m->headers_len = c->headers.n;
	return NULL;
}

void
mirror_free(struct mirror *c)
{
	mqs_buf_free(&c->headers);
}
