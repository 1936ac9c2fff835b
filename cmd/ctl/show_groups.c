/*
 * ctl/show_groups.c - who consumes a queue: lines of mq-ctl show that `set' passes over
 *
 *	# group kitchen: pattern:eu.*
 *	# group kitchen: key:uk
 *	# consumer 4711 of kitchen: since 2026-11-26T12:00:00.000000000Z, 3 outstanding
 *
 * The names of the groups are gathered first, since the library may not be called from
 * within its callback.  A group that goes meanwhile is left out.  Looking at a group takes more
 * permission than reading the settings of its queue: without it, its line says so.  What an
 * engine can't tell is left out.
 */
#include <inttypes.h>
#include <string.h>

#include "base/units.h"
#include "common/output.h"
#include "ctl/show_groups.h"

struct lines {
	struct mqs_buf	*text;
	const char	*group;		/* named in each line; NULL: of one group */
};

static int
add_name(void *arg, const char *queue, const char *group)
{
	(void)queue;
	if (group != NULL)
		must(mqs_buf_add(arg, group, strlen(group) + 1));
	return 0;
}

static int
add_binding(void *arg, const char *name, const char *value, int is_default)
{
	const struct lines *l = arg;

	if (strcmp(name, "binding") == 0 && !is_default)
		must(mqs_buf_addf(l->text, "# group %s: %s\n", l->group, value));
	return 0;
}

static int
add_consumer(void *arg, const struct mqs_consumer_stat *c)
{
	const struct lines *l = arg;
	struct mqs_buf *text = l->text;
	char when[MQS_TIME_SIZE];

	if (c->pid != 0)
		must(mqs_buf_addf(text, "# consumer %" PRId64, c->pid));
	else
		must(mqs_buf_addf(text, "# consumer %s", c->where[0] != '\0' ? c->where : "-"));
	must(mqs_buf_addf(text, "%s%s: since %s, ", l->group != NULL ? " of " : "",
	    l->group != NULL ? l->group : "",
	    c->since == MQS_UNKNOWN_TIME ? "-" : mqs_format_time(c->since, when)));
	if (c->held == MQS_UNKNOWN)
		must(mqs_buf_addf(text, "- outstanding\n"));
	else
		must(mqs_buf_addf(text, "%" PRIu64 " outstanding\n", c->held));
	return 0;
}

int
show_consumers(struct mqs_buf *text, struct mqs_spool *spool, const char *queue,
    const char *group, struct mqs_error *err)
{
	struct lines l = { .text = text };
	int rc = mqs_outstanding(spool, queue, group, add_consumer, NULL, &l, err);

	return rc == MQS_ENOTSUP ? MQS_OK : rc;
}

static int
add_group(struct mqs_buf *text, struct mqs_spool *spool, const char *queue,
    const char *group, struct mqs_error *err)
{
	struct lines l = { .text = text, .group = group };
	size_t start = text->n;
	int rc;

	rc = mqs_show(spool, queue, group, add_binding, &l, err);
	if (rc >= 0 && text->n == start)
		must(mqs_buf_addf(text, "# group %s: all messages\n", group));
	if (rc >= 0)
		rc = mqs_outstanding(spool, queue, group, add_consumer, NULL, &l, err);
	if (rc == MQS_ENOTSUP)
		rc = MQS_OK;
	if (rc == MQS_EPERM || rc == MQS_ENOENT)
		text->n = start;
	if (rc == MQS_EPERM)
		must(mqs_buf_addf(text, "# group %s: permission denied\n", group));
	return rc == MQS_EPERM || rc == MQS_ENOENT ? MQS_OK : rc;
}

int
show_groups(struct mqs_buf *text, struct mqs_spool *spool, const char *queue,
    struct mqs_error *err)
{
	struct mqs_buf names = { 0 };
	const char *name;
	int rc;

	rc = mqs_list(spool, queue, add_name, &names, err);
	for (name = names.p; rc >= 0 && name != NULL && name < names.p + names.n;
	    name += strlen(name) + 1)
		rc = add_group(text, spool, queue, name, err);
	mqs_buf_free(&names);
	return rc == MQS_ENOTSUP ? MQS_OK : rc;
}
