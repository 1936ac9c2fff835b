/* sub/stdout_receipts.h - mq-sub -m: deliveries to stdout that others settle by receipt */
#ifndef MQ_CMD_SUB_STDOUT_RECEIPTS_H
#define MQ_CMD_SUB_STDOUT_RECEIPTS_H

#include "mqspool.h"
#include "sub/stdout_writer.h"
#include "sub/sub.h"

struct stdout_receipts {
	size_t		 marked;	/* how many of the ring's oldest are marked as handed out */
	size_t		 skipped;	/* messages given back, which come after those in the ring */
	uint64_t	 bytes, messages;	/* handed out, for their average size */
	size_t		 most;		/* to claim next; halved after a claim that did not fit */
};
/* Marks the messages that were written as handed out; forgets those that were taken. */
int	receipts_mark(struct sub *, struct stdout_receipts *, struct stdout_writer *,
	    struct mqs_error *err);
/* -l: how many messages may be claimed: as many as can be written at once. */
size_t	receipts_room(const struct stdout_receipts *, const struct stdout_writer *);
/* -l: the last claim was written whole. */
void	receipts_fitted(struct stdout_receipts *);
/* -l: gives back the messages that could not be written at once. */
int	receipts_give_back(struct sub *, struct stdout_receipts *, struct stdout_writer *,
	    struct mqs_error *err);
/* The reader has gone: gives back the messages that it left in the pipe. */
int	receipts_untaken(struct sub *, struct stdout_receipts *, struct stdout_writer *,
	    struct mqs_error *err);

#endif
