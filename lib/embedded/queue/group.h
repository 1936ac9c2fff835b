/*
 * group.h - the state of a group: GROUP.group.mdb and GROUP.group.stat
 *
 * Tables of GROUP.group.mdb (numbers as in embedded/queue/log.h):
 *
 *	main		"format" 4 bytes, "log" the log's UUID, "state" (below),
 *			"set:NAME" a setting's text
 *	bindings	number -> a binding (embedded/queue/group_bindings.h)
 *	batch		lease -> what was handed out together; never changes
 *	lease		lease -> its changing state (embedded/queue/lease_batch.h)
 *	first		id of a batch's first message, lease -> nothing
 *	extended	lease, id -> due, of messages that were given more time
 *	held		id -> class 1, sort key 8, varints: attempts * 16 + priority,
 *			size; then the hash of its key 8, if it is in an order
 *	order		class 1, sort key 8 (big-endian), id -> nothing
 *	busy		hash of a key -> id of its message that is out (embedded/queue/group_key_order.h)
 *	markers		as in the log: what became of that dead letter is in this
 *			group (embedded/redrive_return.h)
 *
 * Every message that was published is, for a group, in one of these places:
 * beyond the cursor (not looked at yet); in a batch with its bit clear (leased);
 * in held (class waiting: sorted by when it is due; ready: sorted by 9 -
 * priority; parked: by the hash of its key, see embedded/queue/group_key_order.h); or in none (settled).
 * One that is held as skipped is settled, though the cursor has yet to come to it.
 *
 * The floor, below which everything is settled, is the least of cursor + 1, the
 * first entry of first, and the first of held: no scan.  It is computed at each
 * commit, stored with the state, and shown on the page.  durable_floor is the
 * floor of the commit before, or this one's if that is less: since each commit flushes
 * what the one before wrote (MDB_NOMETASYNC), no crash brings back anything below it.
 *
 * A crash of a transaction leaves the state before it; power loss may undo the
 * last commit, which redelivers what it settled.
 */
#ifndef MQS_EMBEDDED_QUEUE_GROUP_H
#define MQS_EMBEDDED_QUEUE_GROUP_H

#include "embedded/queue/group_bindings.h"
#include "embedded/queue/log.h"

#define MQS_GROUP_FORMAT	1u

enum {
	MQS_GROUP_BINDINGS = 1,
	MQS_GROUP_BATCH,
	MQS_GROUP_LEASE,
	MQS_GROUP_FIRST,
	MQS_GROUP_EXTENDED,
	MQS_GROUP_HELD,
	MQS_GROUP_ORDER,
	MQS_GROUP_BUSY,
	MQS_GROUP_MARKERS
};

enum mqs_group_value {
	MQS_GROUP_FLOOR,
	MQS_GROUP_DURABLE_FLOOR,
	MQS_GROUP_GENERATION,	/* when it was made, in ns; rewinds add 1 */
	MQS_GROUP_CURSOR,	/* id up to which all was looked at */
	MQS_GROUP_ORDINAL,	/* of the cursor */
	MQS_GROUP_BYTES,	/* appended up to the cursor */
	MQS_GROUP_LAST_LEASE,
	MQS_GROUP_LEASED,	/* messages under a lease */
	MQS_GROUP_LEASED_BYTES,
	MQS_GROUP_WAITING,	/* messages held, by class */
	MQS_GROUP_READY,
	MQS_GROUP_PARKED,
	MQS_GROUP_HELD_BYTES,
	MQS_GROUP_NEXT_DUE,	/* wall clock, of the first waiting; 0: none */
	MQS_GROUP_SETTINGS,	/* counts changes of settings */
	MQS_GROUP_DELIVERED,	/* ever */
	MQS_GROUP_ACKED,
	MQS_GROUP_RETRIED,
	MQS_GROUP_RELEASED,
	MQS_GROUP_REJECTED,
	MQS_GROUP_DEAD,
	MQS_GROUP_EXPIRED,
	MQS_GROUP_DROPPED,	/* removed from the log before it was settled */
	MQS_GROUP_CURSORS,	/* of priorities 1 to 9: ids up to which all of them were looked at */
	MQS_GROUP_PRIORITISED = MQS_GROUP_CURSORS + 9,	/* the log's when those were at its end */
	MQS_GROUP_AHEAD,	/* messages of a priority looked at beyond the cursor */
	MQS_GROUP_AHEAD_BYTES,
	MQS_GROUP_SKIPPED,	/* held as skipped: settled beyond the cursor */
	MQS_GROUP_FILTERED,	/* ever passed because no binding matched */
	MQS_GROUP_DIGEST,	/* of the bindings; 0: none, so that everything matches */
	MQS_GROUP_PAUSED,	/* 1: nothing is given out */
	MQS_GROUP_ACTIVE,	/* exclusive: owner that is the active consumer; 0: none */
	MQS_GROUP_ACTIVE_BOOT,
	MQS_GROUP_TEMP,		/* owner with which the group goes; 0: it stays */
	MQS_GROUP_TEMP_BOOT,
	MQS_GROUP_USED,		/* wall clock of a consumer's last commit */
	MQS_GROUP_EXPIRES,	/* the setting, for those who read the page; ns, 0: never */
	MQS_GROUP_VALUES
};

