/*
 * settings.c - see settings.h
 *
 * A value is checked before it is stored, so every stored value can be read.  One that can't
 * (a newer version has stored it) is reported, not ignored.  All pairs of one call are stored
 * by one transaction, so a crash leaves all of them or none.
 */
#include <limits.h>
#include <stddef.h>
#include <stdio.h>
#include <stdlib.h>

#include "base/error.h"
#include "base/hash.h"
#include "base/name.h"
#include "base/units.h"
#include "embedded/queue/settings.h"
#include "message/json_text.h"

#define LOG_AT(field)	offsetof(struct mqs_log_settings, field)
#define GROUP_AT(field)	offsetof(struct mqs_group_settings, field)
#define MAX_MESSAGE	(UINT64_C(1) << 40)

const struct mqs_setting mqs_log_setting_table[] = {
	{ "retain", MQS_SETTING_RETAIN, LOG_AT(retain), "7d", 0, INT64_MAX },
	{ "retain-bytes", MQS_SETTING_LIMIT, LOG_AT(retain_bytes), "off", 0, INT64_MAX },
	{ "max-message", MQS_SETTING_SIZE, LOG_AT(max_message), "1G", 1, MAX_MESSAGE },
	{ "ttl", MQS_SETTING_SPAN, LOG_AT(ttl), "off", 1, INT64_MAX },
	{ "max-messages", MQS_SETTING_COUNT, LOG_AT(max_messages), "off", 1, INT64_MAX },
	{ "max-bytes", MQS_SETTING_LIMIT, LOG_AT(max_bytes), "off", 1, INT64_MAX },
	{ "overflow", MQS_SETTING_OVERFLOW, LOG_AT(overflow), "block", 0, 0 },
	{ "min-free", MQS_SETTING_FREE, LOG_AT(min_free), "auto", 0, INT64_MAX },
	{ "compact", MQS_SETTING_KEY, LOG_AT(compact), "off", 0, 0 },
	{ "index", MQS_SETTING_KEY, LOG_AT(index), "off", 0, 0 },
	{ "sync", MQS_SETTING_SYNC, LOG_AT(relaxed), "full", 0, 0 },
	{ "schema", MQS_SETTING_SCHEMA, LOG_AT(schema), "", 0, 0 },
	{ "dead-letter", MQS_SETTING_QUEUE, LOG_AT(dead_letter), "", 0, 0 },
	{ "description", MQS_SETTING_TEXT, LOG_AT(description), "", 0, 0 },
	{ 0 }
};

const struct mqs_setting mqs_group_setting_table[] = {
	{ "lease", MQS_SETTING_DURATION, GROUP_AT(lease), "30s", 1, INT64_MAX },
	{ "max-attempts", MQS_SETTING_NUMBER, GROUP_AT(max_attempts), "5", 1, UINT32_MAX },
	{ "backoff", MQS_SETTING_RANGE, GROUP_AT(backoff_min), "1s..5m", 0, INT64_MAX },
	{ "max-leased", MQS_SETTING_COUNT, GROUP_AT(max_leased), "off", 1, UINT32_MAX },
	{ "exclusive", MQS_SETTING_SWITCH, GROUP_AT(exclusive), "off", 0, 0 },
	{ "ordered", MQS_SETTING_SWITCH, GROUP_AT(ordered), "off", 0, 0 },
	{ "expires", MQS_SETTING_EXPIRES, GROUP_AT(expires), "never", 1, INT64_MAX },
	{ 0 }
};

/* Parses "A..B", or one duration for both. */
static int
parse_range(const char *text, int64_t *range, const char **why)
{
	char low[64];
	const char *dots = strstr(text, "..");
	size_t n = dots == NULL ? strlen(text) : (size_t)(dots - text);

	if (n >= sizeof(low)) {
		*why = "is too long";
		return -1;
	}
	memcpy(low, text, n);
	low[n] = '\0';
	if (mqs_parse_duration(low, &range[0], why) == -1)
		return -1;
	if (dots == NULL) {
		range[1] = range[0];
		return 0;
	}
	if (mqs_parse_duration(dots + 2, &range[1], why) == -1)
		return -1;
	if (range[1] < range[0]) {
		*why = "ends before it begins";
		return -1;
	}
	return 0;
}

