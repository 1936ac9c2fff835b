/*
 * salvage_main_table.h - UUID, settings and numbers of a damaged log, as far as they are known
 *
 * They stand in the main table, of which the newest root is chosen (page_scan_root.h).  Where no
 * root of it is intact, UUID and settings are those that stand in one page with the newest
 * state.  The page log.stat tells the numbers of the last commit, too; it may know a later
 * one than the root.
 */
#ifndef MQS_EMBEDDED_SALVAGE_MAIN_TABLE_H
#define MQS_EMBEDDED_SALVAGE_MAIN_TABLE_H

#include "base/bytes.h"
#include "embedded/queue/log.h"
#include "embedded/store/lmdb/page_scan_root.h"

struct mqs_salvage_main {
	struct mqs_page_choice root;
	int		 whole;		/* all entries from that root */
	int		 is_group;	/* it is that of a group */
	int		 has_uuid;
	unsigned char	 uuid[16];
	int		 has_state;
	uint64_t	 v[MQS_LOG_VALUES];	/* the newest numbers that were found */
	uint64_t	 root_v[MQS_LOG_VALUES];	/* those of the root; zeros: none */
	uint64_t	 hidden_from;	/* from that root: messages with ids below it had been removed */
	uint64_t	 stat_commit;	/* the commit that log.stat is of; 0: it can't be read */
	struct mqs_buf	 settings;	/* NAME=VALUE, each with its NUL */
	uint64_t	 settings_seen;	/* MQS_LOG_SETTINGS of when they were so */
	/* The page that is being read, where no tree leads to it. */
	uint64_t	 page;
	int		 page_is_newest;	/* its state is the newest so far */
	struct mqs_buf	 page_settings;
	struct mqs_page_scan *scan;
	/* Is told what is damaged, one line each. */
	void		(*tell)(void *arg, const char *fmt, ...)
			    __attribute__((format(printf, 2, 3)));
	void		*tell_arg;
};

/*
 * Chooses the root and reads the table.  The struct must be zeros but for `tell'.  Call
 * mqs_salvage_main_free in any case.
 */
int	mqs_salvage_main_read(struct mqs_salvage_main *, struct mqs_page_scan *, struct mqs_error *err);
void	mqs_salvage_main_free(struct mqs_salvage_main *);
/* Takes what may be an entry of the table in a page to which no tree leads. */
int	mqs_salvage_main_lost(struct mqs_salvage_main *, const struct mqs_page_entry *);
/* Takes the numbers of log.stat. */
void	mqs_salvage_main_stat(struct mqs_salvage_main *, const struct mqs_page *);
/* 1 if the root may not be that of the last commit. */
int	mqs_salvage_main_is_old(const struct mqs_salvage_main *);
/* Tells what that means; name is the file's. */
void	mqs_salvage_main_tell(const struct mqs_salvage_main *, const char *name);

#endif
