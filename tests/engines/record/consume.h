/* record/consume.h - the engine that records: consumers and their runs */
#ifndef RECORD_CONSUME_H
#define RECORD_CONSUME_H

#include "engine/engine.h"

int	record_consumer_open(struct mqs_consumer **out, struct mqs_spool *spool, const char *queue,
    const char *group, const struct mqs_consumer_options *o, struct mqs_error *err);
int	record_consumer_claim(struct mqs_consumer *c, size_t max, size_t *count, int *held,
    struct mqs_error *err);
int	record_consumer_next(struct mqs_consumer *c, struct mqs_message *m, struct mqs_error *err);
void	record_consumer_rest(struct mqs_consumer *c);
int	record_consumer_settle(struct mqs_consumer *c, const struct mqs_settlement *s, struct mqs_error *err);
int	record_consumer_flush(struct mqs_consumer *c, struct mqs_error *err);
int	record_consumer_ack_through(struct mqs_consumer *c, uint64_t seq, uint64_t lease, size_t n,
    struct mqs_error *err);
int	record_consumer_handed_out(struct mqs_consumer *c, size_t n, struct mqs_error *err);
size_t	record_consumer_held(const struct mqs_consumer *c);
char *record_consumer_receipt(const struct mqs_consumer *c, const struct mqs_message *m,
    char buf[MQS_RECEIPT_SIZE]);
int	record_consumer_fd(struct mqs_consumer *c);
int	record_consumer_service(struct mqs_consumer *c, struct mqs_error *err);
int	record_consumer_close(struct mqs_consumer *c, struct mqs_error *err);
void	record_consumer_free(struct mqs_consumer *c);
int	record_run_new(struct mqs_run **out, struct mqs_consumer *c, const struct mqs_message *m, int *fd,
    struct mqs_error *err);
int	record_run_add(struct mqs_run *run, const struct mqs_message *m, struct mqs_error *err);
int	record_run_started(struct mqs_run *run, int64_t pid, struct mqs_error *err);
void	record_run_free(struct mqs_run *run);

#endif
