/* stat/watch_draw.h - one picture of mq-stat --watch, as text */
#ifndef MQ_CMD_STAT_WATCH_DRAW_H
#define MQ_CMD_STAT_WATCH_DRAW_H

#include "base/bytes.h"
#include "stat/watch_rows.h"

struct picture {
	size_t		 width, height;	/* of the screen; height 0: no screen, lines that follow others */
	int		 colour, utf8, by_depth;
	int64_t		 now, interval;
	const char	*spool;
	const char	*message;	/* what could not be looked at; or "" */
};

/*
 * Appends the picture: for a screen from its upper left corner on, over what was there, no line
 * longer than it is wide, and as many lines as it has at the most; else plain lines.
 */
void	watch_draw(const struct picture *, const struct rows *, struct mqs_buf *to);

#endif
