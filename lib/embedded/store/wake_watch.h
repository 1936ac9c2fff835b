/*
 * wake_watch.h - inotify watches of a queue's status pages, consumers and directory
 *
 * Part of a wake (wake.h), which has the epoll descriptor and the times.
 */
#ifndef MQS_EMBEDDED_STORE_WAKE_WATCH_H
#define MQS_EMBEDDED_STORE_WAKE_WATCH_H

#include <stdint.h>

#include "embedded/store/queue_dir.h"
#include "mqspool.h"

#define MQS_WAKE_LOG	1u	/* log.stat was written */
#define MQS_WAKE_GROUP	2u	/* the group's page was written */
#define MQS_WAKE_OWNER	4u	/* a consumer ended, perhaps */
#define MQS_WAKE_TIME	8u	/* the time that was set has come, or a second went by */
#define MQS_WAKE_GONE	16u	/* the directory was moved or deleted */

#define MQS_WAKE_FIRST	32u	/* this consumer is the first in line now, see wake_line.h */

#define MQS_WATCHES	4	/* the log's page, the group's page, owner/, the directory */
#define MQS_WATCH_PAGE	(MQS_NAME_MAX + sizeof(".group.stat"))

struct mqs_watch {
	unsigned	 what;		/* MQS_WAKE_...; 0: not wanted */
	uint32_t	 mask;
	int		 wd;		/* -1: can't be had now */
	int		 fd;		/* of a folder; -1: the page of that name */
	char		 page[MQS_WATCH_PAGE];
};

struct mqs_watches {
	const struct mqs_dir *dir;	/* outlives the watches */
	int		 epoll, inotify;
	int		 muted;		/* inotify is not in epoll now */
	int		 all;		/* groups: told of by the directory's watch */
	struct mqs_watch watch[MQS_WATCHES];
	unsigned	 missing;	/* MQS_WAKE_... that have no watch */
};

/*
 * Begins to watch, as far as that can be had: inotify's descriptor is added to epoll.
 * group NULL: only the log; "": the pages of all groups.  owners: watch owner/ too.
 */
void	mqs_watches_begin(struct mqs_watches *, const struct mqs_dir *, int epoll,
	    const char *group, int owners);
void	mqs_watches_end(struct mqs_watches *);
/* Sets the watches that are missing, as far as can be. */
void	mqs_watches_set(struct mqs_watches *);
/*
 * What the watches see does not wake until mqs_watches_set, which costs less than taking
 * them back.
 */
void	mqs_watches_mute(struct mqs_watches *);
/* Takes all watches back; nothing is missing meanwhile.  mqs_watches_set sets them again. */
void	mqs_watches_suspend(struct mqs_watches *);
/* Adds what inotify has to tell to a set of MQS_WAKE_...: 0, or -1 and errno. */
int	mqs_watches_take(struct mqs_watches *, unsigned *what);

#endif
