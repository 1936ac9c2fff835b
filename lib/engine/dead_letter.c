/* dead_letter.c - see dead_letter.h */
#include <stdio.h>
#include <stdlib.h>
#include <string.h>

#include "base/name.h"
#include "base/units.h"
#include "engine/dead_letter.h"
#include "message/headers.h"

#define ENDING	".dead"
#define PREFIX	"mq-dead-"
#define DROPPED	PREFIX "headers-dropped"
#define TEXT_MAX	((size_t)16 << 10)	/* of a reason or detail */
#define DROPPED_MAX	(sizeof(DROPPED) + 24)	/* with the number */

int
mqs_dead_letter_queue(const char *queue, const char *configured,
    char name[MQS_DEAD_LETTER_NAME])
{
	size_t n = strlen(queue), e = strlen(ENDING);

	if (*configured != '\0')
		snprintf(name, MQS_DEAD_LETTER_NAME, "%.*s", MQS_NAME_MAX, configured);
	else if (n > e && strcmp(queue + n - e, ENDING) == 0)
		return 0;
	else
		snprintf(name, MQS_DEAD_LETTER_NAME, "%.*s" ENDING, MQS_NAME_MAX, queue);
	return strcmp(name, queue) != 0;
}

/*
 * Appends a header whose value is made valid: UTF-8 without control bytes but \n \t, and not
 * so long that there would be no room for others.
 */
static int
add_header(struct mqs_buf *buf, const char *name, const char *value)
{
	size_t n = strlen(value), good = 0, i;
	char *copy;
	int rc;

	if (n > TEXT_MAX)
		n = TEXT_MAX;
	if ((copy = strndup(value, n)) == NULL)
		return -1;
	while ((good += mqs_utf8_valid(copy + good, n - good, 1)) < n)
		copy[good++] = '?';
	for (i = 0; i < n; i++)
		if ((unsigned char)copy[i] < ' ' && copy[i] != '\n' && copy[i] != '\t')
			copy[i] = '?';
	rc = mqs_headers_add(buf, name, strlen(name), copy, n);
	free(copy);
	return rc;
}

/* Appends the headers that say where and why it died. */
static int
add_death(struct mqs_buf *buf, const struct mqs_death *death)
{
	char count[24], when[MQS_TIME_SIZE];
	const char *const pairs[][2] = {
		{ PREFIX "queue", death->queue },
		{ PREFIX "group", death->group },
		{ PREFIX "id", death->id },
		{ PREFIX "reason", death->reason == NULL ? "failed" : death->reason },
		{ PREFIX "attempts", count },
		{ PREFIX "time", when },
		{ PREFIX "stderr", death->detail }
	};
	size_t i;

	mqs_format_u64(death->attempts, count);
	mqs_format_time(death->time, when);
	for (i = 0; i < sizeof(pairs) / sizeof(pairs[0]); i++)
		if (pairs[i][1] != NULL && *pairs[i][1] != '\0' &&
		    add_header(buf, pairs[i][0], pairs[i][1]) == -1)
			return -1;
	return 0;
}

/* The length of the first headers of a message that fit into the room; *left: how many do not. */
static size_t
first_headers(const struct mqs_message *m, size_t room, uint64_t *left)
{
	const char *name, *value;
	size_t pos = 0, fit = 0;

	*left = 0;
	while (mqs_headers_next(m->headers, m->headers_len, &pos, &name, &value)) {
		if (*left == 0 && pos <= room)
			fit = pos;
		else
			++*left;
	}
	return fit;
}

/* Where there is no room for all, the death's headers matter more than the message's last ones. */
int
mqs_dead_letter_headers(struct mqs_buf *buf, const struct mqs_message *m,
    const struct mqs_death *death)
{
	struct mqs_buf set = { 0 };
	char count[24];
	uint64_t left = 0;
	size_t n = m->headers_len;
	int rc;

	if ((rc = add_death(&set, death)) == 0 && set.n + n > MQS_HEADERS_MAX) {
		n = first_headers(m, MQS_HEADERS_MAX - DROPPED_MAX - set.n, &left);
		mqs_format_u64(left, count);
		rc = add_header(&set, DROPPED, count);
	}
	if (rc == 0 && (mqs_buf_add(buf, m->headers, n) == -1 ||
	    mqs_buf_add(buf, set.p, set.n) == -1))
		rc = -1;
	mqs_buf_free(&set);
	return rc;
}

/* Where the last set of our headers begins: the headers' end if there is none. */
static size_t
last_set(const char *headers, size_t n)
{
	const char *name, *value;
	size_t pos = 0, at = 0, found = n;

	while (mqs_headers_next(headers, n, &pos, &name, &value)) {
		if (strcmp(name, PREFIX "queue") == 0)
			found = at;
		at = pos;
	}
	return found;
}

/* The name of a queue or group, or NULL. */
static const char *
name_in(const char *headers, size_t n, const char *header)
{
	const char *name = mqs_headers_get(headers, n, header), *why;

	return name != NULL && mqs_name_check(name, &why) == 0 ? name : NULL;
}

int
mqs_dead_letter_read(struct mqs_dead_letter *l, const struct mqs_message *m)
{
	size_t begin = last_set(m->headers, m->headers_len);
	const char *set = m->headers + begin;
	size_t n = m->headers_len - begin;

	if (n == 0)
		return 0;
	l->queue = name_in(set, n, PREFIX "queue");
	l->group = name_in(set, n, PREFIX "group");
	l->id = mqs_headers_get(set, n, PREFIX "id");
	l->reason = mqs_headers_get(set, n, PREFIX "reason");
	if (l->reason == NULL)
		l->reason = "";
	return l->queue != NULL && l->group != NULL && l->id != NULL;
}

int
mqs_dead_letter_own_headers(struct mqs_buf *buf, const struct mqs_message *m)
{
	size_t pos = last_set(m->headers, m->headers_len);
	const char *name, *value;

	if (mqs_buf_add(buf, m->headers, pos) == -1)
		return -1;
	while (mqs_headers_next(m->headers, m->headers_len, &pos, &name, &value))
		if (strncmp(name, PREFIX, strlen(PREFIX)) != 0 &&
		    mqs_headers_add(buf, name, strlen(name), value, strlen(value)) == -1)
			return -1;
	return 0;
}
