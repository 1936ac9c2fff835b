/* common/binding_options.c - the options that bind a group: -k, --key, -H, --any */
#include <errno.h>
#include <stdlib.h>
#include <string.h>

#include "common/arguments.h"
#include "common/binding_options.h"
#include "common/diagnostics.h"
#include "common/exit_status.h"
#include "message/binding.h"

static void
add(struct bindings *b, enum mqs_binding_kind kind, const char *text, size_t n)
{
	size_t cap = b->cap == 0 ? 8 : 2 * b->cap;

	if (b->n == b->cap) {
		if ((b->list = reallocarray(b->list, cap, sizeof(*b->list))) == NULL)
			fail(STATUS_SYSTEM, "%s", strerror(errno));
		b->cap = cap;
	}
	b->list[b->n++] = (struct mqs_binding){ kind, text, n };
}

static void
add_key(struct bindings *b, const char *option, enum mqs_binding_kind kind,
    const char *arg)
{
	struct mqs_error err;

	add(b, kind, arg, strlen(arg));
	if (mqs_binding_check(&b->list[b->n - 1], &err) != MQS_OK)
		usage_error("%s: '%.64s': %s", option, arg, err.text);
}

int
bindings_option(struct bindings *b, int id, const char *arg)
{
	switch (id) {
	case 'k':
		add_key(b, "-k", MQS_BIND_PATTERN, arg);
		return 1;
	case BINDINGS_KEY:
		add_key(b, "--key", MQS_BIND_KEY, arg);
		return 1;
	case 'H':
		arg_header(&b->headers, arg);
		return 1;
	case BINDINGS_ANY:
		b->any = 1;
		return 1;
	}
	return 0;
}

void
bindings_done(struct bindings *b)
{
	struct mqs_error err;

	if (b->any && b->headers.n == 0)
		usage_error("--any: there is no -H");
	if (b->headers.n == 0)
		return;
	add(b, b->any ? MQS_BIND_ANY : MQS_BIND_ALL, b->headers.p, b->headers.n);
	if (mqs_binding_check(&b->list[b->n - 1], &err) != MQS_OK)
		usage_error("-H: %s", err.text);
}

void
bindings_free(struct bindings *b)
{
	free(b->list);
	mqs_buf_free(&b->headers);
}
