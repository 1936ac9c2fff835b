/*
 * settings.c - see settings.h
 *
 * A value is checked before it is stored, so every stored value can be read.  One that can't
 * (a newer version has stored it) is reported, not ignored.  All pairs of one call are stored
 * by one transaction, so a crash leaves all of them or none.
 */
#include <limits.h>
#include <stdio.h>
#include <stdlib.h>

#include "base/error.h"
#include "embedded/queue/settings.h"
#include "embedded/queue/settings_schema.h"

static size_t
key_of(const char *name, char key[64])
{
	int n = snprintf(key, 64, "set:%s", name);

	return n < 0 || n >= 64 ? 0 : (size_t)n;
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
	uint64_t hash;
	int rc;

	for (s = table; s->name != NULL; s++) {
		if (s->kind == MQS_SETTING_SCHEMA) {
			if ((rc = mqs_settings_schema_load(tx, &hash, err)) != MQS_OK)
				return rc;
			memcpy((char *)structure + s->offset, &hash, sizeof(hash));
			continue;
		}
		if ((rc = stored(s, tx, text, err)) < 0)
			return rc;
		value = rc == MQS_OK ? text : s->preset;
		if (mqs_setting_parse(s, value, structure, &why) == -1)
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

union either {
	struct mqs_log_settings log;
	struct mqs_group_settings group;
	unsigned char	 bytes[sizeof(struct mqs_log_settings)];
};
_Static_assert(sizeof(struct mqs_log_settings) >= sizeof(struct mqs_group_settings),
    "bytes are all of either");

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

	if ((rc = mqs_setting_pair(table, pair, &s, &value, &scratch, err)) != MQS_OK)
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
	if ((rc = mqs_setting_pair(table, pair, &s, &value, &would, err)) != MQS_OK)
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

static int
each_schema(struct mqs_tx *tx, const struct mqs_setting *s, mqs_setting_fn *fn, void *arg,
    struct mqs_error *err)
{
	char *text;
	int rc;

	if ((rc = mqs_settings_schema_copy(tx, &text, err)) < 0)
		return rc;
	if (rc == MQS_NOTHING)
		return fn(arg, s->name, s->preset, 1);
	rc = fn(arg, s->name, text, 0);
	free(text);
	return rc;
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