static int
parse_amount(const struct mqs_setting *s, const char *text, void *at,
    const char **why)
{
	uint64_t v;
	int64_t ns;

	if (s->kind == MQS_SETTING_DURATION || s->kind == MQS_SETTING_RETAIN ||
	    s->kind == MQS_SETTING_SPAN || s->kind == MQS_SETTING_EXPIRES) {
		if (mqs_parse_duration(text, &ns, why) == -1)
			return -1;
		v = (uint64_t)ns;
	} else if (s->kind == MQS_SETTING_NUMBER || s->kind == MQS_SETTING_COUNT) {
		if (mqs_parse_u64(text, strlen(text), &v) == -1) {
			*why = "is not a number";
			return -1;
		}
	} else if (mqs_parse_size(text, &v, why) == -1)
		return -1;
	if (v < s->min || v > s->max) {
		*why = v < s->min ? "is too small" : "is too large";
		return -1;
	}
	memcpy(at, &v, sizeof(v));
	return 0;
}

static int
parse_text(const struct mqs_setting *s, const char *text, char *at,
    const char **why)
{
	size_t n = strlen(text), i;

	if (n >= MQS_SETTING_TEXT_MAX) {
		*why = "is too long";
		return -1;
	}
	if (s->kind == MQS_SETTING_QUEUE && n != 0 &&
	    mqs_name_check(text, why) == -1)
		return -1;
	if (mqs_utf8_valid(text, n, 1) != n) {
		*why = "is not UTF-8";
		return -1;
	}
	for (i = 0; i < n; i++)
		if ((unsigned char)text[i] < ' ' || text[i] == 0x7f) {
			*why = "has control characters";
			return -1;
		}
	memcpy(at, text, n + 1);
	return 0;
}

/* Words that are 0, 1, 2 of an int64_t. */
static int
parse_word(const struct mqs_setting *s, const char *text, void *at, const char **why)
{
	static const struct {
		const char *words[4], *why;
	} kinds[] = {
		[MQS_SETTING_SYNC] = { { "full", "relaxed" }, "is neither full nor relaxed" },
		[MQS_SETTING_SWITCH] = { { "off", "on" }, "is neither on nor off" },
		[MQS_SETTING_OVERFLOW] = { { "block", "reject", "drop-oldest" },
		    "is neither block, reject nor drop-oldest" },
		[MQS_SETTING_KEY] = { { "off", "key" }, "is neither off nor key" },
	};
	int64_t i;

	for (i = 0; kinds[s->kind].words[i] != NULL; i++)
		if (strcmp(text, kinds[s->kind].words[i]) == 0) {
			memcpy(at, &i, sizeof(i));
			return 0;
		}
	*why = kinds[s->kind].why;
	return -1;
}

uint64_t
mqs_settings_schema_hash(const void *text, size_t n)
{
	uint64_t hash = XXH3_64bits(text, n);

	return n == 0 ? 0 : hash == 0 ? 1 : hash;
}

static int
parse_schema(const char *text, void *at, const char **why)
{
	size_t n = strlen(text);
	uint64_t hash = mqs_settings_schema_hash(text, n);

	if (n > MQS_SCHEMA_MAX)
		*why = "is too long";
	else if (n != 0 && !mqs_json_valid(text, n))
		*why = "is not JSON";
	else {
		memcpy(at, &hash, sizeof(hash));
		return 0;
	}
	return -1;
}

/* Parses text into its place in the structure: 0, or -1 and why. */
static int
parse(const struct mqs_setting *s, const char *text, void *structure,
    const char **why)
{
	void *at = (char *)structure + s->offset;

	switch (s->kind) {
	case MQS_SETTING_RETAIN:
		if (strcmp(text, "forever") == 0) {
			memcpy(at, &(int64_t){ INT64_MAX }, sizeof(int64_t));
			return 0;
		}
		break;
	case MQS_SETTING_LIMIT:
	case MQS_SETTING_SPAN:
	case MQS_SETTING_COUNT:
	case MQS_SETTING_EXPIRES:
		if (strcmp(text, s->kind == MQS_SETTING_EXPIRES ? "never" : "off") == 0) {
			memset(at, 0, sizeof(uint64_t));
			return 0;
		}
		break;
	case MQS_SETTING_RANGE:
		return parse_range(text, at, why);
	case MQS_SETTING_FREE:
		if (strcmp(text, "auto") == 0) {
			memcpy(at, &(uint64_t){ UINT64_MAX }, sizeof(uint64_t));
			return 0;
		}
		break;
	case MQS_SETTING_SYNC:
	case MQS_SETTING_SWITCH:
	case MQS_SETTING_OVERFLOW:
	case MQS_SETTING_KEY:
		return parse_word(s, text, at, why);
	case MQS_SETTING_SCHEMA:
		return parse_schema(text, at, why);
	case MQS_SETTING_QUEUE:
	case MQS_SETTING_TEXT:
		return parse_text(s, text, at, why);
	case MQS_SETTING_DURATION:
	case MQS_SETTING_SIZE:
	case MQS_SETTING_NUMBER:
		break;
	}
	return parse_amount(s, text, at, why);
}

