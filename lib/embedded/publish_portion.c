/* publish_portion.c - see publish_portion.h */
#include "base/error.h"
#include "embedded/publish_portion.h"
#include "embedded/store/lmdb/db.h"

static int
is_limited(const struct mqs_publisher *p)
{
	const struct mqs_log_settings *s = &p->log->settings;

	return (s->max_messages | s->max_bytes) != 0;
}

/* Adds messages up to `to' to a portion, if they fit; takes them off the room. */
static int
add(struct mqs_publisher *p, struct mqs_portion *part, size_t to, struct mqs_log_room *room)
{
	uint64_t bytes = 0;
	size_t i;

	for (i = part->to; i < to; i++) {
		const struct mqs_shape *s = &p->shapes[p->batch[i].shape];

		bytes += s->blob != NULL ? s->record.message.body_len : p->batch[i].body_len;
	}
	if (to - part->to > room->messages || bytes > room->bytes)
		return 0;
	room->messages -= room->messages == UINT64_MAX ? 0 : to - part->to;
	room->bytes -= room->bytes == UINT64_MAX ? 0 : bytes;
	part->to = to;
	return 1;
}

/* 1 if all that is left of the batch fits; else the portion is what does. */
static int
fit(struct mqs_publisher *p, struct mqs_portion *part, struct mqs_log_room room)
{
	size_t loose = p->nsections > 0 ? p->sections[0].input.first : part->end, to;

	part->to = part->from;
	part->last = part->first;
	while (part->to < loose)
		if (!add(p, part, p->atomic ? loose : part->to + 1, &room))
			return 0;
	for (; part->last < p->nsections; part->last++) {
		to = part->last + 1 < p->nsections ?
		    p->sections[part->last + 1].input.first : p->n;
		if (!add(p, part, to, &room))
			return 0;
	}
	return 1;
}

static int
is_empty(const struct mqs_portion *part)
{
	return part->to == part->from && part->last == part->first;
}

/* What would fit if there were nothing in the queue: MQS_EDATA if nothing would. */
static int
fit_empty(struct mqs_publisher *p, struct mqs_portion *part, struct mqs_error *err)
{
	const struct mqs_log_settings *s = &p->log->settings;
	struct mqs_log_room whole = {
		.messages = s->max_messages == 0 ? UINT64_MAX : s->max_messages,
		.bytes = s->max_bytes == 0 ? UINT64_MAX : s->max_bytes
	};

	(void)fit(p, part, whole);
	if (!is_empty(part))
		return MQS_OK;
	return mqs_fail(err, MQS_EDATA, "%s: what can only be published at once is more "
	    "than max-messages or max-bytes", p->log->dir.name);
}

/* Makes room by dropping the oldest; what is then stored may still be nothing. */
static int
make_room(struct mqs_publisher *p, struct mqs_portion *part, struct mqs_log_tx *ltx,
    struct mqs_error *err)
{
	uint64_t bytes = 0, dropped;
	size_t i;
	int rc;

	if ((rc = fit_empty(p, part, err)) != MQS_OK ||
	    (rc = mqs_db_check_readers(p->log->db, err)) != MQS_OK)
		return rc;
	for (i = part->from; i < part->to; i++)
		bytes += p->shapes[p->batch[i].shape].blob != NULL ?
		    p->shapes[p->batch[i].shape].record.message.body_len :
		    p->batch[i].body_len;
	if ((rc = mqs_limits_drop_oldest(ltx, part->to - part->from, bytes, &part->room,
	    &part->trimmed, &dropped, err)) != MQS_OK)
		return rc;
	p->dropped += dropped;
	(void)fit(p, part, part->room);
	return MQS_OK;
}

int
mqs_portion_choose(struct mqs_publisher *p, struct mqs_portion *part, struct mqs_log_tx *ltx,
    struct mqs_error *err)
{
	int rc;

	part->trimmed.records = part->trimmed.nblobs = 0;
	part->to = part->end;
	part->last = p->nsections;
	if (!is_limited(p))
		return MQS_OK;
	mqs_limits_promised(ltx, &part->room);
	if (fit(p, part, part->room))
		return MQS_OK;
	if ((rc = mqs_limits_measure(ltx, &part->room, err)) != MQS_OK ||
	    fit(p, part, part->room))
		return rc;
	if (p->log->settings.overflow == MQS_OVERFLOW_DROP) {
		rc = make_room(p, part, ltx, err);
		return rc == MQS_OK && is_empty(part) && part->trimmed.records == 0 ?
		    MQS_NOTHING : rc;
	}
	if (!is_empty(part))
		return MQS_OK;
	rc = fit_empty(p, part, err);
	part->to = part->from;
	part->last = part->first;
	return rc == MQS_OK ? MQS_NOTHING : rc;
}

/* ------------------------------------------------- messages for nobody -- */

/* That no group would get a message. */
static int
unroutable(const struct mqs_publisher *p, const struct mqs_message *m,
    struct mqs_error *err)
{
	if (m->key_len == 0)
		return mqs_fail(err, MQS_ENOENT, "%s: no group would get a message "
		    "without a key", p->log->dir.name);
	return mqs_fail(err, MQS_ENOENT, "%s: no group would get a message with "
	    "key '%.*s'", p->log->dir.name, (int)m->key_len, m->key);
}

int
mqs_portion_end(struct mqs_publisher *p, struct mqs_portion *part, struct mqs_error *err)
{
	const struct mqs_message *m;
	uint32_t shape = UINT32_MAX;
	size_t i;
	int rc;

	part->end = p->n;
	if (!(p->flags & MQS_MANDATORY))
		return MQS_OK;
	if ((rc = mqs_mandatory_update(&p->routes, p->spool, p->log, err)) != MQS_OK)
		return rc;
	for (i = part->from; i < p->n; i++) {
		if (p->batch[i].shape == shape)
			continue;
		shape = p->batch[i].shape;
		m = &p->shapes[shape].record.message;
		if (mqs_mandatory_would_get(&p->routes, m))
			continue;
		if (i == part->from || p->atomic || p->nsections > 0)
			return unroutable(p, m, err);
		part->end = i;
		break;
	}
	return MQS_OK;
}