/* Classes of held messages. */
enum mqs_class {
	MQS_WAITING = 1,
	MQS_READY = 2,
	MQS_PARKED = 3,
	MQS_SKIPPED = 4		/* settled; the cursor has yet to come to it */
};

struct mqs_group {
	struct mqs_log	*log;		/* borrowed */
	char		 name[MQS_NAME_MAX + 1];
	struct mqs_db	*db;
	int		 page;
	struct mqs_group_settings settings;
	struct mqs_bindings bindings;
	uint64_t	 settings_seen;	/* value of MQS_GROUP_SETTINGS that both are of */
	uint64_t	 generation_synced;	/* a generation that no crash can undo; 0: none known */
};

/* Where a new group starts. */
struct mqs_start {
	enum {
		MQS_START_OLDEST,
		MQS_START_NEWEST,
		MQS_START_ID,
		MQS_START_TIME,
		MQS_START_LAST	/* before the last so many messages */
	} at;
	uint64_t	id;
	int64_t		time;
	uint64_t	last;
};

#define MQS_GROUP_FILE	(MQS_NAME_MAX + 16)

/* The name of a file of a group: "mdb", "mdb-lock" or "stat". */
void	mqs_group_file(char buf[MQS_GROUP_FILE], const char *group, const char *ending);
/* How its file is to be opened; label is what messages begin with. */
void	mqs_group_spec(struct mqs_db_spec *, const struct mqs_log *, const char *file, const char *label);
/* The number that owners of a group share in the upper half of their names. */
uint32_t mqs_group_owner_family(const char *group);

/* Opens a group and refreshes its page.  MQS_ENOENT: there is none. */
int	mqs_group_open(struct mqs_group **out, struct mqs_log *, const char *name, struct mqs_error *err);
void	mqs_group_close(struct mqs_group *);
/*
 * Fills in the cursor, its ordinal and bytes, and the cursors of the priorities: of a
 * group that looks next at the message that the start says.
 */
int	mqs_group_place(struct mqs_log *, const struct mqs_start *, uint64_t v[MQS_GROUP_VALUES], struct mqs_error *err);
/* Removes a group's files.  Call it under the log's write lock; and _unlink with the gate held. */
int	mqs_group_unlink(struct mqs_log *, const char *name, struct mqs_error *err);
int	mqs_group_delete(struct mqs_log *, const char *name, struct mqs_error *err);
/* Moves all cursors before the oldest message, or to the end, of a log in that state. */
void	mqs_group_to_oldest(uint64_t v[MQS_GROUP_VALUES], const uint64_t lv[MQS_LOG_VALUES]);
void	mqs_group_to_end(uint64_t v[MQS_GROUP_VALUES], const uint64_t lv[MQS_LOG_VALUES]);
/* The state, in a snapshot of its own. */
int	mqs_group_state(struct mqs_group *, uint64_t v[MQS_GROUP_VALUES], struct mqs_error *err);
/*
 * MQS_OK if that generation was committed and no crash can undo it, for which the group is
 * synced if need be (once for each generation); MQS_NOTHING if it was not committed.
 */
