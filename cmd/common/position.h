/* common/position.h - a place in a queue as people write it: an id, or a time */
#ifndef MQ_CMD_COMMON_POSITION_H
#define MQ_CMD_COMMON_POSITION_H

#include <stdint.h>

struct position {
	const char	*id;	/* NULL: a time.  Borrowed from the argument */
	uint64_t	 number; /* the id as a number, if it counts ns since the epoch; else 0 */
	int64_t		 time;	/* ns since the epoch, at least 1; 0: an id */
};

/*
 * Takes an option's argument.  Nothing but digits, 15 or more of them, is an
 * id (no way of writing a time looks like that).  All else that is no time may still be
 * an id of the spool's engine: position_check, which open_spool calls, ends the tool
 * with 64 if it is none, and names the option.
 */
struct position	arg_position(const char *option, const char *s);
struct mqs_spool;
void	position_check(const struct mqs_spool *);
/*
 * A place to begin at, as the library takes it: "oldest", "newest" or an id in *where,
 * which is borrowed from the argument; or a time.
 */
void	arg_place(const char *option, const char *s, const char **where, int64_t *time);

#endif
