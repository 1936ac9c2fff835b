/*
 * dead_letter.h - dead letters, as all engines write and read them
 *
 * A dead letter is the message itself, key, headers and body, with headers behind its own
 * that say where it comes from and why it died:
 *
 *	mq-dead-queue, -group	where it died
 *	mq-dead-id		its id there
 *	mq-dead-reason		"exit 1", "rejected", ...
 *	mq-dead-attempts	how many attempts did not settle it
 *	mq-dead-time		when it died, RFC 3339
 *	mq-dead-stderr		the last words of its handler, if it had any
 *
 * Whoever published the message may have given it such headers before (a letter that was
 * copied, say), so the last set counts.
 */
#ifndef MQS_ENGINE_DEAD_LETTER_H
#define MQS_ENGINE_DEAD_LETTER_H

#include "base/bytes.h"
#include "mqspool.h"

#define MQS_DEAD_LETTER_NAME	(MQS_NAME_MAX + 8)

/* Why and where a message died.  Texts are borrowed; those that may be NULL say so. */
struct mqs_death {
	const char	*queue, *group;
	const char	*id;
	const char	*reason;	/* NULL: "failed" */
	const char	*detail;	/* the last words of a handler's stderr; NULL: none */
	uint64_t	 attempts;
	int64_t		 time;		/* ns since the epoch */
};

/*
 * The queue that takes the dead letters of a queue: `configured' (the setting
 * dead-letter), or, if that is "", QUEUE.dead.  1 and its name; 0 if letters stay where
 * they are, so that none goes round for ever: the queue is the one named so, or itself
 * one of dead letters.  The name may be too long for a queue.
 */
int	mqs_dead_letter_queue(const char *queue, const char *configured,
	    char name[MQS_DEAD_LETTER_NAME]);

/*
 * Appends the headers of a dead letter to buf: the message's, then those of its death,
 * made valid.  One that MQS_HEADERS_MAX has no room for is left out.  0, or -1 with errno
 * (ENOMEM).
 */
int	mqs_dead_letter_headers(struct mqs_buf *, const struct mqs_message *,
	    const struct mqs_death *);

/* What a letter's headers say; borrowed from the message. */
struct mqs_dead_letter {
	const char	*queue, *group, *id;
	const char	*reason;	/* "" if it says none */
};

/* Reads a message as a letter: 1, or 0 if it is none. */
int	mqs_dead_letter_read(struct mqs_dead_letter *, const struct mqs_message *);
/* Appends the headers that the message had before it died: 0, or -1 with errno (ENOMEM). */
int	mqs_dead_letter_own_headers(struct mqs_buf *, const struct mqs_message *);

#endif
