/*
 * group_page.h - the status page of a group: GROUP.group.stat
 *
 * The page shows the state of the last commit to processes that do not open the group:
 * publishers that trim or look for room, and mq-stat.  Each commit writes it
 * (queue/group_tx.h).  A consumer that is killed between the commit and the page leaves
 * an old page, so whoever opens the group, and each waiting consumer once a second,
 * refreshes it.  store/status_page.h says how pages are written and believed.
 */
#ifndef MQS_EMBEDDED_QUEUE_GROUP_PAGE_H
#define MQS_EMBEDDED_QUEUE_GROUP_PAGE_H

#include "embedded/queue/group.h"
#include "embedded/store/status_page.h"

/* Fills in a page: the state, and the number of the transaction that it is of. */
void	mqs_group_page_fill(struct mqs_page *, uint64_t tx, const uint64_t *v);
/*
 * Opens the page anew if somebody removed its file; nobody would see what is written to
 * the old one.
 */
int	mqs_group_page_find(struct mqs_group *, struct mqs_error *err);
/* Reads the state from the group's file, and writes the page if it is behind. */
int	mqs_group_refresh(struct mqs_group *, struct mqs_error *err);
/*
 * Reads a group's page by name, without opening the group: MQS_NOTHING if there is none to
 * believe.
 */
int	mqs_group_peek(const struct mqs_dir *, const char *name, uint64_t v[MQS_GROUP_VALUES], struct mqs_error *err);

#endif
