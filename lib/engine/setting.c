/* setting.c - see setting.h */
#include <limits.h>
#include <stddef.h>
#include <string.h>

#include "base/bytes.h"
#include "base/error.h"
#include "base/hash.h"
#include "base/name.h"
#include "base/units.h"
#include "engine/setting.h"
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

const struct mqs_setting *
mqs_setting_find(const struct mqs_setting *table, const char *name, size_t n)
{
	const struct mqs_setting *s;

	for (s = table; s->name != NULL; s++)
		if (strlen(s->name) == n && memcmp(s->name, name, n) == 0)
			return s;
	return NULL;
}

uint64_t
mqs_settings_schema_hash(const void *text, size_t n)
{
	uint64_t hash = XXH3_64bits(text, n);

	return n == 0 ? 0 : hash == 0 ? 1 : hash;
}

/* These two are told with the limit itself (tell_value). */
static const char too_small[] = "is too small", too_large[] = "is too large";

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
parse_number(const struct mqs_setting *s, const char *text, void *at,
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
			*why = text[strspn(text, "0123456789")] == '\0' && *text != '\0' ?
			    too_large : "is not a number";
			return -1;
		}
	} else if (mqs_parse_size(text, &v, why) == -1)
		return -1;
	if (v < s->min || v > s->max) {
		*why = v < s->min ? too_small : too_large;
		return -1;
	}
	memcpy(at, &v, sizeof(v));
	return 0;
}

/* What is no amount may be the wrong one of the words "off", "never" and "forever". */
static int
parse_amount(const struct mqs_setting *s, const char *text, void *at,
    const char **why)
{
	static const char *const wrong_words[] = {
		[MQS_SETTING_RETAIN] = "is neither a duration nor forever",
		[MQS_SETTING_LIMIT] = "is neither a size nor off",
		[MQS_SETTING_SPAN] = "is neither a duration nor off",
		[MQS_SETTING_EXPIRES] = "is neither a duration nor never",
		[MQS_SETTING_COUNT] = "is neither a number nor off",
		[MQS_SETTING_FREE] = "is neither a size nor auto",
	};

	if (parse_number(s, text, at, why) == 0)
		return 0;
	if ((size_t)s->kind < sizeof(wrong_words) / sizeof(*wrong_words) &&
	    wrong_words[s->kind] != NULL && (*text < '0' || *text > '9'))
		*why = wrong_words[s->kind];
	return -1;
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

int
mqs_setting_parse(const struct mqs_setting *s, const char *text, void *structure,
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

/* Settings that only the other ones have, queues or groups, are told where they belong. */
static int
no_such_setting(const struct mqs_setting *table, const char *name, size_t n, struct mqs_error *err)
{
	const int of_queue = table == mqs_log_setting_table;

	if (mqs_setting_find(of_queue ? mqs_group_setting_table : mqs_log_setting_table, name, n) == NULL)
		return mqs_fail(err, MQS_ECONFIG, "%.*s: no such setting", (int)n, name);
	return mqs_fail(err, MQS_ECONFIG, "%.*s: a setting of %s", (int)n, name, of_queue ?
	    "groups: name QUEUE/GROUP" : "queues: name the queue alone");
}

/* Says what is wrong with a value, and what the limit is if it is beyond that. */
static int
tell_value(const struct mqs_setting *s, const char *pair, const char *why, struct mqs_error *err)
{
	/* Not all of a long value, which would leave no room for the reason. */
	const char *cut = strlen(pair) > 128 ? "..." : "";
	char limit[MQS_SIZE_SIZE];

	if (why != too_small && why != too_large)
		return mqs_fail(err, MQS_ECONFIG, "%.128s%s: %s", pair, cut, why);
	if (why == too_small && s->min == 1)
		return mqs_fail(err, MQS_ECONFIG, "%.128s%s: %s (more than 0)", pair, cut, why);
	if (s->kind == MQS_SETTING_NUMBER || s->kind == MQS_SETTING_COUNT)
		(void)mqs_format_u64(why == too_small ? s->min : s->max, limit);
	else
		(void)mqs_format_size(why == too_small ? s->min : s->max, limit);
	return mqs_fail(err, MQS_ECONFIG, "%.128s%s: %s (at %s %s)", pair, cut, why,
	    why == too_small ? "least" : "most", limit);
}

int
mqs_setting_pair(const struct mqs_setting *table, const char *pair,
    const struct mqs_setting **s, const char **value, void *structure,
    struct mqs_error *err)
{
	const char *equals = strchr(pair, '='), *why;

	if (equals == NULL)
		return mqs_fail(err, MQS_EINVAL, "%s: not NAME=VALUE", pair);
	if ((*s = mqs_setting_find(table, pair, (size_t)(equals - pair))) == NULL)
		return no_such_setting(table, pair, (size_t)(equals - pair), err);
	*value = equals + 1;
	if (mqs_setting_parse(*s, **value != '\0' ? *value : (*s)->preset, structure, &why) == -1)
		return tell_value(*s, pair, why, err);
	return MQS_OK;
}
