/*
 * settle_socket_directory.h - where the sockets of consumers are, for their user alone
 *
 * They are in $XDG_RUNTIME_DIR/mq, or, where that variable is not set or names nothing, in
 * /tmp/mq-UID.  The directory must belong to the user and be closed to others (mode 0700),
 * and must be no symbolic link: nobody else can put a socket there, or reach one.
 *
 * Who settles may have another environment than the consumer (cron has no XDG_RUNTIME_DIR),
 * and so looks in /run/user/UID/mq as well.
 */
#ifndef MQS_ENGINE_SETTLE_SOCKET_DIRECTORY_H
#define MQS_ENGINE_SETTLE_SOCKET_DIRECTORY_H

#include <sys/types.h>

#include <limits.h>

#include "mqspool.h"

#define MQS_SETTLE_DIRECTORIES	3	/* where sockets are looked for */

struct mqs_settle_directory {
	char	path[PATH_MAX];
	int	fd;			/* of the directory; close-on-exec */
	uid_t	owner;
};

/*
 * Opens the directory for a consumer, and makes it if it is not there.  MQS_EPERM: what is
 * there is not this user's alone.
 */
int	mqs_settle_directory_make(struct mqs_settle_directory *, struct mqs_error *err);
/*
 * Opens one of the directories where a consumer's socket may be; place is below
 * MQS_SETTLE_DIRECTORIES.  MQS_NOTHING: it is not there.  MQS_EPERM: it is not this user's
 * alone; root may open that of anybody.
 */
int	mqs_settle_directory_find(struct mqs_settle_directory *, unsigned place,
	    struct mqs_error *err);
void	mqs_settle_directory_close(struct mqs_settle_directory *);

#endif
