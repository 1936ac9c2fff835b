/*
 * publish_filter.c - publishing what a filter made of a delivery, exactly once
 *
 * The messages of a batch that came of one delivery are a section of the batch, which is
 * stored with a marker (publish_input.h).  A section can be taken back as long as it is
 * the last one.
 */
#include <stdlib.h>

#include "base/error.h"
#include "embedded/publish_batch.h"
#include "embedded/store/blob.h"

int
mqs_embedded_publisher_input(struct mqs_publisher *p, struct mqs_consumer *c,
    const struct mqs_message *m, struct mqs_error *err)
{
	struct mqs_section *s;
	int rc;

	if (mqs_publish_reserve((void **)&p->sections, p->nsections, &p->sections_cap,
	    sizeof(*s)) == -1)
		return mqs_fail_errno(err, "%s", p->log->dir.name);
	s = &p->sections[p->nsections];
	if ((rc = mqs_input_of(&s->input, c, m, err)) != MQS_OK)
		return rc;
	s->input.first = p->n;
	s->nshapes = p->nshapes;
	s->nlarge = p->nlarge;
	s->bytes = p->bytes;
	s->total = p->total;
	p->nsections++;
	return MQS_OK;
}

int
mqs_embedded_publisher_feed(struct mqs_publisher *p, struct mqs_consumer *c, struct mqs_error *err)
{
	(void)err;
	c->made_in = p->log;
	return MQS_OK;
}

void
mqs_embedded_publisher_input_drop(struct mqs_publisher *p)
{
	struct mqs_section *s;

	if (p->nsections == 0)
		return;
	s = &p->sections[--p->nsections];
	while (p->nshapes > s->nshapes) {
		mqs_blob_free(p->shapes[--p->nshapes].blob, 0);
		free(p->shapes[p->nshapes].own);
	}
	p->n = s->input.first;
	mqs_publish_schema_shrunk(p, p->n);
	p->nlarge = s->nlarge;
	p->bytes = s->bytes;
	p->total = s->total;
}

int
mqs_embedded_publisher_input_fits(const struct mqs_publisher *p)
{
	const struct mqs_log_settings *set = &p->log->settings;
	const struct mqs_section *s;

	if (p->nsections == 0)
		return 1;
	s = &p->sections[p->nsections - 1];
	return (set->max_messages == 0 || p->n - s->input.first <= set->max_messages) &&
	    (set->max_bytes == 0 || p->total - s->total <= set->max_bytes);
}

int
mqs_embedded_publisher_input_done(struct mqs_publisher *p, struct mqs_consumer *c,
    const struct mqs_message *m, struct mqs_error *err)
{
	struct mqs_input in;
	int rc;

	if ((rc = mqs_input_of(&in, c, m, err)) != MQS_OK)
		return rc;
	return mqs_marker_stands(p->log, &in.marker, err);
}
