/* redrive_target.c - see redrive.h: whether the group where a letter died is there */
#include <stdio.h>
#include <stdlib.h>
#include <string.h>

#include "amqp/delay.h"
#include "amqp/delay_topology.h"
#include "amqp/group_queue.h"
#include "amqp/redrive.h"
#include "amqp/topology.h"
#include "base/error.h"

#define MOST	1024u	/* that are remembered */

struct mqs_amqp_redrive_target {
	const struct mqs_spool	*spool;
	char			 queue[MQS_NAME_MAX + 1], group[MQS_NAME_MAX + 1];
	int			 rc;
	struct mqs_error	 why;
};

static int
look_job(void *arg, const struct mqs_amqp_link *link, struct mqs_error *err)
{
	const struct mqs_amqp_redrive_target *t = arg;
	char name[MQS_AMQP_NAME_SIZE];
	int rc = mqs_amqp_expect_queue(link, t->spool, t->queue, err);

	if (rc != MQS_OK)
		return rc;
	mqs_amqp_group_queue(name, t->queue, t->group);
	if ((rc = mqs_amqp_group_marked(link, name, err)) == MQS_ENOENT)
		return mqs_fail(err, rc, "%s: no such group", name);
	return rc != MQS_OK ? rc : mqs_amqp_delays_for_group(link, t->queue, t->group,
	    MQS_AMQP_DELAY_SHORT, err);
}

static struct mqs_amqp_redrive_target *
find(const struct mqs_amqp_redrive_targets *all, const struct mqs_dead_letter *l)
{
	size_t i;

	for (i = 0; i < all->n; i++)
		if (strcmp(all->list[i].queue, l->queue) == 0 &&
		    strcmp(all->list[i].group, l->group) == 0)
			return &all->list[i];
	return NULL;
}

int
mqs_amqp_redrive_target(struct mqs_amqp_redrive_targets *all, struct mqs_spool *spool,
    const struct mqs_dead_letter *l, struct mqs_error *err)
{
	struct mqs_amqp_redrive_target *t = find(all, l);

	if (t == NULL) {
		if (all->list == NULL && (all->list = calloc(MOST, sizeof(*t))) == NULL)
			return mqs_fail_errno(err, "%s/%s", l->queue, l->group);
		if (all->n == MOST)
			all->n = 0;
		t = &all->list[all->n];
		t->spool = spool;
		(void)snprintf(t->queue, sizeof(t->queue), "%s", l->queue);
		(void)snprintf(t->group, sizeof(t->group), "%s", l->group);
		t->rc = mqs_amqp_run(spool->connection, look_job, t, -1, &t->why);
		all->n++;
	}
	if (t->rc != MQS_OK && err != NULL)
		*err = t->why;
	return t->rc;
}

void
mqs_amqp_redrive_targets_free(struct mqs_amqp_redrive_targets *all)
{
	free(all->list);
}
