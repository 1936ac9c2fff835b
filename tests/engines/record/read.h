/* record/read.h - the engine that records: readers */
#ifndef RECORD_READ_H
#define RECORD_READ_H

#include "engine/engine.h"

int	record_reader_open(struct mqs_reader **out, struct mqs_spool *spool, const char *queue,
    const char *group, const struct mqs_reader_options *o, struct mqs_error *err);
int	record_reader_next(struct mqs_reader *r, struct mqs_message *m, struct mqs_error *err);
void	record_reader_rest(struct mqs_reader *r);
int	record_reader_fd(struct mqs_reader *r, struct mqs_error *err);
int	record_reader_service(struct mqs_reader *r, struct mqs_error *err);
void	record_reader_free(struct mqs_reader *r);

#endif
