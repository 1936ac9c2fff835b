/* reader_bounds.c - see reader_bounds.h */
#include <stdio.h>
#include <string.h>

#include "amqp/reader_bounds.h"
#include "base/error.h"

static int
take_key(struct mqs_amqp_bounds *b, const struct mqs_reader_options *o, struct mqs_error *err)
{
	if (o->key == NULL)
		return MQS_OK;
	if (o->key_len > MQS_KEY_MAX)
		return mqs_fail(err, MQS_EINVAL, "a key of %zu bytes", o->key_len);
	b->by_key = 1;
	b->key_len = o->key_len;
	memcpy(b->key, o->key, o->key_len);
	return MQS_OK;
}

static int
take_id(char to[MQS_ID_SIZE], const char *id, struct mqs_error *err)
{
	if (id == NULL)
		return MQS_OK;
	if (*id == '\0' || strlen(id) >= MQS_ID_SIZE)
		return mqs_fail(err, MQS_EINVAL, "%s: no id", id);
	(void)snprintf(to, MQS_ID_SIZE, "%s", id);
	return MQS_OK;
}

int
mqs_amqp_bounds_init(struct mqs_amqp_bounds *b, const struct mqs_reader_options *o,
    struct mqs_error *err)
{
	size_t i;
	int rc;

	memset(b, 0, sizeof(*b));
	b->last = INT64_MAX;
	if (o == NULL)
		return MQS_OK;
	b->since = o->since;
	b->until = o->until;
	if ((rc = take_id(b->since_id, o->since_id, err)) != MQS_OK ||
	    (rc = take_id(b->until_id, o->until_id, err)) != MQS_OK ||
	    (rc = take_key(b, o, err)) != MQS_OK)
		return rc;
	for (i = 0; i < o->nbindings && rc == MQS_OK; i++)
		rc = mqs_bindings_add(&b->bindings, &o->bindings[i], err);
	return rc;
}

void
mqs_amqp_bounds_free(struct mqs_amqp_bounds *b)
{
	mqs_bindings_free(&b->bindings);
}

int
mqs_amqp_bounds_want(const struct mqs_amqp_bounds *b, const struct mqs_message *m,
    int64_t offset, int64_t time)
{
	if (offset < b->first || offset > b->last || (time != 0 && time < b->since) ||
	    (b->until != 0 && time >= b->until))
		return 0;
	if (b->by_key && (m->key_len != b->key_len ||
	    (b->key_len > 0 && memcmp(m->key, b->key, b->key_len) != 0)))
		return 0;
	return mqs_bindings_match(&b->bindings, m);
}
