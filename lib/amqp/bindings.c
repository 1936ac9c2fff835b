/* bindings.c - see bindings.h */
#include <stdio.h>
#include <stdlib.h>
#include <string.h>

#include "amqp/answer.h"
#include "amqp/bindings.h"
#include "amqp/header_name.h"
#include "amqp/table.h"
#include "amqp/topology.h"
#include "base/error.h"

/* A binding as the broker has it. */
struct on_broker {
	char			 exchange[MQS_AMQP_NAME_SIZE];
	char			 key[MQS_KEY_MAX + 1];
	amqp_table_entry_t	*entries;
	size_t			 n;
	struct mqs_buf		 names;		/* with their prefixes */
};

static void
clear(struct on_broker *b)
{
	free(b->entries);
	mqs_buf_free(&b->names);
}

static int
is_headers(const struct mqs_binding *b)
{
	return b->kind == MQS_BIND_ALL || b->kind == MQS_BIND_ANY;
}

/* --------------------------------------------------------------- check -- */

static int
has_wildcard(const char *key, size_t n)
{
	size_t i, word = 0;

	for (i = 0; i <= n; i++)
		if (i == n || key[i] == '.') {
			if (i - word == 1 && (key[word] == '*' || key[word] == '#'))
				return 1;
			word = i + 1;
		}
	return 0;
}

static int
check(const struct mqs_binding *b, struct mqs_error *err)
{
	const char *name, *value, *last = NULL;
	size_t pos = 0;

	if (b->kind == MQS_BIND_KEY && has_wildcard(b->text, b->text_len))
		return mqs_fail(err, MQS_ENOTSUP, "the amqp engine can't bind to the key '%.*s' "
		    "literally: '*' and '#' are wildcards there; publish with another key",
		    (int)b->text_len, b->text);
	/* In their normal form headers are sorted. */
	while (is_headers(b) && mqs_headers_next(b->text, b->text_len, &pos, &name, &value)) {
		if (last != NULL && strcmp(last, name) == 0)
			return mqs_fail(err, MQS_ENOTSUP, "the amqp engine can't bind to two "
			    "values of the header %s at once; bind to each by itself", name);
		last = name;
	}
	return MQS_OK;
}

int
mqs_amqp_bindings_check(const struct mqs_bindings *set, struct mqs_error *err)
{
	size_t i;
	int rc = MQS_OK;

	for (i = 0; i < set->n && rc == MQS_OK; i++)
		rc = check(&set->list[i].binding, err);
	return rc;
}

/* ---------------------------------------------------------------- make -- */

static amqp_bytes_t
wire_name(struct on_broker *b, const char *name)
{
	size_t at = b->names.n, n = strlen(name);

	if (!mqs_amqp_header_prefixed_in_binding(name, n))
		return mqs_amqp_bytes(name, n);
	(void)mqs_buf_add(&b->names, MQS_AMQP_HEADER_PREFIX, strlen(MQS_AMQP_HEADER_PREFIX));
	(void)mqs_buf_add(&b->names, name, n);
	return mqs_amqp_bytes(b->names.p + at, b->names.n - at);
}

static int
make_headers(struct on_broker *b, const struct mqs_binding *from, struct mqs_error *err)
{
	const char *name, *value;
	size_t count = 1, pos = 0;

	while (mqs_headers_next(from->text, from->text_len, &pos, &name, &value))
		count++;
	b->entries = calloc(count, sizeof(*b->entries));
	/* Room for all names, so that none moves. */
	if (b->entries == NULL || mqs_buf_reserve(&b->names,
	    from->text_len + count * strlen(MQS_AMQP_HEADER_PREFIX)) == -1)
		return mqs_fail_errno(err, "binding");
	b->entries[b->n++] = mqs_amqp_entry("x-match",
	    from->kind == MQS_BIND_ALL ? "all-with-x" : "any-with-x");
	for (pos = 0; mqs_headers_next(from->text, from->text_len, &pos, &name, &value); b->n++) {
		b->entries[b->n].key = wire_name(b, name);
		b->entries[b->n].value = mqs_amqp_string(value);
	}
	return MQS_OK;
}

static int
make(struct on_broker *b, const char *queue, const struct mqs_binding *from,
    struct mqs_error *err)
{
	memset(b, 0, sizeof(*b));
	if (is_headers(from)) {
		mqs_amqp_headers_exchange(b->exchange, queue);
		return make_headers(b, from, err);
	}
	(void)snprintf(b->exchange, sizeof(b->exchange), "%s", queue);
	memcpy(b->key, from->text, from->text_len);
	return MQS_OK;
}

/* ---------------------------------------------------------------- bind -- */

static int
bind_one(const struct mqs_amqp_link *link, const char *name, const char *queue,
    const struct mqs_binding *from, struct mqs_error *err)
{
	struct on_broker b;
	int rc;

	if ((rc = make(&b, queue, from, err)) == MQS_OK)
		rc = mqs_amqp_queue_bind(link, name, b.exchange, b.key,
		    mqs_amqp_table(b.entries, b.n), err);
	clear(&b);
	return rc;
}

static int
unbind_one(const struct mqs_amqp_link *link, const char *name, const char *queue,
    const struct mqs_binding *from, struct mqs_error *err)
{
	struct on_broker b;
	int rc;

	if ((rc = make(&b, queue, from, err)) == MQS_OK) {
		(void)amqp_queue_unbind(link->state, link->number, mqs_amqp_text(name),
		    mqs_amqp_text(b.exchange), mqs_amqp_text(b.key),
		    mqs_amqp_table(b.entries, b.n));
		rc = mqs_amqp_answer(link, name, err);
	}
	clear(&b);
	return rc;
}

static const struct mqs_binding everything = { .kind = MQS_BIND_PATTERN, .text = "#",
    .text_len = 1 };

int
mqs_amqp_bindings_bind(const struct mqs_amqp_link *link, const char *name, const char *queue,
    const struct mqs_bindings *set, struct mqs_error *err)
{
	size_t i;
	int rc = MQS_OK;

	if (set->n == 0)
		return bind_one(link, name, queue, &everything, err);
	for (i = 0; i < set->n && rc == MQS_OK; i++)
		rc = bind_one(link, name, queue, &set->list[i].binding, err);
	return rc;
}

/* Two bindings are the same on the broker. */
static int
same(const struct mqs_binding *a, const struct mqs_binding *b)
{
	if (is_headers(a) || is_headers(b))
		return a->kind == b->kind && a->text_len == b->text_len &&
		    memcmp(a->text, b->text, a->text_len) == 0;
	return a->text_len == b->text_len && memcmp(a->text, b->text, a->text_len) == 0;
}

static int
is_in(const struct mqs_bindings *set, const struct mqs_binding *b)
{
	size_t i;

	if (set->n == 0)
		return same(&everything, b);
	for (i = 0; i < set->n; i++)
		if (same(&set->list[i].binding, b))
			return 1;
	return 0;
}

int
mqs_amqp_bindings_unbind(const struct mqs_amqp_link *link, const char *name, const char *queue,
    const struct mqs_bindings *was, const struct mqs_bindings *now, struct mqs_error *err)
{
	size_t i;
	int rc = MQS_OK;

	if (was->n == 0 && !is_in(now, &everything))
		return unbind_one(link, name, queue, &everything, err);
	for (i = 0; i < was->n && rc == MQS_OK; i++)
		if (!is_in(now, &was->list[i].binding))
			rc = unbind_one(link, name, queue, &was->list[i].binding, err);
	return rc;
}
