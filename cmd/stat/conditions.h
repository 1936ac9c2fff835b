/* stat/conditions.h - the expressions of mq-stat --check and --warn: what must hold */
#ifndef MQ_CMD_STAT_CONDITIONS_H
#define MQ_CMD_STAT_CONDITIONS_H

#include <stddef.h>

#include "base/bytes.h"

enum measure_of { OF_GROUP, OF_QUEUE };
enum measure_unit { COUNT, SECONDS, PER_SECOND };

/* What conditions can be about. */
enum measure_id {
	DEPTH, READY, LEASED, DELAYED, LAG, AGE, CONSUMERS, DEAD, RATE, MEASURES
};

struct measure {
	const char	*name;
	enum measure_of	 of;
	enum measure_unit unit;
};
extern const struct measure measures[MEASURES];

enum comparison { LESS, AT_MOST, MORE, AT_LEAST, EQUAL, UNEQUAL };

struct condition {
	enum measure_id	 measure;
	enum comparison	 comparison;
	double		 value;		/* counts are whole, ages are in seconds */
	int		 critical;	/* of --check; 0: of --warn */
	char		*text;		/* "<5m", as it was given without blanks; owned */
};

struct conditions {
	struct mqs_buf	 bytes;		/* the array below */
	const struct condition *list;
	size_t		 n;
};

/*
 * Adds the conditions of an expression, NAME OP VALUE[,NAME OP VALUE...].  Ends the tool with a
 * message that begins with the option's name if it is malformed.
 */
void	conditions_add(struct conditions *, const char *option, const char *expression,
	    int critical);
/* 1 if there is a condition about a measure. */
int	conditions_about(const struct conditions *, enum measure_id);
int	condition_holds(const struct condition *, double value);
/*
 * Appends the conditions about a measure, of one severity, as a range of the monitoring plugins:
 * "10", "1:", "1:10", "@5:5"; nothing if there are none.
 */
void	conditions_range(const struct conditions *, enum measure_id, int critical,
	    struct mqs_buf *to);
void	conditions_free(struct conditions *);

#endif
