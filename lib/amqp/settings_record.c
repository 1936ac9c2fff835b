/* settings_record.c - see settings_record.h: as JSON */
#include <stdio.h>
#include <stdlib.h>
#include <string.h>

#include "amqp/settings_record.h"
#include "base/error.h"

int
mqs_amqp_record_init(struct mqs_amqp_record *r, const char *queue, const char *group,
    struct mqs_error *err)
{
	memset(r, 0, sizeof(*r));
	(void)snprintf(r->queue, sizeof(r->queue), "%s", queue);
	(void)snprintf(r->group, sizeof(r->group), "%s", group == NULL ? "" : group);
	if ((r->settings = json_object()) == NULL)
		return mqs_fail_errno(err, "%s: settings", queue);
	return MQS_OK;
}

void
mqs_amqp_record_free(struct mqs_amqp_record *r)
{
	json_decref(r->settings);
	r->settings = NULL;
	mqs_bindings_free(&r->bindings);
	mqs_bindings_free(&r->was);
}

/* --------------------------------------------------------------- write -- */

static json_t *
array_of(const struct mqs_bindings *set)
{
	json_t *array = json_array();
	struct mqs_buf text = { 0 };
	size_t i;
	int bad = array == NULL;

	for (i = 0; i < set->n && !bad; i++) {
		text.n = 0;
		bad = mqs_binding_format(&text, &set->list[i].binding) == -1 ||
		    json_array_append_new(array, json_string(text.p)) == -1;
	}
	mqs_buf_free(&text);
	if (!bad)
		return array;
	json_decref(array);
	return NULL;
}

static json_t *
object_of(const struct mqs_amqp_record *r)
{
	json_t *o = json_object();
	int bad;

	bad = o == NULL || json_object_set_new(o, "queue", json_string(r->queue)) == -1 ||
	    (r->group[0] != '\0' &&
	    json_object_set_new(o, "group", json_string(r->group)) == -1) ||
	    (r->deleted && json_object_set_new(o, "deleted", json_true()) == -1) ||
	    (r->temp && json_object_set_new(o, "temp", json_true()) == -1) ||
	    (r->made && json_object_set_new(o, "made", json_true()) == -1) ||
	    (!r->deleted && !r->made && json_object_set(o, "settings", r->settings) == -1) ||
	    (!r->deleted && r->group[0] != '\0' &&
	    json_object_set_new(o, "bindings", array_of(&r->bindings)) == -1) ||
	    (r->rewind[0] != '\0' &&
	    json_object_set_new(o, "rewind", json_string(r->rewind)) == -1) ||
	    (r->changing && json_object_set_new(o, "was", array_of(&r->was)) == -1);
	if (!bad)
		return o;
	json_decref(o);
	return NULL;
}

int
mqs_amqp_record_write(const struct mqs_amqp_record *r, struct mqs_buf *buf, struct mqs_error *err)
{
	json_t *o = object_of(r);
	char *text = o == NULL ? NULL : json_dumps(o, JSON_COMPACT);
	int rc = MQS_OK;

	if (text == NULL || mqs_buf_add(buf, text, strlen(text)) == -1)
		rc = mqs_fail(err, MQS_ESYSTEM, "%s: settings: no memory", r->queue);
	free(text);
	json_decref(o);
	return rc;
}

/* ---------------------------------------------------------------- read -- */

static int
read_bindings(struct mqs_bindings *set, const json_t *array, struct mqs_error *err)
{
	struct mqs_buf room = { 0 };
	struct mqs_binding b;
	size_t i;
	int rc = MQS_OK;

	mqs_bindings_free(set);
	for (i = 0; i < json_array_size(array) && rc == MQS_OK; i++) {
		const char *text = json_string_value(json_array_get(array, i));

		rc = mqs_binding_parse(&b, &room, text == NULL ? "" : text, err);
		if (rc == MQS_OK)
			rc = mqs_bindings_add(set, &b, err);
	}
	mqs_buf_free(&room);
	return rc == MQS_EINVAL ? MQS_EDAMAGED : rc;
}

static int
is_about(const json_t *o, const struct mqs_amqp_record *r)
{
	const char *queue = json_string_value(json_object_get(o, "queue"));
	const char *group = json_string_value(json_object_get(o, "group"));

	return queue != NULL && strcmp(queue, r->queue) == 0 &&
	    strcmp(group == NULL ? "" : group, r->group) == 0;
}

int
mqs_amqp_record_read(struct mqs_amqp_record *r, const void *json, size_t n, struct mqs_error *err)
{
	json_t *o = json_loadb(json, n, 0, NULL), *settings;
	const char *rewind;
	int rc;

	if (!json_is_object(o) || !is_about(o, r)) {
		rc = json_is_object(o) ? MQS_NOTHING : mqs_fail(err, MQS_EDAMAGED,
		    "mq.settings: a message that is no record");
		json_decref(o);
		return rc;
	}
	if (json_is_true(json_object_get(o, "made"))) {
		r->deleted = 0;
		json_decref(o);
		return MQS_OK;
	}
	settings = json_object_get(o, "settings");
	json_decref(r->settings);
	r->settings = json_is_object(settings) ? json_incref(settings) : json_object();
	rewind = json_string_value(json_object_get(o, "rewind"));
	(void)snprintf(r->rewind, sizeof(r->rewind), "%s", rewind == NULL ? "" : rewind);
	r->deleted = json_is_true(json_object_get(o, "deleted"));
	r->temp = json_is_true(json_object_get(o, "temp"));
	r->changing = json_object_get(o, "was") != NULL;
	rc = read_bindings(&r->bindings, json_object_get(o, "bindings"), err);
	if (rc == MQS_OK)
		rc = read_bindings(&r->was, json_object_get(o, "was"), err);
	json_decref(o);
	return rc;
}
