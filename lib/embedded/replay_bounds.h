/*
 * replay_bounds.h - which messages a reader wants: a part of the log, and what matches
 *
 * The part of the log is bounded by ids and by times.  What matches is one key, or what at
 * least one binding matches.  Where both ids and times, or a key and bindings are given, a
 * message must satisfy both.
 *
 * Times.  An id is never less than the time of its record.  So a search by time starts at
 * the id, and then tests the times of the records.  Ids run a little ahead of the clock in
 * a large batch, and further where the clock was set back: MQS_LOG_BEHIND is the last id of
 * those.  So the last message of a time T has an id of at most T + MQS_LOG_AHEAD_MAX, or
 * MQS_LOG_BEHIND.
 */
#ifndef MQS_EMBEDDED_REPLAY_BOUNDS_H
#define MQS_EMBEDDED_REPLAY_BOUNDS_H

#include "embedded/queue/group_bindings.h"
#include "embedded/queue/log.h"

struct mqs_replay_bounds {
	uint64_t	 first;		/* no message with a lower id is wanted */
	uint64_t	 until_id;	/* last wanted */
	int64_t		 since, until;	/* times; 0: none */
	char		 key[MQS_KEY_MAX];
	size_t		 key_len;
	int		 by_key;	/* only messages of that key */
	struct mqs_bindings bindings;	/* none: all messages */
	int		 all;		/* neither `since', a key nor bindings: all match */
};

/* Takes the bounds from a reader's options; after an error there is nothing to free. */
int	mqs_replay_bounds_of(struct mqs_replay_bounds *, const struct mqs_reader_options *,
	    struct mqs_error *err);
void	mqs_replay_bounds_free(struct mqs_replay_bounds *);

/* 1 if a message is not too early, and matches. */
int	mqs_replay_matches(const struct mqs_replay_bounds *, const struct mqs_message *);
/* The same, at less cost where all do. */
static inline int
mqs_replay_wanted(const struct mqs_replay_bounds *b, const struct mqs_message *m)
{
	return b->all || mqs_replay_matches(b, m);
}
/* 1 if a message is too late by its time. */
static inline int
mqs_replay_late(const struct mqs_replay_bounds *b, const struct mqs_message *m)
{
	return b->until != 0 && m->time >= b->until;
}

#endif
