/* amqp_wire.h - properties as the broker would hand them out: written to bytes, and read again */
#ifndef MQ_TESTS_AMQP_WIRE_H
#define MQ_TESTS_AMQP_WIRE_H

#include "amqp/librabbitmq.h"
#include "amqp/properties_table.h"
#include "amqp/table.h"
#include "check.h"

static char wire_bytes[1 << 18];

/* NULL: they can't be written. */
static inline amqp_basic_properties_t *
over_the_wire(amqp_pool_t *pool, const amqp_basic_properties_t *p)
{
	amqp_basic_properties_t copy = *p;
	amqp_bytes_t bytes;
	void *decoded = NULL;
	int n = amqp_encode_properties(AMQP_BASIC_CLASS, &copy,
	    mqs_amqp_bytes(wire_bytes, sizeof(wire_bytes)));

	if (!check(n > 0))
		return NULL;
	/* What is decoded points into the bytes. */
	amqp_pool_alloc_bytes(pool, (size_t)n, &bytes);
	if (!check(bytes.bytes != NULL))
		return NULL;
	memcpy(bytes.bytes, wire_bytes, (size_t)n);
	if (!check_int(amqp_decode_properties(AMQP_BASIC_CLASS, pool, bytes, &decoded), 0))
		return NULL;
	return decoded;
}

/* The header of that name, or NULL. */
static inline const amqp_field_value_t *
header(const amqp_basic_properties_t *p, const char *name)
{
	int i;

	if ((p->_flags & AMQP_BASIC_HEADERS_FLAG) == 0)
		return NULL;
	for (i = 0; i < p->headers.num_entries; i++)
		if (mqs_amqp_bytes_are(p->headers.entries[i].key, name))
			return &p->headers.entries[i].value;
	return NULL;
}

static inline int
check_bytes_that(amqp_bytes_t have, const char *want, const char *what, const char *file,
    int line)
{
	if (mqs_amqp_bytes_are(have, want))
		return 1;
	check_failures++;
	printf("# %s:%d: %s: is \"%.*s\", not \"%s\"\n", file, line, what, (int)have.len,
	    have.len == 0 ? "" : (const char *)have.bytes, want);
	return 0;
}
#define check_bytes(have, want) check_bytes_that((have), (want), #have, __FILE__, __LINE__)

/* That a header is a string of that value; NULL: that it is not there. */
static inline int
check_header_that(const amqp_basic_properties_t *p, const char *name, const char *want,
    const char *file, int line)
{
	const amqp_field_value_t *v = header(p, name);

	if (v == NULL && want == NULL)
		return 1;
	if (v != NULL && want != NULL && v->kind == AMQP_FIELD_KIND_UTF8)
		return check_bytes_that(v->value.bytes, want, name, file, line);
	check_failures++;
	printf("# %s:%d: header %s: %s\n", file, line, name,
	    v == NULL ? "is missing" : want == NULL ? "is there" : "is no string");
	return 0;
}
/* That headers are those of a literal with its inner NULs; the last one is the literal's own. */
#define check_run(have, have_len, literal) \
	check_mem((have), (have_len), (literal), sizeof(literal))
#define check_header(p, name, want) check_header_that((p), (name), (want), __FILE__, __LINE__)

#endif
