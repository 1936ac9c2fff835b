/*
 * stat/dead_letters.c - which queues hold dead letters, and how many wait to be dealt with
 *
 * The dead-letter queue of a queue is the one that its setting dead-letter names, else QUEUE.dead,
 * and for a queue whose name ends in .dead, itself.  Several queues may share one.
 *
 * A group counts the messages that died in it, ever, so that number never falls again.  What an
 * operator has to deal with lies in the dead-letter queue:
 *
 *	it has a group `redrive'	what that group has yet to settle: "mq-ctl redrive" made it,
 *					and settles there what it delivered again
 *	it has other groups only	what the slowest of them has yet to settle: consumers deal
 *					with the letters
 *	it has no group			all that it retains
 */
#include <bsd/string.h>

#include <stdio.h>
#include <string.h>

#include "stat/dead_letters.h"

#define ENDING	".dead"
#define REDRIVE	"redrive"

int
dead_letters_by_name(const char *queue)
{
	const size_t n = strlen(queue), e = strlen(ENDING);

	return n > e && strcmp(queue + n - e, ENDING) == 0;
}

void
dead_letters_queue(const char *queue, const char *setting, char name[MQS_NAME_MAX + 1])
{
	const size_t size = MQS_NAME_MAX + 1;

	if (setting[0] != '\0' || dead_letters_by_name(queue))
		(void)strlcpy(name, setting[0] != '\0' ? setting : queue, size);
	else if ((size_t)snprintf(name, size, "%s" ENDING, queue) >= size)
		name[0] = '\0';
}

static int
see_setting(void *arg, const char *name, const char *value, int is_default)
{
	char *setting = arg;

	(void)is_default;
	if (strcmp(name, "dead-letter") == 0)
		(void)strlcpy(setting, value, MQS_NAME_MAX + 1);
	return 0;
}

int
dead_letters_find(struct mqs_spool *spool, const char *queue, char name[MQS_NAME_MAX + 1],
    struct mqs_error *err)
{
	char setting[MQS_NAME_MAX + 1] = "";
	const int rc = mqs_show(spool, queue, NULL, see_setting, setting, err);

	name[0] = '\0';
	if (rc != MQS_OK && rc != MQS_ENOTSUP)
		return rc;
	dead_letters_queue(queue, setting, name);
	return MQS_OK;
}

/* ------------------------------------------------------------ counting -- */

struct letters {
	uint64_t	retained, unsettled;
	unsigned	groups;
	int		redriven;	/* `unsettled' is that of the group redrive */
};

static int
see_queue(void *arg, const struct mqs_queue_stat *q)
{
	struct letters *l = arg;

	l->retained = q->messages;
	return 0;
}

static int
see_group(void *arg, const struct mqs_group_stat *g)
{
	struct letters *l = arg;
	const int is_redrive = strcmp(g->group, REDRIVE) == 0;

	if (l->groups++ == 0 || is_redrive || (!l->redriven && g->depth > l->unsettled))
		l->unsettled = g->depth;
	l->redriven |= is_redrive;
	return 0;
}

static uint64_t
waiting(const struct letters *l)
{
	return l->groups > 0 ? l->unsettled : l->retained;
}

uint64_t
dead_letters_count(uint64_t retained, const struct mqs_group_stat *groups, size_t n,
    const char **group)
{
	struct letters letters = { .retained = retained };
	size_t i;

	*group = NULL;
	for (i = 0; i < n; i++) {
		(void)see_group(&letters, &groups[i]);
		if (strcmp(groups[i].group, REDRIVE) == 0)
			*group = groups[i].group;
	}
	return waiting(&letters);
}

int
dead_letters(struct mqs_spool *spool, const char *queue, char name[MQS_NAME_MAX + 1],
    uint64_t *count, struct mqs_error *err)
{
	struct letters letters = { 0 };
	int rc;

	*count = 0;
	if ((rc = dead_letters_find(spool, queue, name, err)) != MQS_OK || name[0] == '\0')
		return rc;
	rc = mqs_stat(spool, name, NULL, see_queue, see_group, &letters, err);
	*count = waiting(&letters);
	return rc == MQS_ENOENT ? MQS_OK : rc;
}
