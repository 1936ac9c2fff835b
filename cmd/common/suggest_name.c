/*
 * common/suggest_name.c - see suggest_name.h
 *
 * MQS_ENOENT may be about something else than names (a message, a binding).  What is named is
 * therefore looked for in the listing, and nothing is suggested for what is found there.  An
 * error of the listing says nothing: the one that is being reported matters.
 */
#include <stdio.h>
#include <string.h>

#include "common/suggest.h"
#include "common/suggest_name.h"

struct listing {
	struct suggestion queues, groups;
	const char	*queue, *group;
	int		 queue_there, group_there;
};

static int
offer(void *arg, const char *queue, const char *group)
{
	struct listing *l = arg;

	if (group == NULL) {
		l->queue_there |= strcmp(queue, l->queue) == 0;
		suggest_offer(&l->queues, queue);
	} else if (l->group != NULL && strcmp(queue, l->queue) == 0) {
		l->group_there |= strcmp(group, l->group) == 0;
		suggest_offer(&l->groups, group);
	}
	return 0;
}

void
suggest_name(struct mqs_spool *spool, const char *queue, const char *group, struct mqs_error *err)
{
	struct listing l = { .queue = queue, .group = group };
	char prefix[MQS_NAME_MAX + 2];
	struct mqs_error unsaid;

	if (err->code != MQS_ENOENT)
		return;
	suggest_begin(&l.queues, queue, strlen(queue));
	suggest_begin(&l.groups, group == NULL ? "" : group, group == NULL ? 0 : strlen(group));
	(void)mqs_list(spool, NULL, offer, &l, &unsaid);
	if (!l.queue_there) {
		suggest_append(err, suggest_text(&l.queues, ""));
		return;
	}
	if (group == NULL)
		return;
	(void)snprintf(prefix, sizeof(prefix), "%s/", queue);
	if (!l.group_there)
		suggest_append(err, suggest_text(&l.groups, prefix));
}
