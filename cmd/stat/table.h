/* stat/table.h - aligned columns of text, buffered until all of it is known */
#ifndef MQ_CMD_STAT_TABLE_H
#define MQ_CMD_STAT_TABLE_H

#include <stdio.h>

#include "stat/long_text.h"

#define TABLE_COLUMNS_MAX	16

struct table_column {
	const char	*title;
	int		 right;		/* align to the right, as numbers are */
};

struct table {
	const struct table_column *columns;
	size_t		 n;		/* columns, at most TABLE_COLUMNS_MAX */
	size_t		 filled;	/* cells so far, titles included */
	size_t		 width[TABLE_COLUMNS_MAX];
	struct long_text cells;		/* each with its NUL */
};

/* Starts a table with its titles; they are borrowed.  Ends the tool without memory. */
void	table_init(struct table *, const struct table_column *, size_t n);
/* Fills the next cell, left to right and line by line; it has no control characters. */
void	table_cell(struct table *, const char *fmt, ...)
	    __attribute__((format(printf, 2, 3)));
/* Prints all whole lines to f, whose errors are left for its owner to check. */
void	table_print(struct table *, FILE *f);
void	table_free(struct table *);

#endif
