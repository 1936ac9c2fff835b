/*
 * admin_key_index.h - building the index of keys of a queue that has messages, and dropping it
 *
 * The work goes in transactions of bounded size (queue/log_key_index.h).  It is begun by the
 * change of a setting; who is killed in the middle of it leaves it to the next change of a
 * setting, or to mq-ctl trim.
 *
 * Building.  Entries in the order of the messages would each go to a page of their own,
 * wherever their hash leads.  So a chunk of messages is read in a snapshot, sorted by hash in
 * memory (8 MiB), and added in that order: neighbours share their pages.  Messages that were
 * removed since the snapshot are left out.  When all of a chunk was added, the state says so;
 * a crash before that repeats the chunk, and adding an entry again changes nothing.  Two
 * processes that build at the same time do the same work; whoever finds that the state has
 * moved on begins another chunk.
 */
#ifndef MQS_EMBEDDED_ADMIN_KEY_INDEX_H
#define MQS_EMBEDDED_ADMIN_KEY_INDEX_H

#include "embedded/spool.h"

/*
 * Finishes what there is to build or to drop.  MQS_EFULL: so little of the disk is free that
 * publishers would not use it either; what was built stays, and can be gone on with.
 */
int	mqs_admin_key_index(struct mqs_spool *, struct mqs_log *, struct mqs_error *err);
/* MQS_EFULL if the disk has no room for the index of all messages that are retained. */
int	mqs_admin_key_index_fits(const struct mqs_log *, const uint64_t v[MQS_LOG_VALUES],
	    struct mqs_error *err);

#endif
