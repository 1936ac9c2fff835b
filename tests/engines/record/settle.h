/* record/settle.h - the engine that records: settlers */
#ifndef RECORD_SETTLE_H
#define RECORD_SETTLE_H

#include "engine/engine.h"

int	record_settler_open(struct mqs_settler **out, struct mqs_spool *spool, mqs_settled_fn *settled,
    void *arg, struct mqs_error *err);
int	record_settler_add(struct mqs_settler *s, const char *receipt, const struct mqs_settlement *how,
    uint64_t tag, struct mqs_error *err);
int	record_settler_flush(struct mqs_settler *s, struct mqs_error *err);
void	record_settler_free(struct mqs_settler *s);

#endif
