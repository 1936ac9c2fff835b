/* pub/reject.h - bad records put aside: mq-pub --reject-to */
#ifndef MQ_CMD_PUB_REJECT_H
#define MQ_CMD_PUB_REJECT_H

#include <stdint.h>

#include "base/bytes.h"

struct reject {
	const char	*path;
	int		 fd;
	int		 held;		/* unnamed file with a record that comes in pieces; -1 */
	struct mqs_slice delim;		/* written after each record */
	uint64_t	 count;
};

/* All of these end the tool with 74 when the file can't be written. */
void	reject_open(struct reject *, const char *path, struct mqs_slice delim);
/* Appends a record. */
void	reject_record(struct reject *, struct mqs_slice record);
/* Puts a piece of a long record aside, until it is known to be good or bad. */
void	reject_hold(struct reject *, struct mqs_slice piece);
/* Appends what was held (bad), or forgets it (good). */
void	reject_held(struct reject *, int bad);
/* Makes all of it durable. */
void	reject_close(struct reject *);

#endif
