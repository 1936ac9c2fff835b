/* dead_letter_parse.c - see dead_letter_parse.h */
#include <stdio.h>

#include "base/name.h"
#include "embedded/dead_letter_parse.h"
#include "message/headers.h"

static const char prefix[] = "mq-dead-";

/* Where the last set of our headers begins: the headers' end if there is none. */
static size_t
last_set(const char *headers, size_t n)
{
	const char *name, *value;
	size_t pos = 0, at = 0, found = n;

	while (mqs_headers_next(headers, n, &pos, &name, &value)) {
		if (strcmp(name, "mq-dead-queue") == 0)
			found = at;
		at = pos;
	}
	return found;
}

static int
copy_name(char to[MQS_NAME_MAX + 1], const char *name)
{
	const char *why;

	if (name == NULL || mqs_name_check(name, &why) == -1)
		return 0;
	snprintf(to, MQS_NAME_MAX + 1, "%s", name);
	return 1;
}

int
mqs_letter_read(struct mqs_letter *l, const struct mqs_message *m,
    const char **reason)
{
	size_t begin = last_set(m->headers, m->headers_len);
	const char *set = m->headers + begin, *id;
	size_t n = m->headers_len - begin;

	memset(l, 0, sizeof(*l));
	if (n == 0)
		return 0;
	l->id = m->seq;
	id = mqs_headers_get(set, n, "mq-dead-id");
	*reason = mqs_headers_get(set, n, "mq-dead-reason");
	if (*reason == NULL)
		*reason = "";
	return id != NULL && mqs_parse_u64(id, strlen(id), &l->original) == 0 &&
	    copy_name(l->queue, mqs_headers_get(set, n, "mq-dead-queue")) &&
	    copy_name(l->group, mqs_headers_get(set, n, "mq-dead-group"));
}

int
mqs_letter_headers(struct mqs_buf *buf, const struct mqs_message *m)
{
	size_t pos = last_set(m->headers, m->headers_len);
	const char *name, *value;

	if (mqs_buf_add(buf, m->headers, pos) == -1)
		return -1;
	while (mqs_headers_next(m->headers, m->headers_len, &pos, &name, &value))
		if (strncmp(name, prefix, sizeof(prefix) - 1) != 0 &&
		    mqs_headers_add(buf, name, strlen(name), value, strlen(value)) == -1)
			return -1;
	return 0;
}
