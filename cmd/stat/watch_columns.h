/* stat/watch_columns.h - the columns of numbers of mq-stat --watch */
#ifndef MQ_CMD_STAT_WATCH_COLUMNS_H
#define MQ_CMD_STAT_WATCH_COLUMNS_H

#include "stat/watch_rows.h"

#define CELL_MAX	24

enum style { PLAIN, BOLD, DIM, TITLE, YELLOW, RED, CYAN };

struct column {
	const char	*title;
	size_t		 width;
	/* Writes what stands there, ages as of now; returns its style. */
	enum style	(*cell)(const struct row *, int64_t now, char text[CELL_MAX]);
};

#define COLUMNS	7
extern const struct column columns[COLUMNS];

#endif
