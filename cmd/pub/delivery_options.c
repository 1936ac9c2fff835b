/*
 * pub/delivery_options.c - mq-pub's options about delivery: -p, -d, --at, --ttl, -i
 *
 * A delay and a time to live are counted from the moment when the message was read, not
 * from the start of the tool, which may have been reading for days.  The fields of an
 * envelope (-J) take precedence over the options.
 */
#include <string.h>

#include "base/clock.h"
#include "common/arguments.h"
#include "common/common_options.h"
#include "common/diagnostics.h"
#include "pub/delivery_options.h"

static int64_t
future(const char *option, const char *arg)
{
	int64_t now = judged_now(), at = arg_time(option, arg);

	if (at < now)
		usage_error("%s: '%s': is in the past", option, arg);
	return at;
}

int
delivery_option(struct delivery_options *t, int id, const char *arg)
{
	switch (id) {
	case 'p':
		t->priority = (int)arg_number("-p", arg, 0, 9);
		break;
	case 'd':
		t->delay = arg_duration("-d", arg);
		break;
	case DELIVERY_AT:
		t->at = future("--at", arg);
		break;
	case DELIVERY_TTL:
		t->ttl = arg_duration("--ttl", arg);
		break;
	case 'i':
		if (*arg == '\0')
			usage_error("-i: the message id is empty");
		t->message_id = arg;
		break;
	default:
		return 0;
	}
	t->given = 1;
	return 1;
}

void
delivery_options_check(const struct delivery_options *t, int operands)
{
	if (t->delay != -1 && t->at != 0)
		usage_error("-d and --at: only one of them can be meant");
	if (t->message_id != NULL && operands > 1)
		usage_error("-i: a message id is for one message, not for %d", operands);
}

static void
fill_times(const struct delivery_options *t, struct mqs_message *m)
{
	int64_t now = judged_now();

	if (m->not_before == 0)
		m->not_before = t->delay != -1 ? mqs_later(now, t->delay) : t->at;
	if (m->expires == 0 && t->ttl != -1)
		m->expires = mqs_later(m->not_before > now ? m->not_before : now,
		    t->ttl);
}

const char *
delivery_options_fill(const struct delivery_options *t, struct mqs_message *m)
{
	if (!t->given)
		return NULL;
	if (m->priority == 0)
		m->priority = t->priority;
	if (t->delay != -1 || t->at != 0 || t->ttl != -1)
		fill_times(t, m);
	if (t->message_id == NULL || m->message_id != NULL)
		return NULL;
	if (t->id_used)
		return "a second one, but -i is for one message";
	m->message_id = t->message_id;
	m->message_id_len = strlen(t->message_id);
	return NULL;
}

void
delivery_options_used(struct delivery_options *t, const struct mqs_message *m)
{
	if (m->message_id == t->message_id && t->message_id != NULL)
		t->id_used = 1;
}
