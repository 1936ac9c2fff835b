/* record/spool.c - see record/spool.h */
#include <stdlib.h>
#include <string.h>

#include "record/record.h"
#include "record/spool.h"

struct mqs_spool { struct mqs_handle handle; };

int
record_is_id(const char *text)
{
	const char *colon = strchr(text, ':');

	return colon != NULL && colon != text && colon[1] != '\0' &&
	    strspn(text, "0123456789") == (size_t)(colon - text) &&
	    strspn(colon + 1, "0123456789") == strlen(colon + 1);
}

int
record_spool_open(struct mqs_spool **out, const char *where, const struct mqs_options *options,
    struct mqs_error *err)
{
	record("spool_open %s flags=%u shift=%lld", where, options->flags,
	    (long long)options->clock_shift);
	return record_make(out, sizeof(**out), err);
}

void
record_spool_free(struct mqs_spool *spool)
{
	record("spool_free");
	free(spool);
}

void
record_spool_close_queues(struct mqs_spool *spool)
{
	(void)spool;
	record("spool_close_queues");
}
