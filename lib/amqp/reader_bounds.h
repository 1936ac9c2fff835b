/*
 * reader_bounds.h - which messages of a stream a reader wants
 *
 * The part of the stream is bounded by places (offsets, of ids that were found) and by times.
 * What matches is one key, or what at least one binding matches.  A message must satisfy all.
 */
#ifndef MQS_AMQP_READER_BOUNDS_H
#define MQS_AMQP_READER_BOUNDS_H

#include <stdint.h>

#include "message/bindings.h"

struct mqs_amqp_bounds {
	int64_t			 first;		/* offset; 0: any */
	int64_t			 last;		/* offset; INT64_MAX: any */
	int64_t			 since, until;	/* times: from, and no longer; 0: none */
	char			 since_id[MQS_ID_SIZE], until_id[MQS_ID_SIZE];	/* ""; none */
	int			 by_key;	/* only messages of that key */
	char			 key[MQS_KEY_MAX];
	size_t			 key_len;
	struct mqs_bindings	 bindings;	/* none: all messages */
};

/* Takes the bounds from a reader's options, which may be NULL; freed in any case. */
int	mqs_amqp_bounds_init(struct mqs_amqp_bounds *, const struct mqs_reader_options *,
	    struct mqs_error *err);
void	mqs_amqp_bounds_free(struct mqs_amqp_bounds *);

/* 1 if a message at that offset is wanted.  time: that of the message, or as good; 0: unknown. */
int	mqs_amqp_bounds_want(const struct mqs_amqp_bounds *, const struct mqs_message *,
	    int64_t offset, int64_t time);

#endif
