/* sub/stdout_receipts.h - mq-sub -m: what was delivered to stdout is left to others to settle */
#ifndef MQ_CMD_SUB_STDOUT_RECEIPTS_H
#define MQ_CMD_SUB_STDOUT_RECEIPTS_H

#include "mqspool.h"
#include "sub/stdout_writer.h"
#include "sub/sub.h"

struct stdout_receipts {
	size_t		 marked;	/* of the ring's oldest: handed out */
	size_t		 skipped;	/* given back, after all that is in the ring */
	uint64_t	 bytes, messages;	/* handed out, for their average size */
	size_t		 most;		/* to claim next: halved when it did not fit */
};
/* Marks as handed out what was written, and forgets what was taken. */
int	receipts_mark(struct sub *, struct stdout_receipts *, struct stdout_writer *, struct mqs_error *err);
/* -l: how many messages may be claimed, since that many can be written at once. */
size_t	receipts_room(const struct stdout_receipts *, const struct stdout_writer *);
/* -l: what was claimed last did fit. */
void	receipts_fitted(struct stdout_receipts *);
/* -l: gives back what could not be written at once. */
int	receipts_give_back(struct sub *, struct stdout_receipts *, struct stdout_writer *,
	    struct mqs_error *err);
/* The reader has gone: gives back what it left in the pipe. */
int	receipts_untaken(struct sub *, struct stdout_receipts *, struct stdout_writer *, struct mqs_error *err);

#endif