static size_t
key_of(const char *name, char key[64])
{
	int n = snprintf(key, 64, "set:%s", name);

	return n < 0 || n >= 64 ? 0 : (size_t)n;
}

int
mqs_settings_schema(struct mqs_tx *tx, struct mqs_slice *text, struct mqs_error *err)
{
	char key[64];
	size_t n = key_of("schema", key);

	return mqs_tx_get(tx, MQS_DB_MAIN, key, n, text, err);
}

/* Loads the hash of the schema, which was checked when it was stored. */
static int
load_schema(struct mqs_tx *tx, const struct mqs_setting *s, void *structure,
    struct mqs_error *err)
{
	struct mqs_slice text = { NULL, 0 };
	uint64_t hash;
	int rc;

	if ((rc = mqs_settings_schema(tx, &text, err)) < 0)
		return rc;
	hash = rc == MQS_OK ? mqs_settings_schema_hash(text.p, text.n) : 0;
	memcpy((char *)structure + s->offset, &hash, sizeof(hash));
	return MQS_OK;
}

/* Passes the schema's text, which need not fit on a stack. */
static int
each_schema(struct mqs_tx *tx, const struct mqs_setting *s, mqs_setting_fn *fn, void *arg,
    struct mqs_error *err)
{
	struct mqs_slice text;
	char *copy;
	int rc;

	if ((rc = mqs_settings_schema(tx, &text, err)) < 0)
		return rc;
	if (rc == MQS_NOTHING)
		return fn(arg, s->name, s->preset, 1);
	if ((copy = malloc(text.n + 1)) == NULL)
		return mqs_fail_errno(err, "%s: setting %s", mqs_tx_label(tx), s->name);
	memcpy(copy, text.p, text.n);
	copy[text.n] = '\0';
	rc = fn(arg, s->name, copy, 0);
	free(copy);
	return rc;
}

/* The stored text of a setting, or MQS_NOTHING. */
static int
stored(const struct mqs_setting *s, struct mqs_tx *tx,
    char text[MQS_SETTING_TEXT_MAX], struct mqs_error *err)
{
	struct mqs_slice value;
	char key[64];
	size_t n = key_of(s->name, key);
	int rc;

	if ((rc = mqs_tx_get(tx, MQS_DB_MAIN, key, n, &value, err)) != MQS_OK)
		return rc;
	if (value.n >= MQS_SETTING_TEXT_MAX)
		return mqs_fail(err, MQS_EDAMAGED, "%s: setting %s: too long",
		    mqs_tx_label(tx), s->name);
	memcpy(text, value.p, value.n);
	text[value.n] = '\0';
	return MQS_OK;
}

int
mqs_settings_load(const struct mqs_setting *table, struct mqs_tx *tx,
    void *structure, struct mqs_error *err)
{
	const struct mqs_setting *s;
	char text[MQS_SETTING_TEXT_MAX];
	const char *why, *value;
	int rc;

	for (s = table; s->name != NULL; s++) {
		if (s->kind == MQS_SETTING_SCHEMA) {
			if ((rc = load_schema(tx, s, structure, err)) != MQS_OK)
				return rc;
			continue;
		}
		if ((rc = stored(s, tx, text, err)) < 0)
			return rc;
		value = rc == MQS_OK ? text : s->preset;
		if (parse(s, value, structure, &why) == -1)
			return mqs_fail(err, MQS_EVERSION,
			    "%s: setting %s=%s: %s", mqs_tx_label(tx), s->name,
			    value, why);
	}
	return MQS_OK;
}

int
mqs_settings_is_stored(struct mqs_tx *tx, const char *name, int *is, struct mqs_error *err)
{
	struct mqs_slice value;
	char key[64];
	int rc;

	rc = mqs_tx_get(tx, MQS_DB_MAIN, key, key_of(name, key), &value, err);
	*is = rc == MQS_OK;
	return rc < 0 ? rc : MQS_OK;
}

