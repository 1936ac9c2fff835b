/*
 * list.c - the names of queues and groups, from the directories alone
 *
 * Nothing is opened but directories, so that a misspelt name can be compared with thousands,
 * and that a queue is listed which is damaged, or has been taken by maintenance.
 */
#include "base/error.h"
#include "embedded/spool.h"

struct listing {
	struct mqs_spool *spool;
	const char	*queue;
	int		 told;		/* its name was */
	mqs_name_listed_fn *fn;
	void		*arg;
	int		 failed;	/* the first error */
	struct mqs_error *err;
};

/* The queue's own name, once, when it is known that its groups can be listed. */
static int
list_itself(struct listing *l)
{
	if (l->told)
		return MQS_OK;
	l->told = 1;
	return l->fn(l->arg, l->queue, NULL);
}

static int
list_group(void *arg, const char *group)
{
	struct listing *l = arg;
	int rc = list_itself(l);

	return rc != MQS_OK ? rc : l->fn(l->arg, l->queue, group);
}

static int
list_queue(struct listing *l, const char *queue, struct mqs_error *err)
{
	int rc;

	l->queue = queue;
	l->told = 0;
	rc = mqs_dir_each_group_of(l->spool->path, queue, list_group, l, err);
	return rc != MQS_OK ? rc : list_itself(l);
}

/* One of many: one that may not be entered does not hide the others. */
static int
list_each(void *arg, const char *queue)
{
	struct listing *l = arg;
	struct mqs_error why;
	int rc;

	rc = list_queue(l, queue, &why);
	if (rc >= 0 || rc == MQS_ENOENT)	/* ENOENT: deleted meanwhile */
		return rc > 0 ? rc : MQS_OK;
	if (l->failed != MQS_OK) {
		mqs_notice(l->spool, "%s", why.text);
		return MQS_OK;
	}
	l->failed = rc;
	if (l->err != NULL)
		*l->err = why;
	return MQS_OK;
}

int
mqs_embedded_list(struct mqs_spool *spool, const char *queue, mqs_name_listed_fn *fn,
    void *arg, struct mqs_error *err)
{
	struct listing l = { .spool = spool, .fn = fn, .arg = arg, .err = err };
	int rc;

	if (queue == NULL) {
		rc = mqs_dir_each_queue(spool->path, list_each, &l, err);
		return rc != MQS_OK ? rc : l.failed;
	}
	return list_queue(&l, queue, err);
}
