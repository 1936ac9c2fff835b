/*
 * log_reader.h - reads the messages of a log in order
 *
 * A reader holds one read transaction and one cursor, and uses them again and again.  A
 * record is good until the next call.  At rest, the transaction is reset: LMDB can't use
 * pages again that an open transaction might read, so a reader must rest while it waits for
 * a pipe or a person.  The next call goes on from the same position in a new snapshot.
 * The position is an id, not a place in the tree, so it survives whatever happened in
 * between.
 *
 * Damage costs nothing until it is met.  Each step compares the id, and the ordinal if the
 * record is decoded, with those of the step before.  Only a step that finds them out of
 * order, or finds a record damaged that it has to verify, is repeated by a walk that
 * verifies every record (queue/log_walk.h).  The reader then goes on as usual behind it.
 */
#ifndef MQS_EMBEDDED_QUEUE_LOG_READER_H
#define MQS_EMBEDDED_QUEUE_LOG_READER_H

#include "embedded/queue/log.h"
#include "embedded/queue/log_walk.h"

struct mqs_log_reader {
	struct mqs_log	*log;
	struct mqs_tx	*tx;
	struct mqs_cur	*cur;
	uint64_t	 at;		/* last id given, or next wanted - 1 */
	uint64_t	 ordinal;	/* of `at'; 0: not known */
	int		 placed;	/* the cursor stands on `at' */
	int		 resting;
	int		 closely;	/* walk is in use, and stands on `at' if placed */
	int		 told;		/* what is missing in front of the next one was told */
	struct mqs_walk	 walk;
};

int	mqs_log_reader_init(struct mqs_log_reader *, struct mqs_log *, struct mqs_error *err);
/* The next call of _next gives the first record with an id of at least that. */
void	mqs_log_reader_seek(struct mqs_log_reader *, uint64_t id);
/*
 * MQS_NOTHING at the end of the snapshot.  MQS_EDAMAGED: a damaged message, whose id is `at',
 * or that some are missing; the next call goes on behind that.  Without verify, damage may be
 * noticed only at the message behind it.
 */
int	mqs_log_reader_next(struct mqs_log_reader *, int verify, struct mqs_record *, struct mqs_error *err);
/*
 * The same, as the record lies in the log; then, if need be, decoded, not verified.
 * For who looks at many and needs little of each: see mqs_record_plain.
 */
int	mqs_log_reader_next_raw(struct mqs_log_reader *, uint64_t *id, struct mqs_slice *, struct mqs_error *err);
int	mqs_log_reader_decode(struct mqs_log_reader *, struct mqs_slice, struct mqs_record *, struct mqs_error *err);
/*
 * 1 after MQS_EDAMAGED if it was about messages: the next call goes on behind them.  0: the
 * file is damaged, nothing more can be read.
 */
static inline int
mqs_log_reader_goes_on(const struct mqs_log_reader *r)
{
	return r->placed || r->told;
}
/*
 * From now until the next seek or rest, verifies each record: _next_raw gives damaged ones,
 * too, with the ids that log_walk.h says, and does not mind those that are missing; `walk'
 * tells.
 */
void	mqs_log_reader_look_closely(struct mqs_log_reader *);
/*
 * Exactly that record; fast when it is the next one.  MQS_NOTHING: it is not there any
 * more.  MQS_EDAMAGED also where it should be there and is not: none was removed behind
 * messages that are there.
 */
int	mqs_log_reader_at(struct mqs_log_reader *, uint64_t id, int verify, struct mqs_record *, struct mqs_error *err);
/* The last record below `id' (UINT64_MAX: the last), or MQS_NOTHING. */
int	mqs_log_reader_before(struct mqs_log_reader *, uint64_t id, struct mqs_record *, struct mqs_error *err);
/* Snapshot's state. */
int	mqs_log_reader_state(struct mqs_log_reader *, uint64_t v[MQS_LOG_VALUES], struct mqs_error *err);
void	mqs_log_reader_rest(struct mqs_log_reader *);
void	mqs_log_reader_done(struct mqs_log_reader *);

#endif