static const struct mqs_setting *
find(const struct mqs_setting *table, const char *name, size_t n)
{
	const struct mqs_setting *s;

	for (s = table; s->name != NULL; s++)
		if (strlen(s->name) == n && memcmp(s->name, name, n) == 0)
			return s;
	return NULL;
}

union either {
	struct mqs_log_settings log;
	struct mqs_group_settings group;
	unsigned char	 bytes[sizeof(struct mqs_log_settings)];
};
_Static_assert(sizeof(struct mqs_log_settings) >= sizeof(struct mqs_group_settings),
    "bytes are all of either");

/* The setting that a pair is about, and its value, which it was parsed from. */
static int
understand(const struct mqs_setting *table, const char *pair,
    const struct mqs_setting **s, const char **value, union either *parsed,
    struct mqs_error *err)
{
	const char *equals = strchr(pair, '='), *why;

	if (equals == NULL)
		return mqs_fail(err, MQS_EINVAL, "%s: not NAME=VALUE", pair);
	if ((*s = find(table, pair, (size_t)(equals - pair))) == NULL)
		return mqs_fail(err, MQS_ECONFIG, "%.*s: no such setting",
		    (int)(equals - pair), pair);
	*value = equals + 1;
	/* Not all of a long value, which would leave no room for the reason. */
	if (parse(*s, **value != '\0' ? *value : (*s)->preset, parsed, &why) == -1)
		return mqs_fail(err, MQS_ECONFIG, "%.128s%s: %s", pair,
		    strlen(pair) > 128 ? "..." : "", why);
	return MQS_OK;
}

static int
store_one(const struct mqs_setting *table, struct mqs_tx *tx, const char *pair,
    struct mqs_error *err)
{
	const struct mqs_setting *s;
	union either scratch;
	const char *value;
	char key[64];
	size_t n;
	int rc;

	if ((rc = understand(table, pair, &s, &value, &scratch, err)) != MQS_OK)
		return rc;
	n = key_of(s->name, key);
	if (*value != '\0')
		return mqs_tx_put(tx, MQS_DB_MAIN, key, n, value, strlen(value), err);
	rc = mqs_tx_del(tx, MQS_DB_MAIN, key, n, err);
	return rc == MQS_NOTHING ? MQS_OK : rc;
}

int
mqs_settings_same(const struct mqs_setting *table, struct mqs_tx *tx,
    const char *pair, int *same, struct mqs_error *err)
{
	union either are, would;
	const struct mqs_setting *s;
	const char *value;
	int rc;

	memset(are.bytes, 0, sizeof(are.bytes));
	if ((rc = mqs_settings_load(table, tx, &are, err)) != MQS_OK)
		return rc;
	/* Parsed over what is there, so that all else is the same, padding too. */
	memcpy(would.bytes, are.bytes, sizeof(would.bytes));
	if ((rc = understand(table, pair, &s, &value, &would, err)) != MQS_OK)
		return rc;
	*same = memcmp(would.bytes, are.bytes, sizeof(would.bytes)) == 0;
	return MQS_OK;
}

int
mqs_settings_store(const struct mqs_setting *table, struct mqs_tx *tx,
    const char *const *pairs, size_t n, struct mqs_error *err)
{
	size_t i;
	int rc;

	for (i = 0; i < n; i++)
		if ((rc = store_one(table, tx, pairs[i], err)) != MQS_OK)
			return rc;
	return MQS_OK;
}

int
mqs_settings_each(const struct mqs_setting *table, struct mqs_tx *tx,
    mqs_setting_fn *fn, void *arg, struct mqs_error *err)
{
	const struct mqs_setting *s;
	char text[MQS_SETTING_TEXT_MAX];
	int rc;

	for (s = table; s->name != NULL; s++) {
		if (s->kind == MQS_SETTING_SCHEMA) {
			if ((rc = each_schema(tx, s, fn, arg, err)) != 0)
				return rc;
			continue;
		}
		if ((rc = stored(s, tx, text, err)) < 0)
			return rc;
		rc = fn(arg, s->name, rc == MQS_OK ? text : s->preset,
		    rc == MQS_NOTHING);
		if (rc != 0)
			return rc;
	}
	return MQS_OK;
}
