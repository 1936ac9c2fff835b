/* record/reply.h - the engine that records: calls and replies */
#ifndef RECORD_REPLY_H
#define RECORD_REPLY_H

#include "engine/engine.h"

int	record_call_open(struct mqs_call **out, struct mqs_spool *spool, const char *queue,
    struct mqs_error *err);
const char *record_call_address(const struct mqs_call *call);
int	record_call_wait(struct mqs_call *call, int64_t timeout, struct mqs_reply *reply,
    struct mqs_error *err);
void	record_call_free(struct mqs_call *call);
int	record_reply_wanted(struct mqs_spool *spool, const struct mqs_message *m, const char **address,
    struct mqs_error *err);
int	record_reply(struct mqs_spool *spool, const char *address, const char *reason, int fd,
    struct mqs_error *err);

#endif
