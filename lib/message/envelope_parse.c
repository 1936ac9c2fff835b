/*
 * envelope_parse.c - reading a message from one line of JSON
 *
 * The JSON library parses the line, and envelope_fields.c reads its fields.  Headers are
 * read last, so that they lie in one run of bytes.
 *
 * A body in the field "json" must keep all digits and the order of members, which the JSON
 * library does not promise.  So this module finds the text of that value first, and gives
 * the library the line with a null in its place.
 *
 * All texts are copied to `store'.  Its memory is reserved once, before the first copy, so
 * that pointers into it stay good.  That is enough for every field but headers, because a
 * decoded text with its NUL is never longer than the quoted text in the line.  Headers can
 * grow: each value of an array gets the name before it, and `origin' adds some.  They have
 * extra room, as much as the headers of a message may take.
 */
#include <errno.h>
#include <stdlib.h>
#include <string.h>

#include "base/error.h"
#include "base/units.h"
#include "message/envelope_fields.h"
#include "message/headers.h"
#include "message/json_text.h"

/*
 * What the JSON library may take for its longest string: a buffer that doubles, with the old one
 * beside the new, and a decoded copy.
 */
#define LOAD_ROOM(n)	((n) < 4096 ? 0 : 4 * (n) + 65536)
#define KEEP_ROOM	(1u << 20)	/* more than this is given back if not needed */

/* ------------------------------------------------------------ headers -- */

static int
keep_header(struct mqs_fields *p, const char *name, const char *value)
{
	struct mqs_message *m = &p->e->message;
	size_t name_len = strlen(name), value_len = strlen(value);

	if (name_len + value_len + 2 > MQS_HEADERS_MAX - m->headers_len)
		return mqs_fail(p->err, MQS_EDATA,
		    "headers have more than %d bytes", MQS_HEADERS_MAX);
	(void)mqs_fields_keep(p, name, name_len);
	(void)mqs_fields_keep(p, value, value_len);
	m->headers_len += name_len + value_len + 2;
	return MQS_OK;
}

static int
add_header(struct mqs_fields *p, const char *name, const json_t *v)
{
	const char *value = json_string_value(v);

	if (value == NULL)
		return mqs_fail(p->err, MQS_EDATA,
		    "header \"%.64s\" is %s, not a string", name,
		    mqs_json_type(v));
	if (strlen(value) != json_string_length(v))
		return mqs_fail(p->err, MQS_EDATA, "header \"%.64s\" contains NUL",
		    name);
	return keep_header(p, name, value);
}

/* A header that comes more than once has an array of its values. */
static int
add_headers(struct mqs_fields *p)
{
	const char *name;
	json_t *v, *one;
	size_t i;
	int rc;

	json_object_foreach(p->headers, name, v) {
		if (!json_is_array(v)) {
			if ((rc = add_header(p, name, v)) != MQS_OK)
				return rc;
			continue;
		}
		if (json_array_size(v) == 0)
			return mqs_fail(p->err, MQS_EDATA,
			    "header \"%.64s\" is an empty array, not a value", name);
		json_array_foreach(v, i, one)
			if ((rc = add_header(p, name, one)) != MQS_OK)
				return rc;
	}
	return MQS_OK;
}

struct origin {
	const char	*name, *value;
};

/*
 * The first origin stays as it is: a copy of a copy still names where it all began, and no
 * id of one queue stands beside the time of another.
 */
static int
has_origin(const struct mqs_message *m, const struct origin *o, size_t n)
{
	for (; n > 0; n--, o++)
		if (mqs_headers_get(m->headers, m->headers_len, o->name) != NULL)
			return 1;
	return 0;
}

/* A message whose own headers leave no room is published without these. */
static int
add_origin(struct mqs_fields *p)
{
	struct mqs_envelope *e = p->e;
	struct mqs_message *m = &e->message;
	char text[MQS_TIME_SIZE];
	struct origin o[] = {
		{ "mq-origin-id", e->id }, { "mq-origin-queue", e->queue },
		{ "mq-origin-time", e->time == 0 ? NULL : mqs_format_time(e->time, text) }
	};
	const size_t n = sizeof(o) / sizeof(o[0]);
	size_t i, room = 0;
	int rc = MQS_OK;

	if (has_origin(m, o, n))
		return MQS_OK;
	for (i = 0; i < n; i++)
		if (o[i].value != NULL)
			room += strlen(o[i].name) + strlen(o[i].value) + 2;
	if (room > MQS_HEADERS_MAX - m->headers_len)
		return MQS_OK;
	for (i = 0; i < n && rc == MQS_OK; i++)
		if (o[i].value != NULL && *o[i].value != '\0')
			rc = keep_header(p, o[i].name, o[i].value);
	return rc;
}

static int
finish_headers(struct mqs_fields *p, int origin)
{
	struct mqs_envelope *e = p->e;
	int rc;

	e->message.headers = e->store.p + e->store.n;
	if ((rc = add_headers(p)) != MQS_OK || !origin)
		return rc;
	return add_origin(p);
}

