/*
 * dead_letter.h - dead letters: messages that could not be delivered; the same for all engines
 *
 * A dead letter is a copy of the message, with its key, headers and body.  Further headers
 * follow the message's headers and say where and why it died:
 *
 *	mq-dead-queue, -group	where it died
 *	mq-dead-id		its id there
 *	mq-dead-reason		"exit 1", "rejected", ...
 *	mq-dead-attempts	how many attempts did not settle it
 *	mq-dead-time		when it died, RFC 3339
 *	mq-dead-stderr		the last words of its handler, if it had any
 *	mq-dead-headers-dropped	how many of the message's headers, the last ones, there was no
 *				room for; only if there are such
 *
 * A message may have had such headers when it was published, for instance if it is a copy of
 * a dead letter.  So the last set counts.
 */
#ifndef MQS_ENGINE_DEAD_LETTER_H
#define MQS_ENGINE_DEAD_LETTER_H

#include "base/bytes.h"
#include "mqspool.h"

#define MQS_DEAD_LETTER_NAME	(MQS_NAME_MAX + 8)

/* Why and where a message died.  Texts are borrowed; only those marked so may be NULL. */
struct mqs_death {
	const char	*queue, *group;
	const char	*id;
	const char	*reason;	/* NULL: "failed" */
	const char	*detail;	/* the last words of a handler's stderr; NULL: none */
	uint64_t	 attempts;
	int64_t		 time;		/* ns since the epoch */
};

/*
 * Names the queue for the dead letters of a queue: `configured' (the setting dead-letter),
 * or QUEUE.dead if that is "".  Returns 1.  Returns 0 if a message that dies in this queue
 * must stay in it, or it would go round for ever: the queue is its own dead-letter queue, or
 * its name ends in .dead and nothing is configured.  The name may be too long for a queue;
 * the caller checks that.
 */
int	mqs_dead_letter_queue(const char *queue, const char *configured,
	    char name[MQS_DEAD_LETTER_NAME]);

/*
 * Appends the headers of a dead letter to buf: the message's, then those of its death.
 * Texts are made valid UTF-8, and cut at 16 KiB.  Where they would exceed MQS_HEADERS_MAX, the
 * last ones of the message are left out.  0, or -1 with errno (ENOMEM).
 */
int	mqs_dead_letter_headers(struct mqs_buf *, const struct mqs_message *,
	    const struct mqs_death *);

/* What the headers of a dead letter say.  Texts point into the message. */
struct mqs_dead_letter {
	const char	*queue, *group, *id;
	const char	*reason;	/* "" if there is none */
};

/* Reads the headers of a dead letter: 1, or 0 if the message is not one. */
int	mqs_dead_letter_read(struct mqs_dead_letter *, const struct mqs_message *);
/* Appends the headers that the message had before it died: 0, or -1 with errno (ENOMEM). */
int	mqs_dead_letter_own_headers(struct mqs_buf *, const struct mqs_message *);

#endif
