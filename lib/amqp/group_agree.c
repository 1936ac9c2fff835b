/* group_agree.c - see group_agree.h */
#include <stdio.h>
#include <string.h>

#include "amqp/group_agree.h"
#include "base/advice.h"
#include "base/error.h"

/* Reports other bindings than were asked for, with the command that would set these. */
static int
bound_otherwise(const struct mqs_amqp_record *r, const char *ctl,
    const struct mqs_consumer_options *o, struct mqs_error *err)
{
	struct mqs_buf options = { 0 };
	size_t i;
	int rc = 0;

	for (i = 0; i < o->nbindings && rc == 0; i++)
		rc = mqs_binding_options(&options, &o->bindings[i]);
	if (rc == -1)
		rc = mqs_fail_errno(err, "%s/%s", r->queue, r->group);
	else
		rc = mqs_fail(err, MQS_ECONFIG, "%s/%s: exists with %s; to change that: "
		    "%s bind --replace %.*s%s/%s", r->queue, r->group,
		    r->bindings.n == 0 ? "no bindings" : "other bindings", ctl, (int)options.n,
		    options.p, r->queue, r->group);
	mqs_buf_free(&options);
	return rc;
}

static int
bindings_agree(const struct mqs_amqp_record *r, const char *ctl,
    const struct mqs_consumer_options *o, struct mqs_error *err)
{
	struct mqs_bindings set = { 0 };
	struct mqs_error why;
	size_t i;
	int rc = MQS_OK;

	for (i = 0; i < o->nbindings && rc == MQS_OK; i++)
		rc = mqs_bindings_add(&set, &o->bindings[i], &why);
	if (rc != MQS_OK)
		rc = mqs_fail(err, rc, "%s/%s: %s", r->queue, r->group, why.text);
	else if (set.n > 0 && mqs_bindings_digest(&set) != mqs_bindings_digest(&r->bindings))
		rc = bound_otherwise(r, ctl, o, err);
	mqs_bindings_free(&set);
	return rc;
}

static int
settings_agree(const struct mqs_amqp_record *r, const char *ctl,
    const struct mqs_consumer_options *o, struct mqs_error *err)
{
	struct mqs_error why;
	size_t i;
	int same;

	for (i = 0; i < o->nsettings; i++) {
		int rc;

		if ((rc = mqs_amqp_record_same(r, o->settings[i], &same, &why)) != MQS_OK)
			return mqs_fail(err, rc, "%s/%s: %s", r->queue, r->group, why.text);
		if (!same)
			return mqs_fail(err, MQS_ECONFIG, "%s/%s: exists with another value of "
			    "%.*s; to change that: %s set %s/%s '%s'", r->queue, r->group,
			    (int)strcspn(o->settings[i], "="), o->settings[i], ctl, r->queue,
			    r->group, o->settings[i]);
	}
	return MQS_OK;
}

int
mqs_amqp_group_agrees(const struct mqs_amqp_record *r, const char *spool,
    const struct mqs_consumer_options *o, struct mqs_error *err)
{
	char ctl[MQS_CTL_SIZE], queue[MQS_CTL_SIZE];
	int rc;

	/* mqs_ctl wants the place of a queue. */
	(void)snprintf(queue, sizeof(queue), "%.*s/q", (int)sizeof(queue) - 3, spool);
	mqs_ctl(ctl, queue);
	if ((rc = bindings_agree(r, ctl, o, err)) != MQS_OK)
		return rc;
	return settings_agree(r, ctl, o, err);
}
