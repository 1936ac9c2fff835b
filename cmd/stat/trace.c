/*
 * stat/trace.c - mq-stat --message: what is still known of one message
 *
 * One line for the message, then one for each group; or one JSON object each.  All is gathered
 * before anything is printed, since a slow reader must not hold the queue's snapshot.
 */
#include <inttypes.h>
#include <stdio.h>
#include <string.h>

#include "base/bytes.h"
#include "base/clock.h"
#include "base/units.h"
#include "common/common_options.h"
#include "common/diagnostics.h"
#include "common/exit_status.h"
#include "common/output.h"
#include "common/suggest_name.h"
#include "message/json.h"
#include "stat/fields.h"
#include "stat/trace.h"

struct tracing {
	const char	*queue, *id;
	int		 json;
	int64_t		 now;
	int64_t		 expires;	/* of the message; 0: never, or not known */
	struct mqs_buf	 text;
};

static const char *const names[] = {
	[MQS_TRACE_NEW] = "new", [MQS_TRACE_MISSED] = "missed", [MQS_TRACE_READY] = "ready",
	[MQS_TRACE_WAITING] = "waiting", [MQS_TRACE_PARKED] = "parked",
	[MQS_TRACE_LEASED] = "leased", [MQS_TRACE_SKIPPED] = "skipped",
	[MQS_TRACE_SETTLED] = "settled"
};

/* ---------------------------------------------------------------- JSON -- */

static void
json_text(struct mqs_buf *t, const char *name, const char *text, size_t n)
{
	if (n == 0)
		return;
	must(mqs_buf_addf(t, ",\"%s\":", name));
	must(mqs_json_string(t, text, n));
}

static void
json_some_time(struct mqs_buf *t, const char *name, int64_t time)
{
	if (time != 0)
		json_time(t, name, time);
}

static void
json_message(struct tracing *tr, const struct mqs_message *m)
{
	struct mqs_buf *t = &tr->text;

	must(mqs_buf_addf(t, "{\"queue\":\"%s\",\"id\":\"%s\",\"retained\":%s", tr->queue, tr->id,
	    m != NULL ? "true" : "false"));
	if (m != NULL) {
		json_time(t, "time", m->time);
		json_number(t, "bytes", m->body_len);
		json_text(t, "key", m->key, m->key_len);
		json_number(t, "priority", (uint64_t)m->priority);
		json_text(t, "message_id", m->message_id, m->message_id_len);
		json_some_time(t, "not_before", m->not_before);
		json_some_time(t, "expires", m->expires);
	}
	must(mqs_buf_add(t, "}\n", 2));
}

static void
json_group_trace(struct tracing *tr, const struct mqs_group_trace *g)
{
	struct mqs_buf *t = &tr->text;

	must(mqs_buf_addf(t, "{\"queue\":\"%s\",\"group\":\"%s\",\"state\":\"%s\",\"matches\":%s",
	    g->queue, g->group, names[g->state],
	    g->matches == -1 ? "null" : g->matches ? "true" : "false"));
	if (g->state == MQS_TRACE_LEASED)
		json_number(t, "attempt", (uint64_t)g->attempts + 1);
	else if (g->state >= MQS_TRACE_READY && g->state < MQS_TRACE_LEASED)
		json_number(t, "attempts", g->attempts);
	json_some_time(t, "until", g->until);
	if (g->state == MQS_TRACE_LEASED) {
		json_process(t, "consumer", g->consumer);
		json_text(t, "receipt", g->receipt, strlen(g->receipt));
	}
	json_text(t, "dead_queue", g->dead_queue, strlen(g->dead_queue));
	json_text(t, "dead_id", g->dead_id, strlen(g->dead_id));
	if (g->dead_partly)
		must(mqs_buf_addf(t, ",\"dead_partly\":true"));
	must(mqs_buf_add(t, "}\n", 2));
}

/* ---------------------------------------------------------------- text -- */

static void
text_some_time(struct mqs_buf *t, const char *what, int64_t time)
{
	char when[MQS_TIME_SIZE];

	if (time != 0)
		must(mqs_buf_addf(t, ", %s %s", what, mqs_format_time(time, when)));
}

