/* sub/stdout_policy.h - when what was delivered to stdout is done with: acked, or left to others */
#ifndef MQ_CMD_SUB_STDOUT_POLICY_H
#define MQ_CMD_SUB_STDOUT_POLICY_H

#include "mqspool.h"
#include "sub/stdout_writer.h"
#include "sub/sub.h"

/* sub/stdout_acks.c: acks what was taken. */
int	stdout_settle(struct sub *, struct outlet *, struct mqs_error *err);

/* sub/stdout_receipts.c (-m). */
struct manual {
	size_t		 marked;	/* of the ring's oldest: handed out */
	size_t		 skipped;	/* given back, after all that is in the ring */
	uint64_t	 bytes, messages;	/* handed out, for their average size */
	size_t		 most;		/* to claim next: halved when it did not fit */
};
/* Marks as handed out what was written, and forgets what was taken. */
int	manual_mark(struct sub *, struct manual *, struct outlet *, struct mqs_error *err);
/* -l: how many messages may be claimed, since that many can be written at once. */
size_t	manual_room(const struct manual *, const struct outlet *);
/* -l: what was claimed last did fit. */
void	manual_fitted(struct manual *);
/* -l: gives back what could not be written at once. */
int	manual_give_back(struct sub *, struct manual *, struct outlet *,
	    struct mqs_error *err);
/* The reader has gone: gives back what it left in the pipe. */
int	manual_untaken(struct sub *, struct manual *, struct outlet *, struct mqs_error *err);

#endif