int	mqs_group_generation_stands(struct mqs_group *, uint64_t generation, struct mqs_error *err);
/* The state in a transaction. */
int	mqs_group_read(struct mqs_tx *, uint64_t v[MQS_GROUP_VALUES], struct mqs_error *err);
/*
 * 1 if the group knows what the log, whose state is not older, does not: it is beside a log
 * that was restored from a copy, or rolled back.
 */
int	mqs_group_ahead(const uint64_t v[MQS_GROUP_VALUES], const uint64_t lv[MQS_LOG_VALUES]);
/* Messages that are beyond the cursor, by the group's state and the log's. */
uint64_t mqs_group_unlooked(const uint64_t v[MQS_GROUP_VALUES], const uint64_t lv[MQS_LOG_VALUES]);
/* Messages that the group has yet to settle. */
uint64_t mqs_group_unsettled(const uint64_t v[MQS_GROUP_VALUES], const uint64_t lv[MQS_LOG_VALUES]);
/* The bytes of their bodies. */
uint64_t mqs_group_unsettled_bytes(const uint64_t v[MQS_GROUP_VALUES], const uint64_t lv[MQS_LOG_VALUES]);
/* Reads the state and writes the page from it, if that is behind. */
int	mqs_group_refresh(struct mqs_group *, struct mqs_error *err);
/* A group's page by name, without opening it: MQS_NOTHING if there is none to believe. */
int	mqs_group_peek(const struct mqs_dir *, const char *name, uint64_t v[MQS_GROUP_VALUES], struct mqs_error *err);

struct mqs_batch;

/* A writing transaction. */
struct mqs_group_tx {
	struct mqs_group *group;
	struct mqs_tx	*tx;
	uint64_t	 v[MQS_GROUP_VALUES];
	struct mqs_batch *batch;	/* the one that is loaded; embedded/queue/lease_batch.h */
};

int	mqs_group_begin(struct mqs_group_tx *, struct mqs_group *, struct mqs_error *err);
int	mqs_group_commit(struct mqs_group_tx *, struct mqs_error *err);
/*
 * The same for a state whose floor may be lower than before: called with the log's write
 * lock held, so that nothing is trimmed meanwhile.  The page is lowered first, and
 * synced; on return 0 the group is synced as well.
 */
int	mqs_group_commit_lower(struct mqs_group_tx *, struct mqs_error *err);
void	mqs_group_abort(struct mqs_group_tx *);

/* What a group keeps of a message that it has looked at and not settled. */
struct mqs_entry {
	uint64_t	id, size;
	uint64_t	key;		/* hash of its key, in an ordered group; else 0 */
	uint32_t	attempts;	/* before this delivery */
	uint32_t	priority;
};

/* Held messages. */
struct mqs_held {
	struct mqs_entry entry;
	enum mqs_class	class;
	uint64_t	sort;
};

int	mqs_group_hold(struct mqs_group_tx *, const struct mqs_held *, struct mqs_error *err);
int	mqs_group_unhold(struct mqs_group_tx *, const struct mqs_held *, struct mqs_error *err);
/* The same as ready, in the place that its priority gives it. */
int	mqs_group_hold_ready(struct mqs_group_tx *, const struct mqs_entry *, struct mqs_error *err);
/* The first of a class, in its order: MQS_NOTHING if there is none. */
int	mqs_group_first_held(struct mqs_group_tx *, enum mqs_class, struct mqs_held *, struct mqs_error *err);
/* The first of a class with that sort key. */
int	mqs_group_held_with(struct mqs_group_tx *, enum mqs_class, uint64_t sort, struct mqs_held *, struct mqs_error *err);
/* A held message by its id. */
int	mqs_group_held(struct mqs_group_tx *, uint64_t id, struct mqs_held *, struct mqs_error *err);
/* Takes a held entry apart. */
int	mqs_held_decode(struct mqs_held *, uint64_t id, struct mqs_slice value, struct mqs_error *err);

#endif
