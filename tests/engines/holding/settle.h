/* holding/settle.h - the engine whose deliveries end with their consumer: settlers, a setting */
#ifndef HOLDING_SETTLE_H
#define HOLDING_SETTLE_H

#include "engine/engine.h"

int	holding_settler_open(struct mqs_settler **out, struct mqs_spool *spool, mqs_settled_fn *settled,
    void *arg, struct mqs_error *err);
int	holding_settler_add(struct mqs_settler *s, const char *receipt, const struct mqs_settlement *how,
    uint64_t tag, struct mqs_error *err);
int	holding_settler_flush(struct mqs_settler *s, struct mqs_error *err);
void	holding_settler_free(struct mqs_settler *s);
/* One setting: the lease, $MQ_HOLDING_LEASE. */
int	holding_show(struct mqs_spool *spool, const char *queue, const char *group, mqs_setting_fn *fn,
    void *arg, struct mqs_error *err);

#endif
