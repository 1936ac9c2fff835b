/*
 * fuzz_amqp_settings.c - whatever lies in mq.settings, settings come of it, or it is told as
 * damaged; and what was set is read again
 *
 * The first byte of an input chooses what the rest is:
 *	0	a record of a queue, as JSON
 *	1	a record of a group, as JSON
 *	2, 3	members of a record of a queue, of a group: a byte that says which, one that says how
 *		its value is written, the value's length in a byte, and its bytes
 *	4, 5	NAME=VALUE of a queue, of a group, divided by NULs: those that may be set must
 *		come back
 */
#include <stdio.h>
#include <stdlib.h>
#include <string.h>

#include "amqp/settings_record.h"

int	LLVMFuzzerTestOneInput(const uint8_t *data, size_t n);

#define QUEUE	"q"
#define MANY	16

/* A macro, so that the line of what failed is in the trace. */
#define must(holds)	((holds) ? (void)0 : abort())

static int
append(void *arg, const char *name, const char *value, int is_default)
{
	struct mqs_buf *all = arg;

	must(mqs_buf_add(all, name, strlen(name) + 1) == 0 &&
	    mqs_buf_add(all, value, strlen(value) + 1) == 0 &&
	    mqs_buf_add(all, is_default ? "d" : "s", 1) == 0);
	return 0;
}

/* All that a record says, one after the other. */
static void
tell(const struct mqs_amqp_record *r, struct mqs_buf *all)
{
	struct mqs_error err;

	all->n = 0;
	must(mqs_amqp_record_each(r, append, all, &err) == 0);
	must(mqs_buf_add(all, r->rewind, strlen(r->rewind) + 1) == 0);
	must(mqs_buf_add(all, r->deleted ? "d" : "-", 1) == 0);
	must(mqs_buf_add(all, r->changing ? "c" : "-", 1) == 0);
}

static void
init(struct mqs_amqp_record *r, int group)
{
	struct mqs_error err;

	must(mqs_amqp_record_init(r, QUEUE, group ? "g" : NULL, &err) == MQS_OK);
}

/* What is written is read as the same. */
static void
again(const struct mqs_amqp_record *r, int group)
{
	struct mqs_buf json = { 0 }, here = { 0 }, there = { 0 };
	struct mqs_amqp_record copy;
	struct mqs_error err;

	init(&copy, group);
	must(mqs_amqp_record_write(r, &json, &err) == MQS_OK);
	must(mqs_amqp_record_read(&copy, json.p, json.n, &err) == MQS_OK);
	tell(r, &here);
	tell(&copy, &there);
	must(r->deleted || (here.n == there.n && memcmp(here.p, there.p, here.n) == 0));
	mqs_amqp_record_free(&copy);
	mqs_buf_free(&json);
	mqs_buf_free(&here);
	mqs_buf_free(&there);
}

/* Whatever the settings' texts are: values, or an error. */
static void
values(const struct mqs_amqp_record *r, int group)
{
	struct mqs_group_settings g;
	struct mqs_log_settings q;
	struct mqs_error err;
	int same, rc;

	memset(&g, 0, sizeof(g));
	memset(&q, 0, sizeof(q));
	rc = group ? mqs_amqp_record_group(r, &g, &err) : mqs_amqp_record_queue(r, &q, &err);
	must(rc == MQS_OK || rc == MQS_EVERSION);
	(void)mqs_amqp_record_same(r, group ? "lease=1m" : "description=x", &same, &err);
}

static void
take(const void *json, size_t n, int group)
{
	static const char *const pairs[] = { "description=x", "lease=1m" };
	struct mqs_amqp_record r;
	struct mqs_error err;
	int rc;

	init(&r, group);
	rc = mqs_amqp_record_read(&r, json, n, &err);
	must(rc == MQS_OK || rc == MQS_NOTHING || rc == MQS_EDAMAGED);
	values(&r, group);
	if (rc == MQS_OK)
		again(&r, group);
	must(mqs_amqp_record_set(&r, &pairs[group], 1, &err) == MQS_OK);
	again(&r, group);
	mqs_amqp_record_free(&r);
}

static json_t *
value_of(int how, const char *text, size_t n)
{
	json_t *string = json_stringn(text, n), *array;

	switch (how % 6) {
	case 0:
		json_decref(string);
		return json_true();
	case 1:
		json_decref(string);
		return json_integer((json_int_t)n);
	case 2:
		array = json_array();
		must(string == NULL || json_array_append_new(array, string) == 0);
		return array;
	case 3:
		array = json_object();
		must(string == NULL || json_object_set_new(array, "max-attempts", string) == 0);
		return array;
	case 4:
		array = json_object();
		must(string == NULL || json_object_set_new(array, "lease", string) == 0);
		return array;
	default:
		return string != NULL ? string : json_null();
	}
}

static void
take_members(const uint8_t *data, size_t n, int group)
{
	static const char *const names[] = { "settings", "bindings", "was", "rewind", "deleted",
	    "made", "group", "other" };
	json_t *o = json_object();
	size_t len;
	char *text;

	must(json_object_set_new(o, "queue", json_string(QUEUE)) == 0);
	if (group)
		must(json_object_set_new(o, "group", json_string("g")) == 0);
	for (; n >= 3; data += len, n -= len) {
		const uint8_t *head = data;

		len = head[2] < n - 3 ? head[2] : n - 3;
		data += 3;
		n -= 3;
		must(json_object_set_new(o, names[head[0] % (sizeof(names) / sizeof(names[0]))],
		    value_of(head[1], (const char *)data, len)) == 0);
	}
	must((text = json_dumps(o, JSON_COMPACT)) != NULL);
	take(text, strlen(text), group);
	free(text);
	json_decref(o);
}

static void
take_pairs(const uint8_t *data, size_t n, int group)
{
	struct mqs_amqp_record r;
	struct mqs_error err;
	const char *pairs[MANY];
	char *text = malloc(n + 1), *p;
	size_t count = 0;

	must(text != NULL);
	memcpy(text, data, n);
	text[n] = '\0';
	for (p = text; p < text + n && count < MANY; p += strlen(p) + 1)
		pairs[count++] = p;
	init(&r, group);
	(void)mqs_amqp_record_set(&r, pairs, count, &err);
	values(&r, group);
	again(&r, group);
	mqs_amqp_record_free(&r);
	free(text);
}

int
LLVMFuzzerTestOneInput(const uint8_t *data, size_t n)
{
	if (n == 0)
		return 0;
	switch (data[0]) {
	case 0:
	case 1:
		take(data + 1, n - 1, data[0]);
		break;
	case 2:
	case 3:
		take_members(data + 1, n - 1, data[0] - 2);
		break;
	case 4:
	case 5:
		take_pairs(data + 1, n - 1, data[0] - 4);
		break;
	default:
		break;
	}
	return 0;
}
