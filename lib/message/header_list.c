/*
 * header_list.c - see header_list.h
 *
 * Equal names are found by sorting.  64 KiB hold 20,000 headers, and comparing each with
 * each would let a publisher slow down every reader.
 */
#include <stdlib.h>
#include <string.h>

#include "message/header_list.h"
#include "mqspool.h"

/* By name; equal names in the order given. */
static int
compare(const void *a, const void *b)
{
	const struct mqs_header *x = *(struct mqs_header *const *)a;
	const struct mqs_header *y = *(struct mqs_header *const *)b;
	int c;

	if (x->name_len != y->name_len)
		return x->name_len < y->name_len ? -1 : 1;
	if ((c = memcmp(x->name, y->name, x->name_len)) != 0)
		return c;
	return x->name < y->name ? -1 : x->name > y->name;
}

static void
link_equal(struct mqs_header **sorted, size_t count)
{
	size_t i;

	qsort(sorted, count, sizeof(*sorted), compare);
	for (i = 1; i < count; i++) {
		struct mqs_header *a = sorted[i - 1], *b = sorted[i];

		if (a->name_len == b->name_len &&
		    memcmp(a->name, b->name, a->name_len) == 0) {
			a->next = b;
			b->repeats = 1;
		}
	}
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
mqs_header_list_make(struct mqs_header_list *l, const char *headers, size_t len)
{
	struct mqs_header *few_sorted[MQS_HEADER_LIST_FEW], **sorted = few_sorted;
	size_t pos = 0, i = 0;
	const char *name, *value;

	l->all = l->few;
	l->count = count_headers(headers, len);
	if (l->count > MQS_HEADER_LIST_FEW) {
		l->all = calloc(l->count, sizeof(l->all[0]));
		sorted = calloc(l->count, sizeof(sorted[0]));
		if (l->all == NULL || sorted == NULL) {
			free(l->all);
			free(sorted);
			return -1;
		}
	}
	for (; mqs_headers_next(headers, len, &pos, &name, &value); i++) {
		l->all[i] = (struct mqs_header){ .name = name, .value = value,
		    .name_len = strlen(name) };
		sorted[i] = &l->all[i];
	}
	if (i > 1)
		link_equal(sorted, i);
	if (sorted != few_sorted)
		free(sorted);
	return 0;
}

void
mqs_header_list_free(struct mqs_header_list *l)
{
	if (l->all != l->few)
		free(l->all);
	l->all = l->few;
	l->count = 0;
}
