/* settle_request.c - see settle_request.h */
#include <stdlib.h>
#include <string.h>

#include "base/error.h"
#include "embedded/settle_request.h"

int
mqs_settle_request_set(struct mqs_settle_request *w, const struct mqs_settlement *s, uint64_t id,
    uint64_t lease, struct mqs_error *err)
{
	memset(w, 0, sizeof(*w));
	w->verb = s->verb;
	w->id = id;
	w->lease = lease;
	w->delay = s->delay;
	if (s->reason != NULL && (w->reason = strdup(s->reason)) == NULL)
		return mqs_fail_errno(err, "settling");
	if (s->detail != NULL && (w->detail = strdup(s->detail)) == NULL) {
		mqs_settle_request_free(w);
		return mqs_fail_errno(err, "settling");
	}
	return MQS_OK;
}

void
mqs_settle_request_free(struct mqs_settle_request *w)
{
	free(w->reason);
	free(w->detail);
	w->reason = w->detail = NULL;
}

int
mqs_settle_request_compare(const void *a, const void *b)
{
	const struct mqs_settle_request *x = a, *y = b;

	if (x->lease != y->lease)
		return x->lease < y->lease ? -1 : 1;
	return x->id < y->id ? -1 : x->id > y->id;
}
