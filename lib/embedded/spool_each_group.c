/* spool_each_group.c - see spool_each_group.h */
#include "base/error.h"
#include "embedded/spool_each_group.h"

struct walk {
	struct mqs_spool	*spool;
	const char		*queue;
	struct mqs_log		*log;		/* of all groups of a queue */
	mqs_spool_group_fn	*fn;
	void			*arg;
	int			 failed;	/* the first error */
	struct mqs_error	*err;
};

/* Goes on after an error, which is kept if it is the first, else a notice; stops at a positive number. */
static int
judge(struct walk *w, int rc, const struct mqs_error *why)
{
	if (rc < 0 && w->failed != MQS_OK)
		mqs_notice(w->spool, "%s", why->text);
	else if (rc < 0) {
		w->failed = rc;
		if (w->err != NULL)
			*w->err = *why;
	}
	return rc > 0 ? rc : 0;
}

static int
visit(struct walk *w, const char *name, struct mqs_error *err)
{
	struct mqs_group *group;
	int rc;

	if ((rc = mqs_spool_group(w->spool, w->queue, name, 0, NULL, &group,
	    err)) != MQS_OK)
		return rc;
	return w->fn(w->arg, group, err);
}

static int
each(void *arg, const char *name)
{
	struct walk *w = arg;
	struct mqs_error why;
	int rc, was_open = mqs_spool_find_group(w->spool, w->log, name) != NULL;

	rc = visit(w, name, &why);
	if (!was_open)		/* else it is borrowed by other handles */
		mqs_spool_forget_group(w->spool, w->log, name);
	/* Deleted between being listed and looked at. */
	return rc == MQS_ENOENT ? 0 : judge(w, rc, &why);
}

static int
of_queue(struct walk *w, const char *group, struct mqs_error *err)
{
	int rc;

	if (group != NULL)
		return visit(w, group, err);
	if ((rc = mqs_spool_log_readonly(w->spool, w->queue, &w->log, err)) != MQS_OK)
		return rc;
	return mqs_dir_each_group(&w->log->dir, each, w, err);
}

static int
each_queue(void *arg, const char *queue)
{
	struct walk *w = arg;
	struct mqs_error why;
	int rc, was_open = mqs_spool_is_open(w->spool, queue);

	w->queue = queue;
	w->spool->no_wait = 1;		/* one under maintenance does not hold up the others */
	rc = of_queue(w, NULL, &why);
	w->spool->no_wait = 0;
	if (!was_open)		/* else it is borrowed by other handles */
		mqs_spool_forget(w->spool, queue);
	return rc == MQS_ENOENT ? 0 : judge(w, rc, &why);
}

int
mqs_spool_each_group(struct mqs_spool *spool, const char *queue, const char *group,
    mqs_spool_group_fn *fn, void *arg, struct mqs_error *err)
{
	struct walk w = { spool, queue, NULL, fn, arg, MQS_OK, err };
	int rc;

	rc = queue != NULL ? of_queue(&w, group, err) :
	    mqs_dir_each_queue(spool->path, each_queue, &w, err);
	return rc != MQS_OK ? rc : w.failed;
}
