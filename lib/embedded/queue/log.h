/*
 * log.h - the log of a queue: its messages, in log.mdb, and its status page, log.stat
 *
 * Tables of log.mdb (keys compare as bytes; numbers in keys are big-endian,
 * numbers in values little-endian):
 *
 *	main		"format" 4 bytes, "uuid" 16 bytes, "state" (below),
 *			"set:NAME" a setting's text, "segments" (store/lmdb/segments.h)
 *	messages	id -> record (message/record.h); as one with
 *	messages.1 to .9	(queue/log_segment.h)
 *	ids		message id -> id (big-endian, as in keys): deduplication
 *	keys		XXH3-64 of the key, id -> nothing (queue/log_key_index.h)
 *	priority	9 - priority in 1 byte, id -> nothing, for those above 0
 *	tombstones	id -> nothing, for messages that delete their key (compact=key,
 *			queue/log_compaction.h)
 *	markers		UUID of a queue 16, XXH3-64 of a group's name 8, the
 *			group's generation 8, id 8 -> nothing: what became of
 *			that input is in this log (queue/marker.h)
 *
 * "state" is a row of numbers (queue/state_values.h), which enum mqs_log_value names.  The
 * page log.stat shows the same numbers.  They are in the main table because every commit
 * writes a page of that table anyway.
 *
 * Invariants:
 *
 *	- LAST_ID is at least as great as every id in messages.  It is kept in the state,
 *	  which trimming does not delete, so that no id is ever used again.
 *	- Ids and ordinals increase together.
 *	- ORDINAL - REMOVED records are retained.
 *	- While COMPACTED is 0, messages have been removed from the front only: the ordinals of
 *	  the retained records are REMOVED + 1 to ORDINAL, with none left out.
 *	  queue/log_walk.h says what is done where damage has broken that.
 *	- Once COMPACTED is not 0, which stays so, ordinals may be left out anywhere, also at
 *	  the end, and the first may be less than REMOVED + 1.  They still increase.  That
 *	  messages are lost is then known from the number of those retained only.
 *	- Every entry of ids, keys, priority and tombstones names a record that is there.
 *
 * All of this changes in one LMDB transaction (queue/log_tx.h), so a crash leaves the state
 * before or after it.
 */
#ifndef MQS_EMBEDDED_QUEUE_LOG_H
#define MQS_EMBEDDED_QUEUE_LOG_H

#include "embedded/queue/settings.h"
#include "embedded/store/lmdb/cursor.h"
#include "embedded/store/lmdb/entry.h"
#include "embedded/store/queue_dir.h"
#include "embedded/store/status_page.h"
#include "message/record.h"

#define MQS_LOG_FORMAT	1u
#define MQS_LOG_SEGMENTS	10u	/* tables that MQS_LOG_MESSAGES is made of */

/*
 * The ids of a large batch run some ns ahead of the clock.  If an id is further ahead than
 * this, the clock was set back.
 */
#define MQS_LOG_AHEAD_MAX	UINT64_C(10000000)

enum {
	MQS_LOG_MESSAGES = 1,
	MQS_LOG_IDS,
	MQS_LOG_KEYS,
	MQS_LOG_PRIORITY,
	MQS_LOG_MARKERS,
	MQS_LOG_TOMBSTONES
};

enum mqs_log_value {
	MQS_LOG_LAST_ID,	/* highest id ever assigned */
	MQS_LOG_ORDINAL,	/* messages ever appended */
	MQS_LOG_IN_BYTES,	/* of their bodies */
	MQS_LOG_REMOVED,	/* messages removed since */
	MQS_LOG_REMOVED_BYTES,
	MQS_LOG_OLDEST_TIME,	/* of the oldest retained; 0: none */
	MQS_LOG_SETTINGS,	/* counts changes of settings */
	MQS_LOG_DUPLICATES,	/* messages that a message id absorbed */
	MQS_LOG_PAUSED,		/* 1: no group is given anything */
	MQS_LOG_PRIORITISED,	/* last id with a priority above 0; 0: none ever */
	MQS_LOG_ROOM_ORDINAL,	/* up to this ordinal there is room, whatever the groups do */
	MQS_LOG_ROOM_BYTES,	/* and up to so many bytes ever appended */
	MQS_LOG_DROPPED,	/* messages that overflow=drop-oldest removed unsettled */
	MQS_LOG_BEHIND,		/* last id that was ahead of the clock, which had been set back */
	MQS_LOG_KEY_INDEX,	/* enum mqs_key_index: how far the index of keys is */
	MQS_LOG_KEY_INDEX_AT,	/* while it is built: it has the messages up to that id */
	MQS_LOG_KEY_INDEX_END,	/* and those above that id */
	MQS_LOG_COMPACTED,	/* messages that compaction removed, of those removed */
	MQS_LOG_TOMBSTONED,	/* entries of the table tombstones */
	MQS_LOG_COMPACT_AT,	/* compaction was turned on: tombstones are known up to that id, */
	MQS_LOG_COMPACT_END,	/* and must be up to that one */
	MQS_LOG_VALUES
};

struct mqs_log {
	struct mqs_dir	 dir;
	struct mqs_db	*db;
	int		 page;		/* log.stat */
	unsigned char	 uuid[16];
	struct mqs_log_settings settings;
	int		 retain_set;	/* the setting `retain' is stored: not just its default */
	uint64_t	 settings_seen;	/* value of MQS_LOG_SETTINGS that they are of */
	int		 relaxed;	/* how the file commits: a reader may have loaded another setting */
	const struct mqs_options *options;
};

#define MQS_LOG_READONLY	1u	/* for readers that may lack permission to write */
#define MQS_LOG_UNLOCKED	4u	/* for short reads only: see MQS_DB_UNLOCKED */
#define MQS_LOG_NO_WAIT		2u	/* MQS_EBUSY while maintenance has the queue to itself */

/* Opens a queue's log. */
int	mqs_log_open(struct mqs_log **out, const char *spool, const char *queue,
	    const struct mqs_options *, unsigned flags, struct mqs_error *err);
void	mqs_log_close(struct mqs_log *);

/* Reads the state in a transaction. */
int	mqs_log_state(struct mqs_tx *, uint64_t v[MQS_LOG_VALUES], struct mqs_error *err);
/* Says how the database log.mdb in a queue's directory is opened. */
void	mqs_log_spec(struct mqs_db_spec *, const struct mqs_dir *, const struct mqs_options *);
/* Makes the file commit as the setting `sync' says. */
int	mqs_log_relax(struct mqs_log *, struct mqs_error *err);
/* Loads the settings again if they changed: seq is the state's MQS_LOG_SETTINGS. */
int	mqs_log_refresh(struct mqs_log *, struct mqs_tx *, uint64_t seq, struct mqs_error *err);
/* The same in a snapshot of its own, for who does not have a transaction. */
int	mqs_log_refresh_now(struct mqs_log *, struct mqs_error *err);

/*
 * Writes the status page if it is not that of the last commit: nobody has committed since
 * the machine started, or who did was killed before it wrote the page.
 */
int	mqs_log_refresh_page(struct mqs_log *, struct mqs_error *err);

#endif
