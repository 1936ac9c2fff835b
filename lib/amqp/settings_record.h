/*
 * settings_record.h - what is known of a queue or group beside what the broker keeps: a record
 *
 * A record is JSON, a message of the stream mq.settings (settings_store.h):
 *
 *	{"queue":"orders","group":"mail","settings":{"lease":"1m"},"bindings":["pattern:eu.#"],
 *	 "was":["key:uk"]}
 *
 *	group		missing: the record is about the queue
 *	settings	those that somebody has set, as text (engine/setting.h)
 *	bindings	of the group, in their text form; none: it gets everything
 *	was		while bindings are being changed: those that it had before
 *	temp		true: the group goes with its consumer
 *	rewind		while a group is being filled anew: from where, "newest" or an offset of the
 *			stream (group_rewind.h)
 *	deleted		true: it is gone, and its record says nothing more
 *	made		true: the queue was made; the record says nothing about its settings
 *
 * Members that are not known are left out of what is written next.
 */
#ifndef MQS_AMQP_SETTINGS_RECORD_H
#define MQS_AMQP_SETTINGS_RECORD_H

#include <jansson.h>

#include "base/bytes.h"
#include "engine/setting.h"
#include "message/bindings.h"

struct mqs_amqp_record {
	char			 queue[MQS_NAME_MAX + 1];
	char			 group[MQS_NAME_MAX + 1];	/* "": it is about the queue */
	json_t			*settings;
	struct mqs_bindings	 bindings, was;
	int			 changing;	/* `was' counts */
	int			 temp;
	char			 rewind[24];	/* "": it is not */
	int			 deleted;
	int			 made;		/* to be written: that it was made, and nothing else */
};

/* An empty record; group may be NULL. */
int	mqs_amqp_record_init(struct mqs_amqp_record *, const char *queue, const char *group,
	    struct mqs_error *err);
void	mqs_amqp_record_free(struct mqs_amqp_record *);

/* Appends it as JSON. */
int	mqs_amqp_record_write(const struct mqs_amqp_record *, struct mqs_buf *,
	    struct mqs_error *err);
/*
 * Reads JSON that is about the same queue or group into it, MQS_OK; MQS_NOTHING: it is about
 * another one.  MQS_EDAMAGED: it is no record.
 */
int	mqs_amqp_record_read(struct mqs_amqp_record *, const void *json, size_t n,
	    struct mqs_error *err);

/*
 * Sets NAME=VALUE, also binding=TEXT, of which all of one call together replace what was there.
 * MQS_ECONFIG; MQS_ENOTSUP: this engine does not have the setting, and the value is not its
 * default.
 */
int	mqs_amqp_record_set(struct mqs_amqp_record *, const char *const *pairs, size_t n,
	    struct mqs_error *err);
/* Calls fn with each setting that this engine has, and each binding. */
int	mqs_amqp_record_each(const struct mqs_amqp_record *, mqs_setting_fn *fn, void *arg,
	    struct mqs_error *err);
/* 1 in *same if a setting has the value that NAME=VALUE would give it. */
int	mqs_amqp_record_same(const struct mqs_amqp_record *, const char *pair, int *same,
	    struct mqs_error *err);
/* Fills in the structure: with what was set, and the defaults. */
int	mqs_amqp_record_group(const struct mqs_amqp_record *, struct mqs_group_settings *,
	    struct mqs_error *err);
int	mqs_amqp_record_queue(const struct mqs_amqp_record *, struct mqs_log_settings *,
	    struct mqs_error *err);

#endif
