/* salvage_main_table.c - see salvage_main_table.h */
#include <stdio.h>
#include <stdlib.h>
#include <string.h>

#include "base/error.h"
#include "embedded/queue/state_values.h"
#include "embedded/salvage_main_table.h"
#include "embedded/store/lmdb/page_scan_tree.h"
#include "embedded/store/lmdb/segments.h"

/* ------------------------------------------------------------------ state -- */

/* These only ever grow. */
static uint64_t
age(const uint64_t v[MQS_LOG_VALUES])
{
	return v[MQS_LOG_ORDINAL] + v[MQS_LOG_REMOVED] + v[MQS_LOG_SETTINGS] +
	    v[MQS_LOG_DUPLICATES];
}

static int
key_is(const struct mqs_page_entry *e, const char *key)
{
	return e->key.n == strlen(key) && memcmp(e->key.p, key, e->key.n) == 0;
}

static int
is_state(const struct mqs_page_entry *e, uint64_t v[MQS_LOG_VALUES])
{
	const struct mqs_slice value = { e->value, e->size };

	return e->value != NULL && key_is(e, "state") &&
	    mqs_state_decode(value, v, MQS_LOG_VALUES) == 0;
}

static int
age_of(const struct mqs_page_entry *e, uint64_t *old)
{
	uint64_t v[MQS_LOG_VALUES];

	if (!is_state(e, v))
		return 0;
	*old = age(v);
	return 1;
}

/* Takes a state if it is newer than the one that there is: 1 if it is. */
static int
take_state(struct mqs_salvage_main *m, const uint64_t v[MQS_LOG_VALUES])
{
	uint64_t last = m->has_state ? m->v[MQS_LOG_LAST_ID] : 0;
	int newest = !m->has_state || age(v) > age(m->v);

	if (newest)
		memcpy(m->v, v, sizeof(m->v));
	if (m->v[MQS_LOG_LAST_ID] < last)
		m->v[MQS_LOG_LAST_ID] = last;
	m->has_state = 1;
	return newest;
}

/* ------------------------------------------------------- UUID and settings -- */

static void
look_for_uuid(struct mqs_salvage_main *m, const struct mqs_page_entry *e)
{
	if (!key_is(e, "uuid") || e->value == NULL || e->size != sizeof(m->uuid))
		return;
	memcpy(m->uuid, e->value, sizeof(m->uuid));
	m->has_uuid = 1;
}

static int
add_setting(struct mqs_buf *settings, const struct mqs_page_entry *e, const void *value)
{
	return mqs_buf_addf(settings, "%.*s=%.*s", (int)e->key.n - 4, (const char *)e->key.p + 4,
	    (int)e->size, (const char *)value) == 0 && mqs_buf_addc(settings, '\0') == 0 ?
	    MQS_OK : MQS_ESYSTEM;
}

/* A schema that is too long for a page of the main table has pages of its own. */
static int
add_long_setting(struct mqs_salvage_main *m, struct mqs_buf *settings,
    const struct mqs_page_entry *e)
{
	char *value = e->size > MQS_SCHEMA_MAX ? NULL : malloc(e->size + 1);
	int rc = MQS_OK;

	if (value == NULL && e->size <= MQS_SCHEMA_MAX)
		return MQS_ESYSTEM;
	if (value == NULL || mqs_page_scan_read(m->scan, e->at, value, e->size) < e->size)
		m->tell(m->tell_arg, "setting %.*s: not saved: can't be read",
		    (int)e->key.n - 4, (const char *)e->key.p + 4);
	else
		rc = add_setting(settings, e, value);
	free(value);
	return rc;
}

static int
look_for_setting(struct mqs_salvage_main *m, struct mqs_buf *settings,
    const struct mqs_page_entry *e)
{
	if (e->key.n <= 4 || memcmp(e->key.p, "set:", 4) != 0)
		return MQS_OK;
	return e->value != NULL ? add_setting(settings, e, e->value) :
	    add_long_setting(m, settings, e);
}

/* Removed messages stay in the tables until all of theirs is removed. */
static void
look_for_hidden(struct mqs_salvage_main *m, const struct mqs_page_entry *e)
{
	const struct mqs_slice value = { e->value, e->size };
	struct mqs_segments_stat st;

	if (e->value != NULL && key_is(e, MQS_SEGMENTS_KEY) &&
	    mqs_segments_decode(value, &st) == 0 && st.hidden > 0)
		m->hidden_from = st.from;
}

/* ------------------------------------------------------------------ reading -- */

