/*
 * replay/merge.c - the messages of several queues in the order of their time
 *
 * Each source holds its earliest message, the head, which is borrowed from its reader.
 * merge_next gives the earliest of all heads.  With one source nothing is copied: a
 * message is printed straight from the library's snapshot.
 *
 * A reader must rest before anything that may block, and a message borrowed from it is
 * gone then.  So merge_rest copies the heads: at most one for each source, once for each
 * buffer written.  With one source there is none to copy, because the head was printed
 * before.  Of a large body only the descriptor is duplicated.  Reading a head again
 * later instead would be wrong: the readers of --last, and of a group, can't be set back
 * to a message.
 *
 * Invariant: a head that is HEAD_BORROWED has a reader that is not resting.
 */
#include <errno.h>
#include <fcntl.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>
#include <unistd.h>

#include "base/error.h"
#include "common/diagnostics.h"
#include "common/queue_identity.h"
#include "common/suggest_name.h"
#include "replay/merge.h"

int
merge_init(struct merge *m, size_t n)
{
	size_t i;

	m->n = n;
	m->sources = calloc(n, sizeof(*m->sources));
	m->wait = calloc(n + 1, sizeof(*m->wait));
	if (m->sources == NULL || m->wait == NULL) {
		free(m->sources);
		free(m->wait);
		return -1;
	}
	for (i = 0; i < n; i++)
		m->sources[i].kept_fd = -1;
	return 0;
}

int
merge_open(struct merge *m, size_t i, struct mqs_spool *spool,
    const struct mqs_reader_options *options, struct mqs_error *err)
{
	struct source *s = &m->sources[i];
	const char *group = s->group[0] != '\0' ? s->group : NULL;
	int rc, fd;

	s->place.queue = s->queue;
	s->place.group = group;
	if ((rc = mqs_reader_open(&s->reader, spool, s->queue, group, options,
	    err)) != MQS_OK ||
	    (m->identify && (rc = queue_identity(spool, s->queue, s->uuid,
	    &s->place.queue_uuid, err)) != MQS_OK)) {
		suggest_name(spool, s->queue, group, err);
		return rc;
	}
	if (!options->follow)
		return MQS_OK;
	/* Before the first message is read, so that none comes unnoticed. */
	if ((fd = mqs_reader_fd(s->reader, err)) < 0)
		return fd;
	m->wait[i].fd = fd;
	m->wait[i].events = POLLIN;
	return MQS_OK;
}

static int
fill(struct merge *m, struct source *s, struct mqs_error *err)
{
	int rc;

	if ((rc = mqs_reader_next(s->reader, &s->head, err)) == MQS_OK) {
		s->state = HEAD_BORROWED;
		return MQS_OK;
	}
	while (rc == MQS_EDAMAGED &&
	    s->head.seq != 0 && s->head.seq != s->damaged) {
		report("%s", err->text);
		s->damaged = s->head.seq;
		m->damaged++;
		rc = mqs_reader_next(s->reader, &s->head, err);
	}
	if (rc != MQS_OK && rc != MQS_NOTHING)
		return rc;
	s->state = rc == MQS_OK ? HEAD_BORROWED : HEAD_DRY;
	return MQS_OK;
}

int
merge_next(struct merge *m, struct source **out, struct mqs_error *err)
{
	struct source *s, *earliest = NULL;
	size_t i;
	int rc;

	for (i = 0; i < m->n; i++) {
		s = &m->sources[i];
		if (s->state == HEAD_WANTED && (rc = fill(m, s, err)) != MQS_OK)
			return rc;
		if (s->state != HEAD_DRY && (earliest == NULL ||
		    s->head.time < earliest->head.time))
			earliest = s;
	}
	*out = earliest;
	return earliest != NULL ? MQS_OK : MQS_NOTHING;
}

void
merge_take(struct source *s)
{
	if (s->kept_fd != -1)
		(void)close(s->kept_fd);	/* only read from: nothing to lose */
	s->kept_fd = -1;
	s->state = HEAD_WANTED;
}

/* Moves n bytes behind what is kept already; room was reserved. */
static const void *
move(struct mqs_buf *b, const void *p, size_t n)
{
	char *at = b->p + b->n;

	if (n != 0)
		memcpy(at, p, n);
	b->n += n;
	return at;
}

static int
keep(struct source *s, struct mqs_error *err)
{
	struct mqs_message *head = &s->head;
	size_t body = head->body != NULL ? (size_t)head->body_len : 0;

	s->kept.n = 0;
	if (mqs_buf_reserve(&s->kept, 1 + head->key_len + head->headers_len +
	    head->message_id_len + body) == -1)
		return mqs_fail_errno(err, "%s: copying a message", s->queue);
	if (head->body == NULL && head->body_fd != -1) {
		s->kept_fd = fcntl(head->body_fd, F_DUPFD_CLOEXEC, 3);
		if (s->kept_fd == -1)
			return mqs_fail_errno(err, "%s: copying a message", s->queue);
		head->body_fd = s->kept_fd;
	}
	if (head->id != NULL) {
		(void)snprintf(s->id, sizeof(s->id), "%s", head->id);
		head->id = s->id;
	}
	if (head->key != NULL)
		head->key = move(&s->kept, head->key, head->key_len);
	if (head->headers != NULL)
		head->headers = move(&s->kept, head->headers, head->headers_len);
	if (head->message_id != NULL)
		head->message_id = move(&s->kept, head->message_id,
		    head->message_id_len);
	if (head->body != NULL)
		head->body = move(&s->kept, head->body, body);
	s->state = HEAD_KEPT;
	return MQS_OK;
}

int
merge_rest(struct merge *m, struct mqs_error *err)
{
	struct source *s;
	int rc;

	for (s = m->sources; s < m->sources + m->n; s++) {
		if (s->state == HEAD_BORROWED && (rc = keep(s, err)) != MQS_OK)
			return rc;
		mqs_reader_rest(s->reader);
	}
	return MQS_OK;
}

int
merge_wait(struct merge *m, int out, int timeout_ms, struct mqs_error *err)
{
	size_t i;
	int rc, ready;

	if ((rc = merge_rest(m, err)) != MQS_OK)
		return rc;
	m->wait[m->n].fd = out;
	m->wait[m->n].events = 0;	/* POLLERR and POLLHUP: nobody reads it any more */
	ready = poll(m->wait, m->n + 1, timeout_ms);
	if (ready == 0)
		return MQS_ETIMEOUT;
	if (ready == -1)	/* EINTR: was stopped, and is continued */
		return errno == EINTR ? MQS_OK :
		    mqs_fail_errno(err, "%s: waiting", m->sources[0].queue);
	if (m->wait[m->n].revents & (POLLERR | POLLHUP))
		return MQS_NOTHING;
	for (i = 0; i < m->n; i++) {
		if (m->wait[i].revents == 0)
			continue;
		if ((rc = mqs_reader_service(m->sources[i].reader, err)) < 0)
			return rc;
		if (m->sources[i].state == HEAD_DRY)
			m->sources[i].state = HEAD_WANTED;
	}
	return MQS_OK;
}

void
merge_again(struct merge *m)
{
	size_t i;

	for (i = 0; i < m->n; i++)
		if (m->sources[i].state == HEAD_DRY)
			m->sources[i].state = HEAD_WANTED;
}

void
merge_free(struct merge *m)
{
	size_t i;

	for (i = 0; i < m->n; i++) {
		merge_take(&m->sources[i]);
		mqs_reader_free(m->sources[i].reader);
		mqs_buf_free(&m->sources[i].kept);
	}
	free(m->sources);
	free(m->wait);
}
