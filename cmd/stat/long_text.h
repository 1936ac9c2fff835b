/* stat/long_text.h - text that is gathered before it is printed, however long it gets */
#ifndef MQ_CMD_STAT_LONG_TEXT_H
#define MQ_CMD_STAT_LONG_TEXT_H

#include "base/bytes.h"

struct long_text {
	struct mqs_buf	 last;		/* what is not in the file */
	int		 fd;		/* an unnamed file with what comes before; -1: nothing does */
	size_t		 written;	/* bytes in the file */
	char		*map;		/* of the file; NULL: none */
};

void	long_text_init(struct long_text *);
/* Appends n bytes; a failure ends the tool. */
void	long_text_add(struct long_text *, const void *p, size_t n);
/* All of it, *n bytes, borrowed until the next call; a failure ends the tool. */
const char *long_text_all(struct long_text *, size_t *n);
void	long_text_free(struct long_text *);

#endif
