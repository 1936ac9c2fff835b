/* check.h - a check under way (check.c, check_group.c) */
#ifndef MQS_EMBEDDED_CHECK_H
#define MQS_EMBEDDED_CHECK_H

#include "embedded/queue/lease_batch.h"
#include "embedded/spool.h"

struct mqs_checking {
	struct mqs_spool	*spool;
	struct mqs_log		*log;
	mqs_finding_fn		*finding;
	void			*arg;
	uint64_t		*findings, *messages;
	uint64_t		 lv[MQS_LOG_VALUES];
	struct mqs_error	*err;
};

/* Counts and tells a finding. */
void	mqs_found(struct mqs_checking *, const char *fmt, ...)
	    __attribute__((format(printf, 2, 3)));
/* Checks one group's tables; an error is what made going on impossible. */
int	mqs_check_group(struct mqs_checking *, struct mqs_group *, struct mqs_error *err);

/*
 * The parts of it that are about the order of keys: that of a key that is busy one message
 * is out.  An entry that is held or leased counts in *out if its key is busy with it.
 */
int	mqs_check_out(struct mqs_checking *, const struct mqs_group *, struct mqs_tx *,
	    const struct mqs_entry *, enum mqs_class, uint64_t *out, struct mqs_error *err);
/* And then there are as many keys. */
int	mqs_check_busy(struct mqs_checking *, const struct mqs_group *, struct mqs_tx *,
	    uint64_t out, struct mqs_error *err);
/* The part about priorities. */
int	mqs_check_ahead(struct mqs_checking *, const struct mqs_group *,
	    const uint64_t v[MQS_GROUP_VALUES], struct mqs_error *err);

#endif
