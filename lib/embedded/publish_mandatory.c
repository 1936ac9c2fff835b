/* publish_mandatory.c - see publish_mandatory.h */
#include <bsd/string.h>

#include <stdio.h>
#include <stdlib.h>

#include "base/error.h"
#include "embedded/publish_mandatory.h"
#include "embedded/queue/group_page.h"
#include "embedded/queue/group_temporary.h"

struct mqs_mandatory_group {
	char			 group[MQS_NAME_MAX + 1];
	uint64_t		 digest;	/* of the set, as it was read */
	struct mqs_bindings	 set;
	int			 there;		/* seen by the look under way */
};

struct look {
	struct mqs_mandatory	*routes;
	struct mqs_spool	*spool;
	struct mqs_log		*log;
	struct mqs_error	*err;
};

static struct mqs_mandatory_group *
find(struct mqs_mandatory *routes, const char *group)
{
	size_t i;

	for (i = 0; i < routes->n; i++)
		if (strcmp(routes->list[i].group, group) == 0)
			return &routes->list[i];
	return NULL;
}

static struct mqs_mandatory_group *
add(struct mqs_mandatory *routes, const char *group)
{
	size_t cap = routes->cap == 0 ? 8 : 2 * routes->cap;
	struct mqs_mandatory_group *list, *r;

	if (routes->n == routes->cap) {
		if ((list = reallocarray(routes->list, cap, sizeof(*list))) == NULL)
			return NULL;
		routes->list = list;
		routes->cap = cap;
	}
	r = &routes->list[routes->n++];
	memset(r, 0, sizeof(*r));
	(void)strlcpy(r->group, group, sizeof(r->group));
	return r;
}

/* Reads a group's bindings from its file, which stays closed if it was. */
static int
read_bindings(struct look *l, struct mqs_mandatory_group *r)
{
	struct mqs_group *open = mqs_spool_find_group(l->spool, l->log, r->group);
	struct mqs_group *group = open;
	struct mqs_tx *tx;
	int rc;

	if (group == NULL && (rc = mqs_group_open(&group, l->log, r->group,
	    l->err)) != MQS_OK)
		return rc;
	if ((rc = mqs_tx_read(group->db, &tx, l->err)) == MQS_OK) {
		rc = mqs_bindings_load(&r->set, tx, l->err);
		mqs_tx_abort(tx);
	}
	if (open == NULL)
		mqs_group_close(group);
	r->digest = mqs_bindings_digest(&r->set);
	return rc;
}

static int
look_at(void *arg, const char *name)
{
	struct look *l = arg;
	uint64_t v[MQS_GROUP_VALUES];
	struct mqs_mandatory_group *r;
	int rc, page, over = 0;

	if (l->routes->everything)
		return MQS_OK;
	if ((page = mqs_group_peek(&l->log->dir, name, v, l->err)) < 0)
		return page;
	if (page == MQS_OK && ((rc = mqs_group_has_expired(&l->log->dir, name, v,
	    mqs_judged_now(l->spool), &over, l->err)) != MQS_OK || over))
		return rc;
	if (page == MQS_OK && v[MQS_GROUP_DIGEST] == 0) {
		l->routes->everything = 1;
		return MQS_OK;
	}
	if ((r = find(l->routes, name)) == NULL &&
	    (r = add(l->routes, name)) == NULL)
		return mqs_fail_errno(l->err, "%s/%s", l->log->dir.name, name);
	r->there = 1;
	if ((page != MQS_OK || r->digest != v[MQS_GROUP_DIGEST]) &&
	    (rc = read_bindings(l, r)) != MQS_OK)
		return rc;
	l->routes->everything = r->set.n == 0;
	return MQS_OK;
}

int
mqs_mandatory_update(struct mqs_mandatory *routes, struct mqs_spool *spool,
    struct mqs_log *log, struct mqs_error *err)
{
	struct look l = { routes, spool, log, err };
	size_t i;

	routes->everything = 0;
	for (i = 0; i < routes->n; i++)
		routes->list[i].there = 0;
	return mqs_dir_each_group(&log->dir, look_at, &l, err);
}

int
mqs_mandatory_would_get(const struct mqs_mandatory *routes, const struct mqs_message *m)
{
	const struct mqs_mandatory_group *r, *end = routes->list + routes->n;

	if (routes->everything)
		return 1;
	for (r = routes->list; r < end; r++)
		if (r->there && mqs_bindings_match(&r->set, m))
			return 1;
	return 0;
}

void
mqs_mandatory_free(struct mqs_mandatory *routes)
{
	size_t i;

	for (i = 0; i < routes->n; i++)
		mqs_bindings_free(&routes->list[i].set);
	free(routes->list);
	memset(routes, 0, sizeof(*routes));
}
