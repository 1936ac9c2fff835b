/* stat/watch_layout.h - what of mq-stat --watch a screen of some size has room for */
#ifndef MQ_CMD_STAT_WATCH_LAYOUT_H
#define MQ_CMD_STAT_WATCH_LAYOUT_H

#include "stat/watch_rows.h"

struct layout {
	size_t		 name;			/* columns of the screen for names */
	size_t		 columns;		/* how many of the columns of numbers */
	size_t		 history;		/* how many looks of the trend; 0: none */
	int		 head, titles, foot;	/* whether these lines are shown */
};

/* height: 0 where there is no screen: everything is shown but the trend. */
struct layout	watch_layout(size_t width, size_t height, const struct rows *);

#endif
