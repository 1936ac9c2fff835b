/*
 * settings.h - the settings of queues and groups
 *
 * A setting is stored as text, in the main table of log.mdb or GROUP.group.mdb, under
 * "set:NAME", and only if somebody has set it.  Two tables, one for queues and one for
 * groups, give the name of each setting, its kind, its default, and its place in the
 * structure of parsed values.
 *
 * The schema is the one text that may be long.  What is parsed of it is its hash, by which a
 * publisher sees that it has another one; mqs_settings_schema reads the text.
 */
#ifndef MQS_EMBEDDED_QUEUE_SETTINGS_H
#define MQS_EMBEDDED_QUEUE_SETTINGS_H

#include "embedded/store/lmdb/entry.h"
#include "mqspool.h"

#define MQS_SETTING_TEXT_MAX	1024	/* bytes of a setting's text, with NUL */
#define MQS_SCHEMA_MAX	((size_t)1 << 20)	/* bytes of a schema */

enum mqs_overflow {
	MQS_OVERFLOW_BLOCK,
	MQS_OVERFLOW_REJECT,
	MQS_OVERFLOW_DROP
};

struct mqs_log_settings {
	int64_t		retain;		/* ns; INT64_MAX: for ever */
	uint64_t	retain_bytes;	/* 0: no limit */
	uint64_t	max_message;	/* bytes */
	int64_t		relaxed;	/* sync=relaxed */
	uint64_t	max_messages;	/* unsettled; 0: no limit */
	uint64_t	max_bytes;	/* of their bodies; 0: no limit */
	uint64_t	min_free;	/* bytes of the disk; UINT64_MAX: see mqs_limits_check_disk */
	int64_t		overflow;	/* enum mqs_overflow */
	int64_t		ttl;		/* ns; 0: messages do not expire by themselves */
	int64_t		index;		/* index=key */
	uint64_t	schema;		/* hash of its text; 0: there is none */
	int64_t		compact;	/* compact=key */
	char		dead_letter[MQS_SETTING_TEXT_MAX]; /* "": QUEUE.dead */
	char		description[MQS_SETTING_TEXT_MAX];
};

struct mqs_group_settings {
	int64_t		lease;		/* ns */
	uint64_t	max_attempts;
	int64_t		backoff_min, backoff_max;	/* ns */
	int64_t		ordered;	/* one message of a key at a time */
	uint64_t	max_leased;	/* 0: no limit */
	int64_t		exclusive;	/* one active consumer */
	uint64_t	expires;	/* ns; 0: never */
};

enum mqs_setting_kind {
	MQS_SETTING_DURATION,
	MQS_SETTING_RETAIN,	/* a duration or "forever" */
	MQS_SETTING_RANGE,	/* "1s..5m": two int64_t */
	MQS_SETTING_SIZE,
	MQS_SETTING_LIMIT,	/* a size, or "off" for 0 */
	MQS_SETTING_SPAN,	/* a duration, or "off" for 0 */
	MQS_SETTING_EXPIRES,	/* a duration, or "never" for 0 */
	MQS_SETTING_NUMBER,
	MQS_SETTING_COUNT,	/* a number, or "off" for 0 */
	MQS_SETTING_SWITCH,	/* "on" or "off": an int64_t */
	MQS_SETTING_SYNC,	/* "full" or "relaxed" */
	MQS_SETTING_FREE,	/* a size, or "auto" for UINT64_MAX */
	MQS_SETTING_OVERFLOW,	/* an int64_t: enum mqs_overflow */
	MQS_SETTING_KEY,	/* "off" or "key": an int64_t */
	MQS_SETTING_SCHEMA,	/* JSON, or "": its hash */
	MQS_SETTING_QUEUE,	/* a queue's name, or "" */
	MQS_SETTING_TEXT
};

struct mqs_setting {
	const char		*name;
	enum mqs_setting_kind	 kind;
	size_t			 offset;	/* in the structure above */
	const char		*preset;	/* the default, as text */
	uint64_t		 min, max;	/* of a number, size or duration */
};

/* Both end with name NULL. */
extern const struct mqs_setting mqs_log_setting_table[];
extern const struct mqs_setting mqs_group_setting_table[];

/* Fills in the structure: with the stored values, and defaults for the rest. */
int	mqs_settings_load(const struct mqs_setting *table, struct mqs_tx *,
	    void *structure, struct mqs_error *err);
/* 1 in *is if a setting is stored: somebody has set it, perhaps to its default. */
int	mqs_settings_is_stored(struct mqs_tx *, const char *name, int *is, struct mqs_error *err);
/*
 * Checks and stores n strings NAME=VALUE; MQS_ECONFIG if one is wrong, and which.  An empty
 * VALUE stands for the default.
 */
int	mqs_settings_store(const struct mqs_setting *table, struct mqs_tx *,
	    const char *const *pairs, size_t n, struct mqs_error *err);
/*
 * 1 in *same if a setting has the value that NAME=VALUE would give it.  Errors as from
 * storing.
 */
int	mqs_settings_same(const struct mqs_setting *table, struct mqs_tx *, const char *pair,
	    int *same, struct mqs_error *err);
/* Calls fn with every setting of the table.  If fn returns non-zero, that is returned. */
int	mqs_settings_each(const struct mqs_setting *table, struct mqs_tx *,
	    mqs_setting_fn *fn, void *arg, struct mqs_error *err);

/* The hash of a schema's text; 0 if it is empty. */
uint64_t mqs_settings_schema_hash(const void *text, size_t n);
/* Finds the schema's text in the main table of log.mdb, or MQS_NOTHING. */
int	mqs_settings_schema(struct mqs_tx *, struct mqs_slice *text, struct mqs_error *err);

#endif
