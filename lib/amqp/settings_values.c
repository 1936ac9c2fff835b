/* settings_values.c - see settings_record.h: the values of settings */
#include <string.h>

#include "amqp/group_queue.h"
#include "amqp/settings_record.h"
#include "base/clock.h"
#include "base/error.h"

union either {
	struct mqs_log_settings	 queue;
	struct mqs_group_settings group;
	unsigned char		 bytes[sizeof(struct mqs_log_settings)];	/* the larger */
};

/* What this engine has; of the other settings it takes the default, which changes nothing. */
static int
has(const char *name)
{
	static const char *const names[] = { "retain", "retain-bytes", "max-messages",
	    "max-bytes", "overflow", "dead-letter", "description", "lease", "max-attempts",
	    "backoff", "exclusive", "ordered", "expires" };
	size_t i;

	for (i = 0; i < sizeof(names) / sizeof(names[0]); i++)
		if (strcmp(name, names[i]) == 0)
			return 1;
	return 0;
}

static const struct mqs_setting *
table(const struct mqs_amqp_record *r)
{
	return r->group[0] == '\0' ? mqs_log_setting_table : mqs_group_setting_table;
}

/* What the broker refuses as an argument is refused before anything is made. */
static int
check_value(const struct mqs_setting *s, const char *pair, const union either *value,
    struct mqs_error *err)
{
	if (strcmp(s->name, "expires") == 0 &&
	    value->group.expires > MQS_AMQP_EXPIRES_MAX * (uint64_t)MQS_MSEC)
		return mqs_fail(err, MQS_ECONFIG, "%s: is too large (at most 3650d, RabbitMQ's limit "
		    "of x-expires)", pair);
	return MQS_OK;
}

static int
set_one(struct mqs_amqp_record *r, const char *pair, struct mqs_error *err)
{
	const struct mqs_setting *s;
	union either scratch;
	const char *value;
	int rc;

	if ((rc = mqs_setting_pair(table(r), pair, &s, &value, &scratch, err)) != MQS_OK)
		return rc;
	if ((rc = check_value(s, pair, &scratch, err)) != MQS_OK)
		return rc;
	if (!has(s->name))
		return *value == '\0' || strcmp(value, s->preset) == 0 ? MQS_OK :
		    mqs_fail(err, MQS_ENOTSUP, "%s: the amqp engine does not have this setting",
		    s->name);
	if (*value == '\0')
		(void)json_object_del(r->settings, s->name);
	else if (json_object_set_new(r->settings, s->name, json_string(value)) == -1)
		return mqs_fail(err, MQS_ESYSTEM, "%s: no memory", s->name);
	return MQS_OK;
}

int
mqs_amqp_record_set(struct mqs_amqp_record *r, const char *const *pairs, size_t n,
    struct mqs_error *err)
{
	struct mqs_bindings set = { 0 };
	int rc = MQS_OK, any = 0;
	size_t i;

	for (i = 0; i < n && rc == MQS_OK; i++)
		if (r->group[0] != '\0' && mqs_bindings_is_pair(pairs[i])) {
			any = 1;
			rc = mqs_bindings_add_pair(&set, pairs[i], err);
		} else {
			rc = set_one(r, pairs[i], err);
		}
	if (rc != MQS_OK || !any) {
		mqs_bindings_free(&set);
		return rc;
	}
	mqs_bindings_free(&r->bindings);
	r->bindings = set;
	return MQS_OK;
}

static const char *
text_of(const struct mqs_amqp_record *r, const struct mqs_setting *s, int *is_default)
{
	const char *text = json_string_value(json_object_get(r->settings, s->name));

	*is_default = text == NULL;
	return text == NULL ? s->preset : text;
}

static int
load(const struct mqs_amqp_record *r, void *structure, struct mqs_error *err)
{
	const struct mqs_setting *s;
	const char *text, *why;
	int is_default;

	for (s = table(r); s->name != NULL; s++) {
		text = text_of(r, s, &is_default);
		if (mqs_setting_parse(s, text, structure, &why) == -1)
			return mqs_fail(err, MQS_EVERSION, "%s: setting %s=%s: %s", r->queue,
			    s->name, text, why);
	}
	return MQS_OK;
}

int
mqs_amqp_record_group(const struct mqs_amqp_record *r, struct mqs_group_settings *s,
    struct mqs_error *err)
{
	return load(r, s, err);
}

int
mqs_amqp_record_queue(const struct mqs_amqp_record *r, struct mqs_log_settings *s,
    struct mqs_error *err)
{
	return load(r, s, err);
}

int
mqs_amqp_record_same(const struct mqs_amqp_record *r, const char *pair, int *same,
    struct mqs_error *err)
{
	const struct mqs_setting *s;
	union either are, would;
	const char *value;
	int rc;

	memset(&are, 0, sizeof(are));
	if ((rc = load(r, &are, err)) != MQS_OK)
		return rc;
	/* Parsed over what is there, so that all else is the same, padding too. */
	memcpy(&would, &are, sizeof(would));
	if ((rc = mqs_setting_pair(table(r), pair, &s, &value, &would, err)) != MQS_OK)
		return rc;
	*same = memcmp(would.bytes, are.bytes, sizeof(would.bytes)) == 0;
	return MQS_OK;
}

int
mqs_amqp_record_each(const struct mqs_amqp_record *r, mqs_setting_fn *fn, void *arg,
    struct mqs_error *err)
{
	const struct mqs_setting *s;
	struct mqs_buf text = { 0 };
	const char *value;
	int is_default, rc = 0;
	size_t i;

	for (s = table(r); s->name != NULL && rc == 0; s++) {
		value = text_of(r, s, &is_default);
		if (has(s->name))
			rc = fn(arg, s->name, value, is_default);
	}
	if (rc == 0 && r->group[0] != '\0' && r->bindings.n == 0)
		rc = fn(arg, "binding", "", 1);
	for (i = 0; i < r->bindings.n && rc == 0; i++) {
		text.n = 0;
		if (mqs_binding_format(&text, &r->bindings.list[i].binding) == -1)
			rc = mqs_fail_errno(err, "binding");
		else
			rc = fn(arg, "binding", text.p, 0);
	}
	mqs_buf_free(&text);
	return rc;
}
