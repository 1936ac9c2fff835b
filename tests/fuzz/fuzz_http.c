/*
 * fuzz_http.c - any bytes as an HTTP request
 *
 * The head ends at the same place whether the bytes come at once or one by one, and what is
 * accepted leads to a page and to a query inside of the head.
 */
#include <stdint.h>
#include <stdlib.h>
#include <string.h>

#include "stat/http_request.h"

int	LLVMFuzzerTestOneInput(const uint8_t *data, size_t size);

static void
parse(const uint8_t *data, size_t n)
{
	char *head = malloc(n);
	struct http_request r;
	enum http_status status;

	if (head == NULL)
		return;
	memcpy(head, data, n);
	status = http_parse(head, n, &r);
	if (status != HTTP_OK && r.why == NULL)
		abort();
	if (status == HTTP_OK && *r.query != '\0' &&
	    (r.query < head || r.query + strlen(r.query) >= head + n))
		abort();
	if (status == HTTP_OK && r.page != HTTP_ROOT && r.page != HTTP_METRICS)
		abort();
	free(head);
}

int
LLVMFuzzerTestOneInput(const uint8_t *data, size_t size)
{
	const char *p = (const char *)data;
	size_t length = 0, i, first;
	int ended = http_head_end(p, size, &length), early = 0;

	if (size > HTTP_HEAD_MAX)
		return -1;
	for (i = 0; i < size && early == 0; i++)
		early = http_head_end(p, i, &first);
	if (early == 1 && (ended != 1 || first != length))
		abort();
	if (early == -1 && ended != -1)
		abort();
	if (ended == 1 && (length > size || data[length - 1] != '\n'))
		abort();
	if (ended == 1)
		parse(data, length);
	return 0;
}
