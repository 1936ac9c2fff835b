/*
 * headers_json.c - headers as one JSON object
 *
 * Most JSON readers keep only one of several members with the same name.  So a name that
 * comes more than once is written once, where it came first, with an array of its values.
 * A name with one value, which is nearly every one, is a plain string.
 *
 * Equal names are found by sorting.  64 KiB hold 20,000 headers, and comparing each with
 * each would let a publisher slow down every reader.
 */
#include <stdlib.h>

#include "message/headers.h"
#include "message/json.h"

#define FEW	16

struct header {
	const char	*name, *value;
	size_t		 name_len;
	struct header	*next;		/* the next of the same name */
	int		 repeats;	/* not the first of its name */
};

/* By name; equal names in the order given. */
static int
compare(const void *a, const void *b)
{
	const struct header *x = *(struct header *const *)a;
	const struct header *y = *(struct header *const *)b;
	int c;

	if (x->name_len != y->name_len)
		return x->name_len < y->name_len ? -1 : 1;
	if ((c = memcmp(x->name, y->name, x->name_len)) != 0)
		return c;
	return x->name < y->name ? -1 : x->name > y->name;
}

static void
link_equal(struct header **sorted, size_t count)
{
	size_t i;

	qsort(sorted, count, sizeof(*sorted), compare);
	for (i = 1; i < count; i++) {
		struct header *a = sorted[i - 1], *b = sorted[i];

		if (a->name_len == b->name_len &&
		    memcmp(a->name, b->name, a->name_len) == 0) {
			a->next = b;
			b->repeats = 1;
		}
	}
}

static int
put_value(struct mqs_buf *b, const struct header *h)
{
	if (h->next == NULL)
		return mqs_json_string(b, h->value, strlen(h->value));
	if (mqs_buf_addc(b, '[') == -1)
		return -1;
	for (; h != NULL; h = h->next)
		if (mqs_json_string(b, h->value, strlen(h->value)) == -1 ||
		    (h->next != NULL && mqs_buf_addc(b, ',') == -1))
			return -1;
	return mqs_buf_addc(b, ']');
}

static int
put_object(struct mqs_buf *b, const struct header *h, size_t count)
{
	size_t i;

	if (mqs_buf_addc(b, '{') == -1)
		return -1;
	for (i = 0; i < count; i++) {
		if (h[i].repeats)
			continue;
		if ((i > 0 && mqs_buf_addc(b, ',') == -1) ||
		    mqs_json_string(b, h[i].name, h[i].name_len) == -1 ||
		    mqs_buf_addc(b, ':') == -1 || put_value(b, &h[i]) == -1)
			return -1;
	}
	return mqs_buf_addc(b, '}');
}

static size_t
count_headers(const char *headers, size_t len)
{
	const char *name, *value;
	size_t pos = 0, count = 0;

	while (mqs_headers_next(headers, len, &pos, &name, &value))
		count++;
	return count;
}

int
mqs_headers_json(struct mqs_buf *b, const char *headers, size_t len)
{
	struct header few[FEW], *all = few, *few_sorted[FEW], **sorted = few_sorted;
	size_t pos = 0, i = 0, start = b->n, count = count_headers(headers, len);
	const char *name, *value;
	int rc = -1;

	if (count > FEW) {
		all = calloc(count, sizeof(all[0]));
		sorted = calloc(count, sizeof(sorted[0]));
		if (all == NULL || sorted == NULL)
			goto out;
	}
	for (; mqs_headers_next(headers, len, &pos, &name, &value); i++) {
		all[i] = (struct header){ .name = name, .value = value,
		    .name_len = strlen(name) };
		sorted[i] = &all[i];
	}
	if (i > 1)
		link_equal(sorted, i);
	rc = put_object(b, all, i);
out:
	if (rc == -1)
		b->n = start;
	if (all != few)
		free(all);
	if (sorted != few_sorted)
		free(sorted);
	return rc;
}
