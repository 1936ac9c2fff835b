/*
 * envelope.h - a message as one line of JSON, both ways
 *
 * {"id","queue","queue_uuid","group","time","key","headers":{},"priority","attempt",
 *  "receipt","message_id","not_before","expires","body", "body_base64" or "json"}
 *
 * Writing leaves out absent fields and priority 0, but always writes a body.  Reading takes
 * a missing body as empty.
 *
 * id and receipt are strings.  Times are written as RFC 3339 in UTC, with nanoseconds.  On
 * input, a number is seconds since the epoch, and a string may be any point in time that
 * options take, except one relative to now.
 *
 * A header that comes more than once is written where it came first, with an array of its
 * values.  A body that is not UTF-8 is in "body_base64" (RFC 4648, padded).  A body that is
 * JSON may be given as the value of "json".  Its text is kept as it was written, except for
 * white space between tokens.  Such a body is written in this way if the caller asks for it.
 */
#ifndef MQS_MESSAGE_ENVELOPE_H
#define MQS_MESSAGE_ENVELOPE_H

#include "base/bytes.h"
#include "mqspool.h"

/* What an envelope says beside the message itself; NULL fields are left out. */
struct mqs_envelope_place {
	const char	*queue;
	const char	*queue_uuid;	/* as mqs_queue_uuid writes it */
	const char	*group;
	const char	*receipt;
	int		 json;		/* 1: write a body that is JSON as "json", not as text */
};

/*
 * Appends a message as one line, without the newline.  If the body is a file (body_fd), it
 * is read.  For speed, this does not use the JSON library.
 */
int	mqs_envelope_write(struct mqs_buf *, const struct mqs_message *,
	    const struct mqs_envelope_place *, struct mqs_error *err);

/* A parsed envelope.  All pointers are good until it is freed or used for another line. */
struct mqs_envelope {
	struct mqs_message message;	/* what a publisher may send */
	const char	*id, *queue, *queue_uuid, *group, *receipt;	/* NULL if absent */
	int64_t		 time;		/* 0 if absent */
	struct mqs_buf	 store;		/* private: decoded text */
};

/*
 * Parses one line: 0, or MQS_EDATA and what is wrong ("invalid JSON at byte 17: ...";
 * "\"key\" is a number, not a string").  An unknown field is an error.  origin: keep id,
 * queue and time as the headers mq-origin-id, mq-origin-queue and mq-origin-time, unless
 * one of these is there already (then the message is a copy, and they tell of the first of
 * all), or the headers would be too large.  The struct must be zeroed before its first use.
 */
int	mqs_envelope_parse(struct mqs_envelope *, const char *line, size_t n,
	    int origin, struct mqs_error *err);
void	mqs_envelope_free(struct mqs_envelope *);

#endif
