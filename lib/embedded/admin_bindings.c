/*
 * admin_bindings.c - changing and showing the bindings of a group
 *
 * One transaction of the group makes the change, and the file is synced before success is
 * reported; a crash leaves the old bindings or the new ones.  Consumers of the group load the
 * new bindings with their next transaction, and keep what they have taken by then.
 */
#include "base/error.h"
#include "embedded/queue/group_settings.h"
#include "embedded/queue/group_tx.h"
#include "embedded/spool.h"

/* A change of bindings under way. */
struct rebinding {
	struct mqs_group_tx	 gtx;
	struct mqs_bindings	 set;
};

static int
begin(struct rebinding *b, struct mqs_spool *spool, const char *queue,
    const char *group, struct mqs_error *err)
{
	struct mqs_group *g;
	int rc;

	memset(&b->set, 0, sizeof(b->set));
	if ((rc = mqs_spool_group(spool, queue, group, 0, NULL, &g, err)) != MQS_OK ||
	    (rc = mqs_group_begin(&b->gtx, g, err)) != MQS_OK)
		return rc;
	if ((rc = mqs_bindings_load(&b->set, b->gtx.tx, err)) != MQS_OK)
		mqs_group_abort(&b->gtx);
	return rc;
}

/* Commits if rc is 0, else undoes; ends it in any case. */
static int
end(struct rebinding *b, int rc, struct mqs_error *err)
{
	struct mqs_group *group = b->gtx.group;

	if (rc == MQS_OK)
		rc = mqs_group_bindings_store(b->gtx.tx, b->gtx.v, &b->set, err);
	mqs_bindings_free(&b->set);
	if (rc != MQS_OK) {
		mqs_group_abort(&b->gtx);
		return rc;
	}
	if ((rc = mqs_group_commit(&b->gtx, err)) != MQS_OK)
		return rc;
	return mqs_db_sync(group->db, err);
}

static int
about(const char *queue, const char *group, int rc, const struct mqs_error *why,
    struct mqs_error *err)
{
	if (rc == MQS_OK)
		return rc;
	return mqs_fail(err, rc, "%s/%s: %s", queue, group, why->text);
}

int
mqs_embedded_bind(struct mqs_spool *spool, const char *queue, const char *group,
    const struct mqs_binding *bindings, size_t n, int replace,
    struct mqs_error *err)
{
	struct rebinding b;
	struct mqs_error why;
	size_t i;
	int rc;

	if ((rc = begin(&b, spool, queue, group, err)) != MQS_OK)
		return rc;
	if (replace)
		mqs_bindings_free(&b.set);
	for (i = 0; i < n && rc == MQS_OK; i++)
		rc = mqs_bindings_add(&b.set, &bindings[i], &why);
	return end(&b, about(queue, group, rc, &why, err), err);
}

int
mqs_embedded_unbind(struct mqs_spool *spool, const char *queue, const char *group,
    const struct mqs_binding *bindings, size_t n, size_t *left,
    struct mqs_error *err)
{
	struct rebinding b;
	struct mqs_error why;
	size_t i, remain;
	int rc;

	if ((rc = begin(&b, spool, queue, group, err)) != MQS_OK)
		return rc;
	for (i = 0; i < n && rc == MQS_OK; i++) {
		rc = mqs_bindings_remove(&b.set, &bindings[i], &why);
		if (rc == MQS_NOTHING)
			rc = mqs_bindings_fail_missing(&bindings[i], &why);
	}
	remain = b.set.n;
	rc = end(&b, about(queue, group, rc, &why, err), err);
	if (rc == MQS_OK && left != NULL)
		*left = remain;
	return rc;
}

int
mqs_embedded_bindings(struct mqs_spool *spool, const char *queue, const char *group,
    mqs_binding_fn *fn, void *arg, struct mqs_error *err)
{
	struct mqs_bindings set = { 0 };
	struct mqs_group *g;
	struct mqs_tx *tx;
	size_t i;
	int rc;

	if ((rc = mqs_spool_group(spool, queue, group, 0, NULL, &g, err)) != MQS_OK ||
	    (rc = mqs_tx_read(g->db, &tx, err)) != MQS_OK)
		return rc;
	rc = mqs_bindings_load(&set, tx, err);
	mqs_tx_abort(tx);
	for (i = 0; i < set.n && rc == MQS_OK; i++)
		rc = fn(arg, &set.list[i].binding);
	mqs_bindings_free(&set);
	return rc;
}
