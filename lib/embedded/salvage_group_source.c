/*
 * salvage_group_source.c - see salvage_group_source.h
 *
 * The floor is the lower one of those that the file and the page tell, for each may be behind
 * the other: the page where its last write failed, the file where its newer meta page is damaged
 * and no page has a newer state than the older one leads to.  A rewind lowers the page before the file, so neither is above what was committed.  Of
 * a page of another boot the durable floor counts: the loss of power may have undone the last
 * commit.
 */
#include <errno.h>
#include <fcntl.h>
#include <stdio.h>
#include <stdlib.h>
#include <unistd.h>

#include "base/error.h"
#include "embedded/queue/group_file.h"
#include "embedded/queue/state_values.h"
#include "embedded/salvage_group_source.h"
#include "embedded/store/lmdb/page_scan_root.h"
#include "embedded/store/lmdb/page_scan_tree.h"

struct reading {
	struct mqs_group_remains *remains;
	const struct mqs_log	*log;
	int			 has_format;
	struct mqs_error	*err;
};

static int
key_is(const struct mqs_page_entry *e, const char *key)
{
	return e->key.n == strlen(key) && memcmp(e->key.p, key, e->key.n) == 0;
}

/*
 * How old a state is: numbers that only ever grow, of which each commit that hands out or settles
 * something, or rewinds, makes one greater.
 */
static int
age_of(const struct mqs_page_entry *e, uint64_t *age)
{
	const struct mqs_slice value = { e->value, e->size };
	uint64_t v[MQS_GROUP_VALUES];
	unsigned i;

	if (e->value == NULL || !key_is(e, "state") ||
	    mqs_state_decode(value, v, MQS_GROUP_VALUES) == -1)
		return 0;
	*age = v[MQS_GROUP_GENERATION] + v[MQS_GROUP_LAST_LEASE] + v[MQS_GROUP_SETTINGS] +
	    v[MQS_GROUP_FILTERED];
	for (i = MQS_GROUP_DELIVERED; i <= MQS_GROUP_DROPPED; i++)
		*age += v[i];
	return 1;
}

/* An entry of the main table. */
static int
take_main(void *arg, const struct mqs_page_entry *e)
{
	struct reading *r = arg;
	struct mqs_group_remains *g = r->remains;
	const struct mqs_slice value = { e->value, e->size };

	if (e->value == NULL)
		return MQS_OK;
	if (key_is(e, "log") && (e->size != 16 || memcmp(e->value, r->log->uuid, 16) != 0))
		g->foreign = 1;
	if (key_is(e, "state") && mqs_state_decode(value, g->v, MQS_GROUP_VALUES) == 0)
		g->has_state = 1;
	if (key_is(e, "format"))
		r->has_format = 1;
	if (e->key.n <= 4 || memcmp(e->key.p, "set:", 4) != 0)
		return MQS_OK;
	if (mqs_buf_addf(&g->settings, "%.*s=%.*s", (int)e->key.n - 4, (const char *)e->key.p + 4,
	    (int)e->size, (const char *)e->value) == -1 || mqs_buf_addc(&g->settings, '\0') == -1)
		return mqs_fail_errno(r->err, "settings");
	return MQS_OK;
}

static int
take_binding(void *arg, const struct mqs_page_entry *e)
{
	const struct reading *r = arg;
	const struct mqs_slice value = { e->value, e->size };
	struct mqs_binding binding;

	/* What is no binding is missed by the digest. */
	if (e->value != NULL && mqs_binding_decode(&binding, value, NULL) == MQS_OK)
		(void)mqs_bindings_add(&r->remains->bindings, &binding, NULL);
	return MQS_OK;
}

static int
read_tables(struct reading *r, int fd, const char *name)
{
	struct mqs_group_remains *g = r->remains;
	struct mqs_page_choice choice;
	struct mqs_page_scan *scan;
	int rc, whole;

	if ((rc = mqs_page_scan_new(&scan, fd, name, r->err)) != MQS_OK)
		return rc;
	if ((rc = mqs_page_scan_choose(scan, age_of, &choice, r->err)) == MQS_OK)
		rc = mqs_page_scan_table(scan, NULL, take_main, r, &g->settings_whole, r->err);
	/* They lie between these two. */
	g->settings_whole = g->settings_whole && r->has_format && g->has_state;
	if (rc >= 0)
		rc = mqs_page_scan_table(scan, "bindings", take_binding, r, &whole, r->err);
	mqs_page_scan_free(scan);
	return rc < 0 ? rc : MQS_OK;
}

static int
read_file(struct reading *r, const char *group)
{
	char file[MQS_GROUP_FILE];
	int fd, rc;

	mqs_group_file(file, group, "mdb");
	fd = openat(r->log->dir.fd, file, O_RDONLY | O_CLOEXEC | O_NOCTTY | O_NONBLOCK);
	if (fd == -1 && errno == ENOENT)
		return MQS_OK;
	if (fd == -1)
		return mqs_fail_errno(r->err, "%s/%s", r->log->dir.path, file);
	r->remains->has_file = 1;
	rc = read_tables(r, fd, file);
	close(fd);
	return rc;
}

/* What the page tells: of the file's numbers only what those do not say. */
static void
read_page(struct reading *r, const char *group)
{
	struct mqs_group_remains *g = r->remains;
	char file[MQS_GROUP_FILE];
	struct mqs_page page;
	uint64_t floor;
	int this_boot;

	if (g->has_state)
		g->floor = g->v[MQS_GROUP_FLOOR];
	mqs_group_file(file, group, "stat");
	if (mqs_page_peek_any(&r->log->dir, file, &page, &this_boot) != MQS_OK)
		return;
	g->has_page = 1;
	floor = page.v[this_boot ? MQS_GROUP_FLOOR : MQS_GROUP_DURABLE_FLOOR];
	if (!g->has_state) {
		memcpy(g->v, page.v, sizeof(g->v));
		g->floor = floor;
	} else if (floor < g->floor)
		g->floor = floor;
	/* The file's last commit is lost: what it changed of settings and bindings is not known. */
	if (g->has_state && page.v[MQS_GROUP_SETTINGS] > g->v[MQS_GROUP_SETTINGS]) {
		g->settings_whole = 0;
		g->v[MQS_GROUP_DIGEST] = page.v[MQS_GROUP_DIGEST];
	}
	if (g->v[MQS_GROUP_GENERATION] < page.v[MQS_GROUP_GENERATION])
		g->v[MQS_GROUP_GENERATION] = page.v[MQS_GROUP_GENERATION];
}

int
mqs_group_remains_read(struct mqs_group_remains *g, const struct mqs_log *log, const char *group,
    struct mqs_error *err)
{
	struct reading r = { g, log, 0, err };
	int rc;

	memset(g, 0, sizeof(*g));
	if ((rc = read_file(&r, group)) != MQS_OK)
		return rc;
	if (g->foreign) {
		g->has_state = g->settings_whole = 0;
		g->settings.n = 0;
		mqs_bindings_free(&g->bindings);
		memset(g->v, 0, sizeof(g->v));
	}
	read_page(&r, group);
	g->bindings_whole = (g->has_state || g->has_page) && !g->foreign &&
	    mqs_bindings_digest(&g->bindings) == g->v[MQS_GROUP_DIGEST];
	if (!g->bindings_whole)
		mqs_bindings_free(&g->bindings);
	return MQS_OK;
}

void
mqs_group_remains_free(struct mqs_group_remains *g)
{
	mqs_buf_free(&g->settings);
	mqs_bindings_free(&g->bindings);
}