/* ----------------------------------------------------------- envelope -- */

/* Room for all that is kept of a line of n bytes. */
static int
make_room(struct mqs_buf *store, size_t n, struct mqs_error *err)
{
	size_t room = n + MQS_HEADERS_MAX;

	if (store->cap > KEEP_ROOM && store->cap / 4 > room)
		mqs_buf_free(store);
	store->n = 0;
	if (mqs_buf_reserve(store, room) == -1)
		return mqs_fail_errno(err, "envelope of %zu bytes", n);
	return MQS_OK;
}

/*
 * If a body is given as JSON, remembers its text and makes *line and *n a copy of the
 * line, the caller's, with a null instead.  A line that is no sound JSON is let be: the
 * library says why.
 */
static int
take_out_json(struct mqs_fields *p, const char **line, size_t *n, char **copy)
{
	size_t begin, len, tail;
	const char *why;

	if (memmem(*line, *n, "\"json\"", 6) == NULL)
		return MQS_OK;
	if (!mqs_json_member(*line, *n, "json", &begin, &len, &why))
		return why == NULL ? MQS_OK : mqs_fail(p->err, MQS_EDATA, "\"json\": %s", why);
	p->json = *line + begin;
	p->json_len = len;
	tail = *n - begin - len;
	if ((*copy = malloc(begin + 4 + tail)) == NULL)
		return mqs_fail_errno(p->err, "envelope of %zu bytes", *n);
	memcpy(*copy, *line, begin);
	memcpy(*copy + begin, "null", 4);
	memcpy(*copy + begin + 4, p->json + len, tail);
	*line = *copy;
	*n = begin + 4 + tail;
	return MQS_OK;
}

/* Which byte of the line an error of the copy is about. */
static size_t
place_in_line(const struct mqs_fields *p, const char *line, int position)
{
	size_t at = position < 0 ? 0 : (size_t)position, begin;

	if (p->json == NULL)
		return at;
	begin = (size_t)(p->json - line);
	return at <= begin + 4 ? at : at - 4 + p->json_len;
}

/*
 * Jansson does not notice that the buffer of a string could not grow: it takes the string for
 * malformed, and may read on behind the buffer.  So it is tried beforehand whether there is
 * that much memory.
 */
static int
has_memory(size_t n)
{
	void *volatile room;

	if (n == 0)
		return 1;
	if ((room = malloc(n)) == NULL)
		return 0;
	free(room);
	return 1;
}

static int
load(json_t **root, struct mqs_fields *p, const char *line, size_t n)
{
	struct mqs_error *err = p->err;
	const char *text = line;
	json_error_t why;
	char *copy = NULL;
	size_t len = n;
	int rc;

	if (n == 0)
		return mqs_fail(err, MQS_EDATA, "envelope is empty");
	if ((rc = take_out_json(p, &text, &len, &copy)) != MQS_OK)
		return rc;
	if (!has_memory(LOAD_ROOM(len))) {
		free(copy);
		errno = ENOMEM;
		return mqs_fail_errno(err, "envelope of %zu bytes", n);
	}
	*root = json_loadb(text, len, JSON_REJECT_DUPLICATES | JSON_ALLOW_NUL |
	    JSON_DECODE_ANY, &why);
	free(copy);
	if (*root == NULL) {
		if (json_error_code(&why) != json_error_out_of_memory)
			return mqs_fail(err, MQS_EDATA,
			    "invalid JSON at byte %zu: %s",
			    place_in_line(p, line, why.position), why.text);
		errno = ENOMEM;
		return mqs_fail_errno(err, "envelope of %zu bytes", n);
	}
	if (json_is_object(*root))
		return MQS_OK;
	rc = mqs_fail(err, MQS_EDATA, "envelope is %s, not an object",
	    mqs_json_type(*root));
	json_decref(*root);
	return rc;
}

static int
take_all(struct mqs_fields *p, json_t *root, int origin)
{
	const char *name;
	json_t *v;
	int rc;

	json_object_foreach(root, name, v)
		if ((rc = mqs_fields_take(p, name, v)) != MQS_OK)
			return rc;
	if ((rc = finish_headers(p, origin)) != MQS_OK)
		return rc;
	return mqs_message_check(&p->e->message, p->err);
}

int
mqs_envelope_parse(struct mqs_envelope *e, const char *line, size_t n,
    int origin, struct mqs_error *err)
{
	struct mqs_fields p = { .e = e, .err = err };
	json_t *root = NULL;
	int rc;

	e->message = (struct mqs_message)MQS_MESSAGE_INIT;
	e->id = e->queue = e->queue_uuid = e->group = e->receipt = NULL;
	e->time = 0;
	if ((rc = load(&root, &p, line, n)) != MQS_OK)
		return rc;
	if ((rc = make_room(&e->store, n, err)) == MQS_OK)
		rc = take_all(&p, root, origin);
	json_decref(root);
	return rc;
}

void
mqs_envelope_free(struct mqs_envelope *e)
{
	mqs_buf_free(&e->store);
	memset(e, 0, sizeof(*e));
}
