/* sub/stdout_acks.h - acking what was delivered to stdout */
#ifndef MQ_CMD_SUB_STDOUT_ACKS_H
#define MQ_CMD_SUB_STDOUT_ACKS_H

#include "mqspool.h"
#include "sub/stdout_writer.h"
#include "sub/sub.h"

/* Acks what the reader has taken. */
int	stdout_ack(struct sub *, struct stdout_writer *, struct mqs_error *err);

#endif
