/* admin_bindings.c - see admin.h: changing and telling the bindings of a group */
#include "amqp/admin.h"
#include "amqp/group_change.h"
#include "base/error.h"

struct wish {
	const struct mqs_binding *list;
	size_t		 n;
	int		 replace;
	size_t		 left;
};

static int
add(void *arg, struct mqs_amqp_record *r, int again, struct mqs_error *err)
{
	const struct wish *w = arg;
	size_t i;
	int rc = MQS_OK;

	(void)again;
	if (w->replace)
		mqs_bindings_free(&r->bindings);
	for (i = 0; i < w->n && rc == MQS_OK; i++)
		rc = mqs_bindings_add(&r->bindings, &w->list[i], err);
	return rc;
}

int
mqs_amqp_bind(struct mqs_spool *spool, const char *queue, const char *group,
    const struct mqs_binding *list, size_t n, int replace, struct mqs_error *err)
{
	struct wish w = { .list = list, .n = n, .replace = replace };

	return mqs_amqp_group_change(spool, queue, group, add, &w, err);
}

static int
take_away(void *arg, struct mqs_amqp_record *r, int again, struct mqs_error *err)
{
	struct wish *w = arg;
	size_t i;
	int rc = MQS_OK;

	for (i = 0; i < w->n && rc == MQS_OK; i++) {
		rc = mqs_bindings_remove(&r->bindings, &w->list[i], err);
		if (rc == MQS_NOTHING)
			rc = again ? MQS_OK : mqs_bindings_fail_missing(&w->list[i], err);
	}
	w->left = r->bindings.n;
	return rc;
}

int
mqs_amqp_unbind(struct mqs_spool *spool, const char *queue, const char *group,
    const struct mqs_binding *list, size_t n, size_t *left, struct mqs_error *err)
{
	struct wish w = { .list = list, .n = n };
	int rc = mqs_amqp_group_change(spool, queue, group, take_away, &w, err);

	if (rc == MQS_OK && left != NULL)
		*left = w.left;
	return rc;
}

int
mqs_amqp_bindings(struct mqs_spool *spool, const char *queue, const char *group,
    mqs_binding_fn *fn, void *arg, struct mqs_error *err)
{
	struct mqs_amqp_record r;
	size_t i;
	int rc;

	if ((rc = mqs_amqp_group_record(spool, queue, group, &r, err)) != MQS_OK)
		return rc;
	for (i = 0; i < r.bindings.n && rc == MQS_OK; i++)
		rc = fn(arg, &r.bindings.list[i].binding);
	mqs_amqp_record_free(&r);
	return rc;
}
