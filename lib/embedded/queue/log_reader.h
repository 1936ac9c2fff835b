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
	uint64_t	 at;		/* the position: the id given last, or the next wanted - 1 */
	uint64_t	 ordinal;	/* of `at'; 0: not known */
	int		 placed;	/* the cursor stands at `at' */
	int		 resting;
	int		 gaps;		/* the log was compacted: ordinals are left out */
	int		 closely;	/* records are read through walk, which stands at `at' if placed */
	int		 told;		/* messages missing before the next one have been reported */
	struct mqs_walk	 walk;
};

/* Begins a reader, before the first message. */
int	mqs_log_reader_init(struct mqs_log_reader *, struct mqs_log *, struct mqs_error *err);
/*
 * Moves the position: the next call of _next gives the first record with an id of at least
 * that.
 */
void	mqs_log_reader_seek(struct mqs_log_reader *, uint64_t id);
/*
 * The same for the first record behind a message.  ordinal: of that message, which need not be
 * there any more.  It tells where a damaged record belongs (queue/log_walk.h).
 */
void	mqs_log_reader_seek_behind(struct mqs_log_reader *, uint64_t id, uint64_t ordinal);
/*
 * Gives the next record; MQS_NOTHING at the end of the snapshot.  MQS_EDAMAGED reports a
 * damaged message, whose id is then `at', or missing messages; the next call goes on behind
 * them.  Without verify, damage may be noticed only at the message behind it.
 */
int	mqs_log_reader_next(struct mqs_log_reader *, int verify, struct mqs_record *, struct mqs_error *err);
/*
 * Asked after _next_raw, when it gave the first record behind a seek, or none.  1 if the record
 * before it, if there is one, is intact, with an id up to that.  Else the key of one that belongs
 * behind that id may have been damaged, so that the search went past it.  Only in a log that was
 * compacted do the ordinals not tell that.
 */
int	mqs_log_reader_is_whole_before(struct mqs_log_reader *, uint64_t id);
/*
 * Gives the next record without decoding it, for callers that look at many records and need
 * little of each (see mqs_record_plain).
 */
int	mqs_log_reader_next_raw(struct mqs_log_reader *, uint64_t *id, struct mqs_slice *, struct mqs_error *err);
/* Decodes such a record, without verifying it. */
int	mqs_log_reader_decode(struct mqs_log_reader *, struct mqs_slice, struct mqs_record *, struct mqs_error *err);
/*
 * Asked after MQS_EDAMAGED.  1: messages are damaged or missing, and the next call goes on
 * behind them.  0: the file is damaged, and nothing more can be read.
 */
static inline int
mqs_log_reader_goes_on(const struct mqs_log_reader *r)
{
	return r->placed || r->told;
}
/*
 * Makes the reader verify each record, until the next seek or rest.  _next_raw then gives
 * damaged records as well, with the ids that queue/log_walk.h gives them, and does not stop
 * at missing messages; the caller finds both in `walk'.
 */
void	mqs_log_reader_look_closely(struct mqs_log_reader *);
/*
 * Gives the record with that id, which is fast if it is the next one.  MQS_NOTHING: it was
 * removed.  MQS_EDAMAGED: it is damaged, or it is missing although messages before it are
 * there, and the log was never compacted.
 */
int	mqs_log_reader_at(struct mqs_log_reader *, uint64_t id, int verify, struct mqs_record *, struct mqs_error *err);
/* Gives the last record with an id below `id' (UINT64_MAX: the last of all), or MQS_NOTHING. */
int	mqs_log_reader_before(struct mqs_log_reader *, uint64_t id, struct mqs_record *, struct mqs_error *err);
/* Reads the log's state in the reader's snapshot. */
int	mqs_log_reader_state(struct mqs_log_reader *, uint64_t v[MQS_LOG_VALUES], struct mqs_error *err);
/* Gives up the snapshot; the next call takes another one. */
void	mqs_log_reader_rest(struct mqs_log_reader *);
/* Ends the reader. */
void	mqs_log_reader_done(struct mqs_log_reader *);

#endif
