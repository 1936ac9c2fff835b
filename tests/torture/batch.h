/* batch.h - a handler's part for mq-sub --batch */
#ifndef MQ_TORTURE_BATCH_H
#define MQ_TORTURE_BATCH_H

/*
 * Reads all records of its standard input, printed as ACT_FORMAT says, tells their starts,
 * works once, and tells the one outcome of all: "ack", "retry", "reject" or "die".
 */
const char *batch_work(const char *run);

#endif
