/* common/suggest.h - which of the words that exist is nearest to one that was misspelt */
#ifndef MQ_CMD_COMMON_SUGGEST_H
#define MQ_CMD_COMMON_SUGGEST_H

#include <stddef.h>

#include "mqspool.h"

#define SUGGEST_MAX	MQS_NAME_MAX	/* longer words are not compared; the names of queues are no longer */

/* One search.  suggest_begin, suggest_offer for each word that exists, suggest_text. */
struct suggestion {
	const char	*word;		/* as it was typed; borrowed */
	size_t		 n;
	size_t		 distance;	/* of the nearest */
	char		 nearest[SUGGEST_MAX + 1];
	char		 text[2 * SUGGEST_MAX + 32];
};

void	suggest_begin(struct suggestion *, const char *word, size_t n);
/* The candidate is copied if it is near enough, and nearer than all before. */
void	suggest_offer(struct suggestion *, const char *candidate);
/* "; did you mean PREFIXWORD?", or "" if no word was near enough; borrowed. */
const char *suggest_text(struct suggestion *, const char *prefix);
/* Adds it to an error's text, if all of it has room there. */
void	suggest_append(struct mqs_error *, const char *text);

/*
 * How many insertions, deletions, substitutions and transpositions of neighbours make one word
 * of the other, where no part is edited twice (optimal string alignment).  Letters that differ
 * in case only count as equal.  Both words have at most SUGGEST_MAX bytes.
 */
size_t	suggest_distance(const char *a, size_t na, const char *b, size_t nb);
/* The greatest distance at which a word of n bytes is still taken for a misspelling. */
size_t	suggest_limit(size_t n);

#endif
