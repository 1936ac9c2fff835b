/* record/spool.h - the engine that records: spools and ids */
#ifndef RECORD_SPOOL_H
#define RECORD_SPOOL_H

#include "engine/engine.h"

int	record_is_id(const char *text);
int	record_spool_open(struct mqs_spool **out, const char *where, const struct mqs_options *options,
    struct mqs_error *err);
void	record_spool_free(struct mqs_spool *spool);
void	record_spool_close_queues(struct mqs_spool *spool);

#endif
