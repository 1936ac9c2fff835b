/*
 * log_walk.h - walking a log whose keys or records may be damaged
 *
 * The usual readers (log_reader.c, log_retention.c) trust the keys as long as ids ascend and
 * ordinals count up by one.  Where they do not, the readers come here.  A walk verifies
 * every record, goes from one to the next by their places in the tree alone, and gives each
 * record an id that is greater than the id before it and less than the id after it:
 *
 *	- an intact record has the id that is its key;
 *	- a record whose checksum does not fit its key is damaged.  If its key lies between
 *	  the ids of its neighbours, the key is its id.  Else the key is out of place.  Its id
 *	  is then the one that its checksum fits, or, where the record is damaged too, the
 *	  first id behind the message before it.
 *
 * At the front of the log no neighbour tells that a key is too low.  As long as no intact
 * record is in front of a damaged one, an id that its checksum fits is therefore preferred to
 * its key.  Where none fits, a reader that knows the ordinal of the place where it begins
 * (mqs_walk_from) learns from the number of removed messages that the record belongs behind
 * that place, and the walk gives it an id there.
 *
 * So each damaged message has an id that no other message has, by which a group can skip it.
 *
 * A search in the tree compares keys, so one key out of place in a page can lead it astray.
 * mqs_walk_from therefore takes the search's answer as a hint: from there it goes back to an
 * intact record below the id wanted, and then forward.
 *
 * As long as messages are removed from the front of the log only, the ordinals of those
 * retained count up by one, from the state's `removed' + 1 to its `ordinal'.  Where an
 * ordinal is left out, messages are missing: that is damage.  Compaction removes messages
 * anywhere.  In a log that was ever compacted no message is missing, as far as a walk knows.
 */
#ifndef MQS_EMBEDDED_QUEUE_LOG_WALK_H
#define MQS_EMBEDDED_QUEUE_LOG_WALK_H

#include "base/bytes.h"
#include "embedded/store/lmdb/cursor.h"

#define MQS_WALK_GAPS	UINT64_MAX	/* ordinals may be left out: the log was compacted */

struct mqs_walk {
	struct mqs_cur	*cur;		/* of the messages; borrowed */
	uint64_t	 last_id;	/* the log's state: highest id, messages ever appended, */
	uint64_t	 appended;
	uint64_t	 removed;	/* and removed; or MQS_WALK_GAPS */
	/* The record at which the walk stands. */
	uint64_t	 id, key;
	uint64_t	 ordinal;	/* if it is damaged: one more than the ordinal before */
	struct mqs_slice value;
	int		 bad;		/* it is damaged */
	/* Messages with a greater ordinal than `passed' have ids above passed_id; 0: not known. */
	uint64_t	 passed, passed_id;
	uint64_t	 before;	/* id of the record before it; 0: it is the first */
	uint64_t	 missing;	/* messages missing between the two */
	/* Private. */
	uint64_t	 after;		/* id of the next intact record, where damaged are in front of it */
	size_t		 damaged;	/* how many, with this one */
	int		 begun;
	int		 anchored;	/* it has come to an intact record */
};

/* Begins a walk in front of the first record.  removed may be MQS_WALK_GAPS. */
void	mqs_walk_begin(struct mqs_walk *, struct mqs_cur *, uint64_t last_id, uint64_t appended,
	    uint64_t removed);
/*
 * Goes to the next record.  MQS_NOTHING at the end: then `before' is the id of the last
 * record, and `missing' is how many messages are missing behind it.
 */
int	mqs_walk_next(struct mqs_walk *, struct mqs_error *err);
/*
 * Goes to the first record with an id of at least that; MQS_NOTHING as above.  ordinal: that of
 * the last message below that id, or 0 if it is not known.
 */
int	mqs_walk_from(struct mqs_walk *, uint64_t id, uint64_t ordinal, struct mqs_error *err);
/* Reports what is wrong with the damaged record at which the walk stands: MQS_EDAMAGED. */
int	mqs_walk_tell_damage(const struct mqs_walk *, const char *queue, struct mqs_error *err);
/* Reports which messages are missing before that record, or at the end: MQS_EDAMAGED. */
int	mqs_walk_tell_missing(const struct mqs_walk *, const char *queue, struct mqs_error *err);

#endif
