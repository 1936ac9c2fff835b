/* stat/watch_rows.h - the lines of mq-stat --watch: numbers, rates, and how the depth was */
#ifndef MQ_CMD_STAT_WATCH_ROWS_H
#define MQ_CMD_STAT_WATCH_ROWS_H

#include "base/bytes.h"
#include "mqspool.h"
#include "stat/gather.h"

#define HISTORY_MAX	64	/* looks that are remembered */

enum attention { CALM, WARN, ALARM };

struct row {
	char		 queue[MQS_NAME_MAX + 1];
	char		 group[MQS_NAME_MAX + 1];	/* "": the queue itself */
	uint64_t	 depth, leased, delayed;	/* of a queue: depth is what it retains */
	uint64_t	 letters;	/* of a dead-letter queue: nobody has dealt with these */
	int64_t		 oldest;
	unsigned	 consumers;
	int		 paused;
	double		 rate;		/* published to the queue, settled by the group; or NAN */
	uint64_t	 history[HISTORY_MAX];	/* of depth, the newest last */
	size_t		 looks;		/* of these: how many there were */
};

struct rows {
	struct mqs_buf	 bytes, order_bytes;	/* the arrays below */
	const struct row *list;			/* in the order of names */
	const struct row **order;		/* in the order to show them */
	size_t		 n;
};

/* Makes the rows anew from a look, with the history of the rows that were there. */
void	rows_update(struct rows *, const struct gathered *before, const struct gathered *now);
/* Puts them in order: by name, or the greatest depth first. */
void	rows_sort(struct rows *, int by_depth);
/* ALARM: dead letters; WARN: paused, or nobody consumes what is there. */
enum attention	row_attention(const struct row *);
void	rows_free(struct rows *);

#endif
