/*
 * settle.h - settling inside a group's transaction
 *
 * One pass settles any number of deliveries of one group in one transaction.  Dead
 * letters go to another log: they are appended there, each with its marker, in a
 * transaction (several, if they are many) which is committed before the group's.  A
 * crash between the two leaves dead letters whose markers make the repeat settle only.
 *
 * If the dead-letter queue can't be written (full, not permitted), the message is
 * kept: it waits for the longest backoff and is tried again, the other settlings
 * of the pass take effect, and the pass reports the error.
 */
#ifndef MQS_EMBEDDED_SETTLE_H
#define MQS_EMBEDDED_SETTLE_H

#include "embedded/queue/lease_batch.h"
#include "embedded/spool.h"

/* What is wanted of one delivery.  Strings are its own. */
struct mqs_want {
	enum mqs_verb	 verb;
	uint64_t	 id, lease;
	int64_t		 delay;		/* ns; -1: the group's backoff */
	char		*reason, *detail;
	uint64_t	 tag;
	int		 code;		/* result: MQS_OK, MQS_ESTALE, or why it could not die */
};

/*
 * So many large bodies, or bytes of others, of dead letters are committed at once: a
 * transaction is held in memory, and each large body is an open file until then.
 */
#define MQS_PASS_BLOBS	32
#define MQS_PASS_BYTES	(UINT64_C(4) << 20)

struct mqs_pass {
	struct mqs_spool	*spool;
	struct mqs_group	*group;
	struct mqs_group_tx	 gtx;
	struct mqs_log_reader	*reader;	/* of the group's log; borrowed */
	struct mqs_log		*made_in;	/* marked there, it is no dead letter; NULL: nowhere */
	struct mqs_log_tx	 dead;		/* open if dead_log is set */
	struct mqs_log		*dead_log;
	struct mqs_blob		*blobs[MQS_PASS_BLOBS];	/* of dead letters; locked */
	unsigned		 nblobs;
	uint64_t		 dead_bytes;	/* of dead letters not yet committed */
	int			 keep;		/* no dead letters, because of this error: let them wait */
	int			 kept;		/* the last one settled was to die and was kept */
	int			 dead_failed;	/* an error came from the dead-letter queue */
};

/* Begins a pass; the reader must be one of the group's log. */
int	mqs_pass_begin(struct mqs_pass *, struct mqs_spool *, struct mqs_group *,
	    struct mqs_log_reader *, int keep, struct mqs_error *err);
/* Commits dead letters, then the group. */
int	mqs_pass_commit(struct mqs_pass *, struct mqs_error *err);
void	mqs_pass_abort(struct mqs_pass *);
/* Commits the dead letters so far; the next one begins another transaction. */
int	mqs_pass_bury(struct mqs_pass *, struct mqs_error *err);

/* Settles one; an error ends the pass, want->code is about the delivery only. */
int	mqs_pass_settle(struct mqs_pass *, struct mqs_want *, struct mqs_error *err);
/*
 * Entry i of the loaded batch comes back, because its consumer is gone, or its lease:
 * counted if it had started, and then dead-lettered, for that reason, if that was its
 * last attempt.
 */
int	mqs_pass_return(struct mqs_pass *, size_t i, int counted, const char *reason,
	    struct mqs_error *err);
/*
 * Dead-letters a message that `attempts' attempts did not settle; it is in none of the
 * group's tables.
 */
int	mqs_pass_dead(struct mqs_pass *, const struct mqs_entry *, uint64_t attempts,
	    const char *reason, const char *detail, struct mqs_error *err);

int	mqs_want_set(struct mqs_want *, const struct mqs_settlement *, uint64_t id,
	    uint64_t lease, struct mqs_error *err);
void	mqs_want_free(struct mqs_want *);
/* By lease, then id: the order in which settling is cheapest. */
int	mqs_want_compare(const void *, const void *);

#endif
