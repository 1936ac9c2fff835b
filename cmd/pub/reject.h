/* pub/reject.h - mq-pub --reject-to: bad records put aside */
#ifndef MQ_CMD_PUB_REJECT_H
#define MQ_CMD_PUB_REJECT_H

#include <stdint.h>

#include "base/bytes.h"
#include "mqspool.h"

struct reject {
	const char	*path;
	int		 fd;
	int		 held;		/* unnamed file with the pieces of a long record; or -1 */
	struct mqs_slice delim;		/* written after each record */
	uint64_t	 count;
};

/* All of these end the tool with 74 when the file can't be written. */
void	reject_open(struct reject *, const char *path, struct mqs_slice delim);
/* Appends a record. */
void	reject_record(struct reject *, struct mqs_slice record);
/* Appends a record that was made into a message; the key and its delimiter may be empty. */
void	reject_message(struct reject *, struct mqs_slice key, struct mqs_slice key_delim,
	    const struct mqs_message *);
/* Keeps a piece of a long record until the record is known to be good or bad. */
void	reject_hold(struct reject *, struct mqs_slice piece);
/* Appends the kept pieces if the record is bad; forgets them. */
void	reject_held(struct reject *, int bad);
/* Makes the file durable and closes it. */
void	reject_close(struct reject *);

#endif