/* The first and the last key of the table, which say that nothing is missing between. */
#define HAS_FIRST	1
#define HAS_LAST	2

struct reading {
	struct mqs_salvage_main *m;
	int	ends;
};

static int
take_entry(void *arg, const struct mqs_page_entry *e)
{
	struct reading *r = arg;
	struct mqs_salvage_main *m = r->m;
	uint64_t v[MQS_LOG_VALUES];

	if (is_state(e, v) && take_state(m, v))
		memcpy(m->root_v, v, sizeof(v));
	look_for_uuid(m, e);
	look_for_hidden(m, e);
	if (key_is(e, "log"))
		m->is_group = 1;
	r->ends |= key_is(e, "format") ? HAS_FIRST : key_is(e, "uuid") ? HAS_LAST : 0;
	return look_for_setting(m, &m->settings, e);
}

int
mqs_salvage_main_read(struct mqs_salvage_main *m, struct mqs_page_scan *scan,
    struct mqs_error *err)
{
	struct reading r = { m, 0 };
	int rc;

	m->scan = scan;
	if ((rc = mqs_page_scan_choose(scan, age_of, &m->root, err)) != MQS_OK ||
	    (rc = mqs_page_scan_table(scan, NULL, take_entry, &r, &m->whole, err)) < 0)
		return rc;
	m->whole = m->whole && m->has_state && r.ends == (HAS_FIRST | HAS_LAST);
	m->settings_seen = m->root_v[MQS_LOG_SETTINGS];
	return MQS_OK;
}

/* The settings of a page stand before its state or behind it. */
int
mqs_salvage_main_lost(struct mqs_salvage_main *m, const struct mqs_page_entry *e)
{
	const struct mqs_buf none = { 0 };
	uint64_t v[MQS_LOG_VALUES];

	if (m->whole && m->root.found == MQS_ROOT_SURE)
		return MQS_OK;
	if (e->page != m->page) {
		m->page = e->page;
		m->page_is_newest = 0;
		m->page_settings.n = 0;
	}
	if (is_state(e, v) && take_state(m, v)) {
		m->page_is_newest = 1;
		m->settings_seen = v[MQS_LOG_SETTINGS];
		mqs_buf_free(&m->settings);
		m->settings = m->page_settings;
		m->page_settings = none;
	}
	if (m->page_is_newest)
		look_for_uuid(m, e);
	return look_for_setting(m, m->page_is_newest ? &m->settings : &m->page_settings, e);
}

void
mqs_salvage_main_stat(struct mqs_salvage_main *m, const struct mqs_page *page)
{
	m->stat_commit = page->tx;
	(void)take_state(m, page->v);
}

void
mqs_salvage_main_free(struct mqs_salvage_main *m)
{
	mqs_buf_free(&m->settings);
	mqs_buf_free(&m->page_settings);
}

/* ------------------------------------------------------------- what it means -- */

int
mqs_salvage_main_is_old(const struct mqs_salvage_main *m)
{
	return m->root.found == MQS_ROOT_META && m->stat_commit != m->root.commit;
}

void
mqs_salvage_main_tell(const struct mqs_salvage_main *m, const char *name)
{
	const struct mqs_page_choice *root = &m->root;
	char which[48] = "both meta pages are damaged";

	if (root->damaged < 2)
		(void)snprintf(which, sizeof(which), root->astray ? "meta page %d leads to a damaged page" :
		    "meta page %d is damaged", root->damaged);
	if (root->found == MQS_ROOT_NONE)
		m->tell(m->tell_arg, "%s: %s: what is known of the queue is what was found",
		    name, which);
	else if (root->found == MQS_ROOT_PAGE)
		m->tell(m->tell_arg, "%s: %s: the newest state was found in page %llu",
		    name, which, (unsigned long long)root->page);
	else if (mqs_salvage_main_is_old(m))
		m->tell(m->tell_arg, "%s: %s: what came after commit %llu may be missing, and "
		    "messages that it removed may be back", name, which,
		    (unsigned long long)root->commit);
	else if (root->found == MQS_ROOT_META)
		m->tell(m->tell_arg, "%s: %s: the other one leads to commit %llu, the last one "
		    "that log.stat knows", name, which, (unsigned long long)root->commit);
	if (!m->has_uuid)
		m->tell(m->tell_arg,
		    "the queue's settings and UUID can't be read: the new queue has its own");
	else if (!m->whole)
		m->tell(m->tell_arg, "settings: not all could be read");
	else if (m->settings_seen < m->v[MQS_LOG_SETTINGS])
		m->tell(m->tell_arg, "settings: the last change could not be read: they are as before");
}
