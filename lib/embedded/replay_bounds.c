/* replay_bounds.c - see replay_bounds.h */
#include "base/error.h"
#include "base/name.h"
#include "embedded/replay_bounds.h"

static int
parse_ids(struct mqs_replay_bounds *b, const struct mqs_reader_options *o,
    struct mqs_error *err)
{
	if (o->since_id != NULL &&
	    mqs_parse_u64(o->since_id, strlen(o->since_id), &b->first) == -1)
		return mqs_fail(err, MQS_EINVAL, "%s: not an id", o->since_id);
	if (o->until_id != NULL && mqs_parse_u64(o->until_id,
	    strlen(o->until_id), &b->until_id) == -1)
		return mqs_fail(err, MQS_EINVAL, "%s: not an id", o->until_id);
	return MQS_OK;
}

int
mqs_replay_bounds_of(struct mqs_replay_bounds *b, const struct mqs_reader_options *o,
    struct mqs_error *err)
{
	size_t i;
	int rc;

	memset(b, 0, sizeof(*b));
	b->until_id = UINT64_MAX;
	b->all = o == NULL || (o->since == 0 && o->key == NULL && o->nbindings == 0);
	if (o == NULL)
		return MQS_OK;
	if ((rc = parse_ids(b, o, err)) != MQS_OK)
		return rc;
	b->since = o->since;
	b->until = o->until;
	if (o->since > 0 && (uint64_t)o->since > b->first)
		b->first = (uint64_t)o->since;
	if (o->key_len > MQS_KEY_MAX)
		return mqs_fail(err, MQS_EINVAL, "key is longer than %d bytes", MQS_KEY_MAX);
	if (o->key != NULL) {
		memcpy(b->key, o->key, o->key_len);
		b->key_len = o->key_len;
		b->by_key = 1;
	}
	for (i = 0; i < o->nbindings && rc == MQS_OK; i++)
		rc = mqs_bindings_add(&b->bindings, &o->bindings[i], err);
	if (rc != MQS_OK)
		mqs_replay_bounds_free(b);
	return rc;
}

void
mqs_replay_bounds_free(struct mqs_replay_bounds *b)
{
	mqs_bindings_free(&b->bindings);
}

int
mqs_replay_matches(const struct mqs_replay_bounds *b, const struct mqs_message *m)
{
	if (b->since != 0 && m->time < b->since)
		return 0;
	if (b->by_key && (m->key_len != b->key_len ||
	    (b->key_len != 0 && memcmp(m->key, b->key, b->key_len) != 0)))
		return 0;
	return b->bindings.n == 0 || mqs_bindings_match(&b->bindings, m);
}
