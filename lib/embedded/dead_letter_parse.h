/*
 * dead_letter_parse.h - a dead letter, taken apart
 *
 * What dead_letter_make.c put together: the message that died, with headers that say where and why.
 * Whoever published the message may have given it such headers before (a letter that
 * was copied, say), so the last ones count.
 */
#ifndef MQS_EMBEDDED_DEAD_LETTER_PARSE_H
#define MQS_EMBEDDED_DEAD_LETTER_PARSE_H

#include "base/bytes.h"
#include "mqspool.h"

struct mqs_letter {
	uint64_t	id, lease;	/* its own, in the dead-letter queue */
	uint64_t	original;	/* id of the message that died */
	char		queue[MQS_NAME_MAX + 1];	/* where it died */
	char		group[MQS_NAME_MAX + 1];
	int		leased;		/* the message is out to a consumer of that group */
	int		again;		/* it was held in that group, under a marker there */
	int		done;		/* redriven: to be settled */
};

/*
 * Reads a message as a letter, without its lease: 1, or 0 if it is none.  *reason is
 * borrowed from it, "" if it says none.
 */
int	mqs_letter_read(struct mqs_letter *, const struct mqs_message *, const char **reason);
/* Appends the headers that the message had before it died: 0, or -1 with errno (ENOMEM). */
int	mqs_letter_headers(struct mqs_buf *, const struct mqs_message *);

#endif
