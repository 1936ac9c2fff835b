/* pub/batch.h - messages that mq-pub has collected and not yet published */
#ifndef MQ_CMD_PUB_BATCH_H
#define MQ_CMD_PUB_BATCH_H

#include "base/bytes.h"
#include "mqspool.h"
#include "pub/refused.h"

enum pub_print {
	PRINT_NOTHING,
	PRINT_IDS,
	PRINT_RECEIPTS
};

struct batch {
	struct mqs_publisher *publisher;
	const char	*queue;
	enum pub_print	 print;
	int		 atomic;	/* one flush, at the end of the input */
	int		 single;	/* of one message, which any engine stores whole or not at all */
	int		 mandatory;	/* some group must get each message */
	int		 mirror;	/* messages are copies */
	int64_t		 wait;		/* while the queue is full, ns; -1: for ever */
	char		*kept;		/* copies, valid until the next flush */
	size_t		 kept_size, kept_used;
	struct mqs_buf	 out;		/* to print when the batch is durable */
	int		 out_failed;	/* no memory for out */
	uint64_t	 published;	/* messages that are durable */
	uint64_t	 passed_over;	/* records that were not to be published */
	size_t		 before_gap;	/* messages of this flush that are stored, up to the first that is not */
	int		 gap;		/* there was one that is not */
	uint64_t	 passed_now;	/* of these: since the last message was added */
	struct mqs_buf	 passes;	/* of these: before which messages of the batch */
	size_t		 passes_at;
	uint64_t	 number;	/* of the record that is added next, */
	struct mqs_slice line;		/* and, if it is an envelope, its text */
	struct refused	 refused;
	/* Ends the tool because of a record that broke the schema: does not return. */
	void		(*bad)(void *arg, uint64_t number, const char *why);
	void		*bad_arg;
};

/*
 * Opens the queue; ends the tool on failure.  The caller has set print, atomic, mandatory,
 * mirror, wait and bad, of refused the first three members, and the rest to 0.
 */
void	batch_open(struct batch *, struct mqs_spool *, const char *queue);
/*
 * Has each flush fail unless the last message, of the queue or of a key (not NULL), is that
 * one, or what the flush before has published.
 */
void	batch_expect(struct batch *, const char *id, const char *key);
/*
 * Adds a message: 0, MQS_EBUSY if the batch must be flushed first, or MQS_EDATA and the
 * reason.  With keep it is copied; else its bytes must stay until the flush.  receipt (or
 * NULL) is printed once the message is durable.  Any other error ends the tool.
 */
int	batch_add(struct batch *, const struct mqs_message *, int keep,
	    const char *receipt, struct mqs_error *err);
/*
 * A record that is not to be published, since it is durable where it came from.  In its place
 * in the output, its receipt is printed, or "-" where its id would be.
 */
void	batch_pass_over(struct batch *, const char *receipt);
/* A copy of n bytes that stays until the next flush; NULL: flush first. */
char	*batch_keep(struct batch *, const void *p, size_t n);
/* Publishes what was added, and prints its ids or receipts; ends the tool on failure. */
void	batch_flush(struct batch *);
/* Ends the tool because of an error, saying what was published before. */
void	batch_fail(const struct batch *, const struct mqs_error *err)
	    __attribute__((noreturn));
/* Says how many messages the queue dropped, if any. */
void	batch_tell_dropped(const struct batch *);
void	batch_close(struct batch *);

#endif
