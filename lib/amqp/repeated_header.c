/* repeated_header.c - see repeated_header.h */
#include <errno.h>
#include <jansson.h>
#include <string.h>

#include "amqp/repeated_header.h"
#include "message/json.h"

#define ESCAPED	6	/* bytes of \u0001 */

size_t
mqs_amqp_more_room(const struct mqs_header *h)
{
	size_t n = sizeof("[]");

	for (; h != NULL; h = h->next)
		n += ESCAPED * strlen(h->value) + sizeof("\"\",");
	return n;
}

int
mqs_amqp_more_write(struct mqs_buf *b, const struct mqs_header *h)
{
	char before = '[';

	for (; h != NULL; h = h->next, before = ',')
		if (mqs_buf_addc(b, before) == -1 ||
		    mqs_json_utf8(b, h->value, strlen(h->value)) == -1)
			return -1;
	return mqs_buf_addc(b, ']');
}

int
mqs_amqp_more_read(const amqp_field_value_t *v, mqs_amqp_more_fn *fn, void *arg)
{
	json_error_t error;
	json_t *array, *value;
	size_t i;
	int rc = 0;

	/* A broker may make bytes of what is no UTF-8 to it. */
	if ((v->kind != AMQP_FIELD_KIND_UTF8 && v->kind != AMQP_FIELD_KIND_BYTES) ||
	    v->value.bytes.len == 0)
		return 0;
	if ((array = json_loadb(v->value.bytes.bytes, v->value.bytes.len, 0, &error)) == NULL) {
		if (json_error_code(&error) != json_error_out_of_memory)
			return 0;
		errno = ENOMEM;
		return -1;
	}
	json_array_foreach(array, i, value)
		if (rc == 0 && json_is_string(value))
			rc = fn(arg, json_string_value(value), json_string_length(value));
	json_decref(array);
	return rc;
}
