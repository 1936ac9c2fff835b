/* settings_names.c - see settings_store.h: which queues and groups there are, by their records */
#include <stdlib.h>
#include <string.h>

#include "amqp/settings_store.h"
#include "base/error.h"

/* Names are kept as {"QUEUE": {"GROUP": true, ...}, ...}. */
static int
put(json_t *names, const char *queue, const char *group, int deleted)
{
	json_t *groups;

	if (group == NULL && deleted) {
		(void)json_object_del(names, queue);
		return 0;
	}
	if ((groups = json_object_get(names, queue)) == NULL) {
		if (json_object_set_new(names, queue, json_object()) == -1)
			return -1;
		groups = json_object_get(names, queue);
	}
	if (group == NULL)
		return 0;
	if (!deleted)
		return json_object_set_new(groups, group, json_true());
	(void)json_object_del(groups, group);
	return 0;
}

struct gathering {
	json_t		*names;
	const char	*only;
};

static int
take(void *arg, amqp_bytes_t body, struct mqs_error *err)
{
	const struct gathering *g = arg;
	json_t *o = json_loadb(body.bytes, body.len, 0, NULL);
	const char *queue = json_string_value(json_object_get(o, "queue"));
	int bad = 0;

	if (queue != NULL && (g->only == NULL || strcmp(g->only, queue) == 0))
		bad = put(g->names, queue, json_string_value(json_object_get(o, "group")),
		    json_is_true(json_object_get(o, "deleted")));
	json_decref(o);
	return bad ? mqs_fail(err, MQS_ESYSTEM, "%s: no memory", MQS_AMQP_SETTINGS) : MQS_OK;
}

static int
gather(json_t *names, struct mqs_amqp_connection *c, const char *only, int all, struct mqs_error *err)
{
	struct gathering g = { .names = names, .only = only };

	return mqs_amqp_settings_each(c, all, take, &g, err);
}

static int
by_name(const void *a, const void *b)
{
	return strcmp(*(const char *const *)a, *(const char *const *)b);
}

/* The names of an object's members, sorted; to be freed.  NULL: no memory. */
static const char **
sorted(json_t *o)
{
	const char **list = calloc(json_object_size(o) + 1, sizeof(*list)), *name;
	json_t *value;
	size_t n = 0;

	if (list == NULL)
		return NULL;
	json_object_foreach(o, name, value)
		list[n++] = name;
	qsort(list, n, sizeof(*list), by_name);
	return list;
}

static int
each_group(const char *queue, json_t *groups, mqs_amqp_name_fn *fn, void *arg,
    struct mqs_error *err)
{
	const char **list = sorted(groups);
	size_t i;
	int rc = 0;

	if (list == NULL)
		return mqs_fail_errno(err, "%s: groups", queue);
	for (i = 0; list[i] != NULL && rc == 0; i++)
		rc = fn(arg, queue, list[i], err);
	free(list);
	return rc;
}

int
mqs_amqp_settings_names(struct mqs_amqp_connection *c, const char *queue, int all,
    mqs_amqp_name_fn *fn, void *arg, struct mqs_error *err)
{
	json_t *names = json_object();
	const char **list = NULL;
	size_t i;
	int rc;

	if (names == NULL)
		return mqs_fail_errno(err, "names");
	if ((rc = gather(names, c, queue, all, err)) == MQS_OK && (list = sorted(names)) == NULL)
		rc = mqs_fail_errno(err, "names");
	for (i = 0; rc == 0 && list != NULL && list[i] != NULL; i++)
		if ((rc = fn(arg, list[i], NULL, err)) == 0)
			rc = each_group(list[i], json_object_get(names, list[i]), fn, arg, err);
	free(list);
	json_decref(names);
	return rc;
}
