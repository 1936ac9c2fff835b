/*
 * headers_json.c - headers as one JSON object
 *
 * Most JSON readers keep only one of several members with the same name.  So a name that
 * comes more than once is written once, where it came first, with an array of its values.
 * A name with one value, which is nearly every one, is a plain string.
 */
#include <string.h>

#include "message/header_list.h"
#include "message/headers.h"
#include "message/json.h"

static int
put_value(struct mqs_buf *b, const struct mqs_header *h)
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
put_object(struct mqs_buf *b, const struct mqs_header *h, size_t count)
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

int
mqs_headers_json(struct mqs_buf *b, const char *headers, size_t len)
{
	struct mqs_header_list list;
	size_t start = b->n;
	int rc;

	if (mqs_header_list_make(&list, headers, len) == -1)
		return -1;
	if ((rc = put_object(b, list.all, list.count)) == -1)
		b->n = start;
	mqs_header_list_free(&list);
	return rc;
}
