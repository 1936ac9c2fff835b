/* record/settle.c - see record/settle.h */
#include <stdlib.h>

#include "record/record.h"
#include "record/settle.h"

struct mqs_settler {
	struct mqs_handle handle;
	mqs_settled_fn	*settled;
	void		*arg;
	uint64_t	 tags[16];
	size_t		 n;
};

int
record_settler_open(struct mqs_settler **out, struct mqs_spool *spool, mqs_settled_fn *settled,
    void *arg, struct mqs_error *err)
{
	int rc;

	(void)spool;
	record("settler_open");
	if ((rc = record_make(out, sizeof(**out), err)) != MQS_OK)
		return rc;
	(*out)->settled = settled;
	(*out)->arg = arg;
	return MQS_OK;
}

int
record_settler_add(struct mqs_settler *s, const char *receipt, const struct mqs_settlement *how,
    uint64_t tag, struct mqs_error *err)
{
	(void)err;
	record("settler_add %s verb=%d", receipt, (int)how->verb);
	if (s->n < sizeof(s->tags) / sizeof(s->tags[0]))
		s->tags[s->n++] = tag;
	return MQS_OK;
}

int
record_settler_flush(struct mqs_settler *s, struct mqs_error *err)
{
	(void)err;
	record("settler_flush %zu", s->n);
	while (s->n > 0)
		s->settled(s->arg, s->tags[--s->n], MQS_OK, "");
	return MQS_OK;
}

void
record_settler_free(struct mqs_settler *s)
{
	free(s);
}
