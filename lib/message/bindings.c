/* bindings.c - see bindings.h */
#include <stdlib.h>

#include "base/error.h"
#include "base/hash.h"
#include "message/bindings.h"

#define SETTING		"binding="
#define SETTING_LEN	(sizeof(SETTING) - 1)

void
mqs_bindings_free(struct mqs_bindings *set)
{
	size_t i;

	for (i = 0; i < set->n; i++)
		mqs_buf_free(&set->list[i].normal);
	free(set->list);
	memset(set, 0, sizeof(*set));
}

static size_t
find(const struct mqs_bindings *set, const struct mqs_bound *wanted)
{
	const struct mqs_bound *b;
	size_t i;

	for (i = 0; i < set->n; i++) {
		b = &set->list[i];
		if (b->hash == wanted->hash && b->normal.n == wanted->normal.n &&
		    memcmp(b->normal.p, wanted->normal.p, b->normal.n) == 0)
			break;
	}
	return i;
}

static int
make(struct mqs_bound *b, const struct mqs_binding *from, struct mqs_error *err)
{
	int rc;

	memset(b, 0, sizeof(*b));
	if ((rc = mqs_binding_check(from, err)) != MQS_OK)
		return rc;
	if (mqs_binding_normal(&b->normal, from) == -1) {
		rc = mqs_fail_errno(err, "binding");
		mqs_buf_free(&b->normal);
		return rc;
	}
	b->hash = XXH3_64bits(b->normal.p, b->normal.n);
	b->binding.kind = from->kind;
	b->binding.text = b->normal.p + 1;
	b->binding.text_len = b->normal.n - 1;
	return MQS_OK;
}

/* Makes room for one more. */
static int
grow(struct mqs_bindings *set, size_t bytes, struct mqs_error *err)
{
	size_t cap = set->cap == 0 ? 8 : 2 * set->cap;
	struct mqs_bound *list;

	if (set->n == MQS_BINDINGS_MAX || bytes > MQS_BINDINGS_BYTES - set->bytes)
		return mqs_fail(err, MQS_EINVAL, "more than %d bindings or %zu bytes "
		    "of them", MQS_BINDINGS_MAX, MQS_BINDINGS_BYTES);
	if (set->n < set->cap)
		return MQS_OK;
	if ((list = reallocarray(set->list, cap, sizeof(*list))) == NULL)
		return mqs_fail_errno(err, "bindings");
	set->list = list;
	set->cap = cap;
	return MQS_OK;
}

int
mqs_bindings_add(struct mqs_bindings *set, const struct mqs_binding *binding,
    struct mqs_error *err)
{
	struct mqs_bound b;
	int rc;

	if ((rc = make(&b, binding, err)) != MQS_OK)
		return rc;
	if (find(set, &b) == set->n) {
		if ((rc = grow(set, b.normal.n, err)) == MQS_OK) {
			set->bytes += b.normal.n;
			set->list[set->n++] = b;
			return MQS_OK;
		}
	}
	mqs_buf_free(&b.normal);
	return rc;
}

int
mqs_bindings_remove(struct mqs_bindings *set, const struct mqs_binding *binding,
    struct mqs_error *err)
{
	struct mqs_bound b;
	size_t at;
	int rc;

	if ((rc = make(&b, binding, err)) != MQS_OK)
		return rc;
	at = find(set, &b);
	mqs_buf_free(&b.normal);
	if (at == set->n)
		return MQS_NOTHING;
	set->bytes -= set->list[at].normal.n;
	mqs_buf_free(&set->list[at].normal);
	set->list[at] = set->list[--set->n];
	return MQS_OK;
}

int
mqs_bindings_match(const struct mqs_bindings *set, const struct mqs_message *m)
{
	size_t i;

	for (i = 0; i < set->n; i++)
		if (mqs_binding_match(&set->list[i].binding, m))
			return 1;
	return set->n == 0;
}

int
mqs_bindings_match_first(const struct mqs_bindings *set, const struct mqs_message *m)
{
	size_t i;

	for (i = 0; i < set->n; i++)
		if (mqs_binding_match_first(&set->list[i].binding, m))
			return 1;
	return set->n == 0;
}

uint64_t
mqs_bindings_digest(const struct mqs_bindings *set)
{
	uint64_t sum = 0;
	size_t i;

	for (i = 0; i < set->n; i++)
		sum += set->list[i].hash;
	return sum == 0 && set->n > 0 ? 1 : sum;
}

int
mqs_bindings_fail_missing(const struct mqs_binding *binding, struct mqs_error *err)
{
	struct mqs_buf options = { 0 };
	int rc;

	if (mqs_binding_options(&options, binding) == -1)
		rc = mqs_fail_errno(err, "binding");
	else	/* without the blank at its end */
		rc = mqs_fail(err, MQS_ENOENT, "no such binding: %.*s", (int)options.n - 1,
		    options.p);
	mqs_buf_free(&options);
	return rc;
}

int
mqs_bindings_is_pair(const char *pair)
{
	return strncmp(pair, SETTING, SETTING_LEN) == 0;
}

int
mqs_bindings_add_pair(struct mqs_bindings *set, const char *pair, struct mqs_error *err)
{
	struct mqs_buf room = { 0 };
	struct mqs_binding binding;
	struct mqs_error why;
	int rc;

	if (pair[SETTING_LEN] == '\0')
		return MQS_OK;
	if ((rc = mqs_binding_parse(&binding, &room, pair + SETTING_LEN, &why)) == MQS_OK)
		rc = mqs_bindings_add(set, &binding, &why);
	mqs_buf_free(&room);
	if (rc == MQS_OK)
		return MQS_OK;
	return mqs_fail(err, rc == MQS_EINVAL ? MQS_ECONFIG : rc, "%.128s%s: %s", pair,
	    strlen(pair) > 128 ? "..." : "", why.text);
}
