/*
 * envelope.h - a message as one line of JSON, both ways
 *
 * {"id","queue","group","time","key","headers":{},"priority","attempt",
 *  "receipt","message_id","not_before","expires","body", "body_base64" or "json"}
 *
 * Absent fields are left out, and priority 0; the body is always written, and empty
 * if absent on input.  id and receipt are strings; times are RFC 3339 strings with
 * nanoseconds in UTC; on input a number is seconds since the epoch, and a string may
 * be any point in time that options take, but not one relative to now.  A header
 * that comes more than once has an array of its values, where it came first.  A body
 * that is not UTF-8 is in body_base64 (RFC 4648, padded).  On input, "json" is a body that
 * is given as the JSON it is: its text, as it was written but for the white space between
 * its tokens.  On output a body that is JSON is shown so if that is asked for.
 */
#ifndef MQS_MESSAGE_ENVELOPE_H
#define MQS_MESSAGE_ENVELOPE_H

#include "base/bytes.h"
#include "mqspool.h"

/* Where a message that is written stands; NULL fields are left out. */
struct mqs_envelope_place {
	const char	*queue;
	const char	*group;
	const char	*receipt;
	int		 json;		/* a body that is JSON as "json", not as text */
};

/*
 * Appends the message as one line, without the newline.  A body in body_fd is
 * read.  Written by hand for speed, not through the JSON library.
 */
int	mqs_envelope_write(struct mqs_buf *, const struct mqs_message *,
	    const struct mqs_envelope_place *, struct mqs_error *err);

/* A parsed envelope; everything is borrowed from it until it is freed or reused. */
struct mqs_envelope {
	struct mqs_message message;	/* what a publisher may send */
	const char	*id, *queue, *group, *receipt;	/* NULL if absent */
	int64_t		 time;		/* 0 if absent */
	struct mqs_buf	 store;		/* private: decoded text */
};

/*
 * Parses one line: 0, or MQS_EDATA with what is wrong and at which byte
 * ("invalid JSON at byte 17: ..."; "\"key\" is a number, not a string").  Unknown
 * fields are an error that names them.  origin: keep id, queue and time as the
 * headers mq-origin-id, mq-origin-queue, mq-origin-time (unless there already).
 * Start with a zeroed struct; it can be used again for the next line.
 */
int	mqs_envelope_parse(struct mqs_envelope *, const char *line, size_t n,
	    int origin, struct mqs_error *err);
void	mqs_envelope_free(struct mqs_envelope *);

#endif