static void
text_message(struct tracing *tr, const struct mqs_message *m)
{
	struct mqs_buf *t = &tr->text;

	must(mqs_buf_addf(t, "%s: message %s: ", tr->queue, tr->id));
	if (m == NULL) {
		must(mqs_buf_addf(t, "not retained: removed, or there never was one of this id\n"));
		return;
	}
	must(mqs_buf_addf(t, "retained, %" PRIu64 " byte%s", m->body_len,
	    mqs_plural(m->body_len)));
	text_some_time(t, "published", m->time);
	if (m->key_len > 0) {
		must(mqs_buf_addf(t, ", key "));
		must(mqs_json_string(t, m->key, m->key_len));
	}
	if (m->message_id_len > 0) {
		must(mqs_buf_addf(t, ", message id "));
		must(mqs_json_string(t, m->message_id, m->message_id_len));
	}
	if (m->priority != 0)
		must(mqs_buf_addf(t, ", priority %d", m->priority));
	text_some_time(t, "not before", m->not_before);
	text_some_time(t, m->expires <= tr->now ? "expired" : "expires", m->expires);
	must(mqs_buf_addc(t, '\n'));
}

static void
text_leased(struct mqs_buf *t, const struct mqs_group_trace *g)
{
	must(mqs_buf_addf(t, "leased by "));
	if (g->consumer != 0)
		must(mqs_buf_addf(t, "process %" PRId64, g->consumer));
	else
		must(mqs_buf_addf(t, "a consumer that is gone"));
	text_some_time(t, "until", g->until);
	must(mqs_buf_addf(t, ", attempt %u, receipt %s", g->attempts + 1, g->receipt));
}

static void
text_settled(const struct tracing *tr, struct mqs_buf *t, const struct mqs_group_trace *g)
{
	if (g->dead_queue[0] != '\0')
		must(mqs_buf_addf(t, "dead letter: message %s of %s", g->dead_id, g->dead_queue));
	else if (g->matches == 0)
		must(mqs_buf_addf(t, "settled, or passed: it is not for this group"));
	else if (tr->expires != 0 && tr->expires <= tr->now)
		must(mqs_buf_addf(t, "settled, or expired: the group does not keep which"));
	else
		must(mqs_buf_addf(t, "settled"));
	if (g->dead_partly)
		must(mqs_buf_addf(t, " (not all dead letters were looked at)"));
}

static void
text_group_trace(const struct tracing *tr, struct mqs_buf *t, const struct mqs_group_trace *g)
{
	must(mqs_buf_addf(t, "%s/%s: ", g->queue, g->group));
	switch (g->state) {
	case MQS_TRACE_NEW:
		must(mqs_buf_addf(t, g->matches ? "not looked at yet" :
		    "not looked at yet; it is not for this group"));
		if (tr->expires != 0 && tr->expires <= tr->now)
			must(mqs_buf_addf(t, "; it has expired"));
		break;
	case MQS_TRACE_MISSED:
		must(mqs_buf_addf(t, "not looked at before it was removed, if it ever was there"));
		break;
	case MQS_TRACE_WAITING:
		must(mqs_buf_addf(t, "waiting"));
		text_some_time(t, "until", g->until);
		must(mqs_buf_addf(t, ", attempts so far: %u", g->attempts));
		break;
	case MQS_TRACE_READY:
	case MQS_TRACE_PARKED:
		must(mqs_buf_addf(t, "%s, attempts so far: %u", g->state == MQS_TRACE_READY ?
		    "ready" : "parked behind another message of its key", g->attempts));
		break;
	case MQS_TRACE_LEASED:
		text_leased(t, g);
		break;
	case MQS_TRACE_SKIPPED:
		must(mqs_buf_addf(t, "skipped"));
		break;
	case MQS_TRACE_SETTLED:
		text_settled(tr, t, g);
		break;
	}
	must(mqs_buf_addc(t, '\n'));
}

/* ------------------------------------------------------------- tracing -- */

static int
see_message(void *arg, const struct mqs_message *m)
{
	struct tracing *tr = arg;

	tr->expires = m != NULL ? m->expires : 0;
	if (tr->json)
		json_message(tr, m);
	else
		text_message(tr, m);
	return 0;
}

static int
see_group(void *arg, const struct mqs_group_trace *g)
{
	struct tracing *tr = arg;

	if (tr->json)
		json_group_trace(tr, g);
	else
		text_group_trace(tr, &tr->text, g);
	return 0;
}

/* An id that is a number, as the library writes it. */
static const char *
plain_id(const char *id)
{
	while (id[0] == '0' && id[1] >= '0' && id[1] <= '9')
		id++;
	return id;
}

int
stat_trace(struct mqs_spool *spool, const char *queue, const char *id, int json)
{
	struct tracing tr = { .queue = queue, .id = plain_id(id), .json = json, .now = judged_now() };
	struct mqs_error err;
	int rc = mqs_trace(spool, queue, tr.id, see_message, see_group, &tr, &err);

	if (tr.text.n != 0)
		fwrite(tr.text.p, 1, tr.text.n, stdout);
	mqs_buf_free(&tr.text);
	finish_stdout();
	if (rc >= 0)
		return STATUS_OK;
	suggest_name(spool, queue, NULL, &err);
	report_error(&err);
	return status_of(err.code);
}
