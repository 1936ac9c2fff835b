/*
 * setting.h - the settings of queues and groups, whichever engine keeps them
 *
 * A setting is a text.  Two tables, one for queues and one for groups, give the name of each
 * setting, its kind, its default, and its place in the structure of parsed values.  Which of
 * them an engine honours is its own matter.
 */
#ifndef MQS_ENGINE_SETTING_H
#define MQS_ENGINE_SETTING_H

#include <stddef.h>
#include <stdint.h>

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

/* The setting of that name, which has n bytes; NULL if there is none. */
const struct mqs_setting *mqs_setting_find(const struct mqs_setting *table, const char *name,
	    size_t n);
/* Parses a value into its place in the structure of all settings: 0, or -1 and why not. */
int	mqs_setting_parse(const struct mqs_setting *, const char *text, void *structure,
	    const char **why);
/*
 * Reads NAME=VALUE: which setting it is about, its value (in pair; "" stands for the default),
 * and that parsed.  MQS_EINVAL: not NAME=VALUE; MQS_ECONFIG: there is no such setting, or its
 * value makes no sense.
 */
int	mqs_setting_pair(const struct mqs_setting *table, const char *pair,
	    const struct mqs_setting **s, const char **value, void *structure,
	    struct mqs_error *err);
/* The hash of a schema's text; 0 if it is empty. */
uint64_t mqs_settings_schema_hash(const void *text, size_t n);

#endif
